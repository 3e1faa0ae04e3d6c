"""Before a training: uploaded data looked at, a spec proposed and checked; answers are compared with the document."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from PIL import Image

from models.spec import load_spec
from models.spec.yaml_text import load_document

RNG = np.random.default_rng(2)
ROWS = 120


def penguins() -> str:
    """Three kinds by their bill, an id, a copy of the kind, gaps, a rare island, and one row without a kind."""
    lines = ["ring_id,bill,island,code,kind"]
    ids = RNG.permutation(ROWS) + 5000
    for row in range(ROWS):
        kind = row % 3
        bill = "" if row % 20 == 7 else f"{40 + 5 * kind + RNG.normal():.1f}"
        island = "Torgersen" if row == 50 else ["Biscoe", "Dream"][int(RNG.integers(2))]
        lines.append(f"{ids[row]},{bill},{island},{'pqr'[kind]},{['Adelie', 'Chinstrap', 'Gentoo'][kind]}")
    return "\n".join([*lines, "6000,41.0,Dream,p,"]) + "\n"


def picture(side: int, level: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((side, side), level, np.uint8)).save(file, "png")
    return file.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def images(folder: str = "pets/") -> bytes:
    classes = {f"{folder}{name}/{index}.png": picture(16, 40 * index) for name in ("cat", "dog") for index in range(5)}
    return zipped({f"{folder}readme.txt": b"hello", "__MACOSX/pets/cat/._1.png": b"junk", **classes})


def uploaded(client, name: str, data: str | bytes) -> str:
    answer = client.post("/v1/datasets", query_string={"name": name}, data=data)
    assert answer.status_code == 201, answer.json
    return str(answer.json["source"])


def previewed(client, name: str, data: str | bytes, **query: str) -> dict[str, Any]:
    reference = uploaded(client, name, data).removeprefix("dataset://")
    answer = client.get(f"/v1/datasets/{reference}/preview", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json


def proposed(client, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/specs/propose", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_table_is_previewed_column_by_column(client) -> None:
    """Kinds, gaps, ranges, classes with counts; ids and copies of the target are named."""
    found = previewed(client, "penguins.csv", penguins(), target="kind")
    columns = {column["name"]: column for column in found["columns"]}
    assert {name: column["kind"] for name, column in columns.items()} == {
        "ring_id": "number", "bill": "number", "island": "category", "code": "category", "kind": "category",
    }  # fmt: skip
    assert (columns["bill"]["gaps"], columns["kind"]["gaps"], found["rows"]) == (6, 1, ROWS + 1)
    assert sum(columns["bill"]["range"]["counts"]) == ROWS + 1 - 6
    assert columns["ring_id"]["left_out"] == "it is an id: every row has another whole number"
    assert found["classes"] == [{"name": name, "rows": 40} for name in ("Adelie", "Chinstrap", "Gentoo")]
    said = " ".join(found["warnings"])
    assert "'code' alone predicts the target" in said
    assert "'kind' has no value in 1 of 121 rows" in said
    assert found["choices"] == list(columns)


SEMICOLONS = "size;kind\n" + "".join(f"{row % 7},5;{'ab'[row % 2]}\n" for row in range(20))
AMBIGUOUS = "size;kind,more\n" + "".join(f"{row % 7};{'ab'[row % 2]},1\n" for row in range(20))


def test_how_a_file_of_text_is_read_is_told_and_can_be_said(client) -> None:
    """Found by itself where it is certain; said, it stands in the proposed spec too, which is read the same way."""
    found = previewed(client, "a.csv", SEMICOLONS)
    assert found["csv"] == {"separator": ";", "decimal": ",", "encoding": "utf-8", "header": True}
    assert [column["kind"] for column in found["columns"]] == ["number", "category"]
    reference = uploaded(client, "b.csv", AMBIGUOUS)
    path = f"/v1/datasets/{reference.removeprefix('dataset://')}/preview"
    refused = client.get(path)
    assert (refused.status_code, "data.csv.separator" in refused.json["error"]) == (400, True)
    said = client.get(path, query_string={"separator": ";"}).json
    assert ([column["name"] for column in said["columns"]], said["csv"]["separator"]) == (["size", "kind,more"], ";")
    spec = proposed(client, source=reference, csv={"separator": ";", "decimal": "."})
    assert spec["spec"]["data"]["csv"] == {"separator": ";", "decimal": "."}
    checked = client.post("/v1/specs/check", data=spec["text"], content_type="application/yaml")
    assert checked.status_code == 200, checked.json


def test_a_file_without_names_and_in_another_encoding_is_previewed(client) -> None:
    """Its columns are numbered; what is not in the encoding is refused by that word."""
    rows = "".join(f"{row % 7}.5,{'Zürich' if row % 2 else 'Genf'}\n" for row in range(20)).encode("windows-1252")
    reference = uploaded(client, "c.csv", rows)
    path = f"/v1/datasets/{reference.removeprefix('dataset://')}/preview"
    assert "data.csv.encoding" in client.get(path, query_string={"header": "false"}).json["error"]
    found = client.get(path, query_string={"header": "false", "encoding": "windows-1252"}).json
    assert (found["csv"]["header"], found["csv"]["encoding"], found["rows"]) == (False, "windows-1252", 20)
    assert [one["name"] for one in found["classes"]] == ["Genf", "Zürich"]
    spec = proposed(client, source=reference, csv={"header": False, "encoding": "windows-1252"})["spec"]
    assert load_spec(spec).data.dialect.header is False


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"separator": "ab"}, "separator"),
        ({"decimal": ";"}, "one of ., ,"),
        ({"header": "maybe"}, "true or false"),
        ({"encoding": "no-such"}, "an encoding of text"),
        ({"separators": ";"}, "separators"),
    ],
)
def test_unusual_words_about_a_file_of_text_are_refused_by_name(client, query, said) -> None:
    """In the query of a preview and in the body of a proposal alike."""
    source = uploaded(client, "a.csv", SEMICOLONS)
    answer = client.get(f"/v1/datasets/{source.removeprefix('dataset://')}/preview", query_string=query)
    assert (answer.status_code, said in str(answer.json)) == (400, True), answer.json
    answer = client.post("/v1/specs/propose", json={"source": source, "csv": query})
    assert (answer.status_code, "csv" in str(answer.json)) == (400, True), answer.json


@pytest.mark.parametrize("csv", [None, {}])
def test_nothing_said_about_a_file_of_text_stands_in_no_spec(client, csv) -> None:
    """Nor does it matter to a file that is none."""
    assert "csv" not in proposed(client, source=uploaded(client, "a.csv", SEMICOLONS), csv=csv)["spec"]["data"]
    assert "csv" not in proposed(client, source=uploaded(client, "pets.zip", images()), csv=csv)["spec"]["data"]


def test_words_about_text_of_a_file_that_is_none_are_refused(client) -> None:
    """They would be passed over in silence."""
    source = uploaded(client, "pets.zip", images())
    answer = client.post("/v1/specs/propose", json={"source": source, "csv": {"separator": ";"}})
    assert (answer.status_code, "a file of text" in answer.json["error"]) == (400, True)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "a data file"),
        ("bytes.csv", b"a,b\n\xff\x00,1\n", "text in utf-8"),
        ("names.csv", b"a,b\n", "at least one row"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", "2 cells"),
        ("twice.csv", b"a,a\n1,x\n2,y\n", "a"),
        ("noise.parquet", b"PAR1 and nothing else", "parquet"),
        ("noise.npz", b"PK\x03\x04 and nothing else", "npz"),
        ("list.json", b"[1, 2, 3]", "a JSON object"),
        ("nested.jsonl", b'{"a": [1], "b": "x"}\n{"a": [2], "b": "y"}\n', "single values"),
        ("deep.json", b"[" * 100_000, "json"),
    ],
)
def test_a_preview_of_unusual_data_says_what_is_wrong_with_it(client, name, content, said) -> None:
    """At the upload, or when it is looked at; never a fault of the service."""
    answer = client.post("/v1/datasets", query_string={"name": name}, data=content)
    if answer.status_code == 201:
        answer = client.get(f"/v1/datasets/{answer.json['sha256']}/preview")
    assert (answer.status_code, said in answer.json["error"]) == (400, True), answer.json


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a" * 3000, "größe", "=1+1", "\u202eabc", "a,b"])
def test_unusual_names_of_columns_are_previewed_and_proposed_as_they_are(client, name) -> None:
    """Markup, a long one, other letters, a formula, one that is written from right to left, one with a comma."""
    table = f'"{name}",kind\n' + "".join(f"{row % 7},{'ab'[row % 2]}\n" for row in range(30))
    found = previewed(client, "odd.csv", table)
    assert [column["name"] for column in found["columns"]] == [name, "kind"]
    spec = proposed(client, source=found["source"], features=[name], target="kind")
    assert load_spec(load_document(spec["text"])).data.features == (name,)


def test_a_target_that_teaches_nothing_is_told_beside_the_columns(client) -> None:
    """So that another can be chosen."""
    found = previewed(client, "p.csv", penguins(), target="island")
    assert "at least 3 rows of each class" not in (found["problem"] or "")
    constant = "a,b\n" + "".join(f"{row},x\n" for row in range(30))
    found = previewed(client, "constant.csv", constant)
    assert "at least two classes" in found["problem"]
    assert [column["name"] for column in found["columns"]] == ["a", "b"]


def test_the_proposed_spec_can_be_submitted_as_it_stands(client) -> None:
    """It names the digest, chosen columns and the target; the check that follows has nothing to say."""
    source = uploaded(client, "Penguins 2024.csv".replace(" ", "_"), penguins())
    found = proposed(client, source=source, target="kind", features=["bill", "island"])
    spec = load_spec(load_document(found["text"]))
    assert (spec.model, spec.data.source, spec.data.target) == ("penguins_2024", source, "kind")
    assert spec.data.features == ("bill", "island")
    assert spec.data.drop_missing_target
    assert found["spec"] == load_document(found["text"])
    checked = client.post("/v1/specs/check", data=found["text"], content_type="application/yaml")
    assert checked.status_code == 200, checked.json
    assert load_spec(checked.json["spec"]) == spec
    assert load_document(checked.json["text"]) == found["spec"] == checked.json["written"]


def test_a_folder_of_images_comes_as_one_archive(client) -> None:
    """One around it is passed over, and so is what is no image; pictures of several sizes are resized."""
    found = previewed(client, "pets.zip", images())
    assert (found["kind"], found["rows"], found["shape"], found["target"]) == ("images", 10, [16, 16, 1], None)
    assert found["classes"] == [{"name": "cat", "rows": 5}, {"name": "dog", "rows": 5}]
    spec = load_spec(proposed(client, source=found["source"])["spec"])
    assert spec.layers[0].class_name == "Conv2D"
    several = {f"{name}/{side}.png": picture(side, side) for name in "ab" for side in (20, 30, 40, 50)}
    spec = load_spec(proposed(client, source=uploaded(client, "several.zip", zipped(several)))["spec"])
    assert [step.arguments["size"] for step in spec.preprocessing if step.name == "resize"] == [[35, 35]]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"cat/1.png": b""}, "at least two; received 1 sub-folders"),
        ({"1.png": b"", "2.png": b""}, "received 0 sub-folders"),
        ({"../1.png": b"", "dog/1.png": b""}, "names of files of up to 255 bytes"),
        ({"x\\y/1.png": b"", "dog/1.png": b""}, "names of files of up to 255 bytes"),
        ({"x" * 256 + "/1.png": b"", "dog/1.png": b""}, "names of files of up to 255 bytes"),
    ],
)
def test_an_archive_that_is_no_folder_of_images_is_refused(client, members: dict[str, bytes], said: str) -> None:
    """At its upload, with nothing kept."""
    answer = client.post("/v1/datasets", query_string={"name": "a.zip"}, data=zipped(members))
    assert answer.status_code == 400
    assert said in answer.json["error"]
    assert client.get("/v1/datasets").json == {"datasets": []}


def test_arrays_are_previewed(client) -> None:
    """Shape, classes and what could be the target."""
    file = io.BytesIO()
    np.savez(file, x=RNG.integers(0, 255, (30, 12, 12), np.uint8), y=np.arange(30) % 3)
    found = previewed(client, "digits.npz", file.getvalue())
    assert (found["kind"], found["shape"], found["target"], found["choices"]) == ("arrays", [12, 12], "y", ["x", "y"])
    assert found["instance"] == "an image 12 wide and 12 high with 1 channel"
    assert load_spec(proposed(client, source=found["source"])["spec"]).layers[-1].arguments["units"] == 3


def test_a_parquet_file_is_previewed_as_the_same_table(client) -> None:
    """Read by the process that reads Parquet bodies of requests."""
    file = io.BytesIO()
    width = [None if row == 4 else row / 3 for row in range(60)]
    columns = {"width": Array(width, DataType.float64()), "kind": Array(["p", "q", "r"] * 20, DataType.string())}
    write_parquet(Table.from_pydict(columns), file)
    found = previewed(client, "t.parquet", file.getvalue())
    assert [(column["name"], column["kind"], column["gaps"]) for column in found["columns"]] == [
        ("width", "number", 1), ("kind", "category", 0),
    ]  # fmt: skip
    assert load_spec(proposed(client, source=found["source"])["spec"]).layers[-1].arguments["units"] == 3


def test_of_a_large_table_some_rows_stand_for_all(client, monkeypatch) -> None:
    """And every rare target is among them."""
    monkeypatch.setattr("service.jobs.data_preview.seen_table.SEEN_BYTES", 1000)
    rows = [f"{row % 97},{'rare' if row in (7, 777, 1777) else 'ab'[row % 2]}" for row in range(2000)]
    found = previewed(client, "large.csv", "size,kind\n" + "\n".join(rows))
    assert (found["rows"], found["seen_rows"] < 300) == (2000, True)
    assert {"name": "rare", "rows": 3} in found["classes"]
    assert f"{found['seen_rows']} of 2000 rows were looked at" in found["warnings"][-1]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"fit": {"epochs": 0}}, "fit.epochs"),
        ({"layers": [{"Dense": {"units": 2, "activation": "softmax"}}]}, "layers.0.Dense"),
        ({"data": {"source": "dataset://none.csv"}}, "data.source"),
    ],
)
def test_a_check_names_the_place_of_each_problem(client, change: dict[str, Any], path: str) -> None:
    """As a submission would; and nothing is queued, for which there is no queue here."""
    spec = proposed(client, source=uploaded(client, "p.csv", penguins()), target="kind")["spec"]
    answer = client.post("/v1/specs/check", json=spec | change)
    assert answer.status_code == 400
    assert path in [detail["path"] for detail in answer.json["details"]]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"source": "sklearn://iris"}, 400, "an uploaded data set"),
        ({"source": "dataset://none.csv"}, 404, "none.csv"),
        ({"source": "dataset://p.csv", "targt": "kind"}, 400, "another name"),
        ({"source": "dataset://p.csv", "target": "nothing"}, 400, "one of the columns"),
        ({"source": "dataset://p.csv", "model": "No Name"}, 400, "a name of up to 64"),
    ],
)
def test_a_proposal_that_cannot_be_made_says_why(client, body: dict[str, Any], status: int, said: str) -> None:
    """The place, what was expected, what came."""
    uploaded(client, "p.csv", penguins())
    answer = client.post("/v1/specs/propose", json=body)
    assert (answer.status_code, said in str(answer.json)) == (status, True), answer.json
