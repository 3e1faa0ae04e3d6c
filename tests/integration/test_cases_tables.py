"""Tables as people bring them: read alike everywhere where it is certain, else refused by the word that decides it."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.errors import DataError, InputError
from models.preprocessing.instances import Feature, InstanceSpec, parse_instances
from models.preprocessing.pipeline import StepSpec
from models.spec import DataSpec, load_spec
from onehot.input.table_rows import Table, read_table
from service.decoding.csv_table import parse_csv
from service.jobs.data_preview.preview import preview_data
from service.jobs.data_preview.row_counts import count_rows
from trainer.data import load_dataset
from trainer.data.preparation import prepare

FILL = (StepSpec("fill", {"strategy": "constant", "value": -1}),)
ROWS = [(1.5, 2.0, "a"), (2.25, 3.0, "b"), (3.5, 4.0, "a")] * 4
PLAIN = "size,weight,kind\n" + "".join(f"{size},{weight},{kind}\n" for size, weight, kind in ROWS)
FEATURES = (Feature("size"), Feature("weight"))
SPEC = InstanceSpec((2,), FEATURES)


def document(source: str, **data: Any) -> dict[str, Any]:
    return {
        "model": "m", "data": {"source": source, **data}, "compile": {"loss": "categorical_crossentropy"},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
    }  # fmt: skip


def problems(folder: Path, source: str, **data: Any) -> str:
    found = preview_data(load_spec(document(source, **data)), roots=(str(folder),))
    return "; ".join(f"{one.path}: expected {one.expected}; received {one.received}" for one in found)


def write(folder: Path, name: str, text: str | bytes) -> str:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def trained(folder: Path, name: str, **data: Any) -> Any:
    spec = load_spec(document(name, **data))
    return load_dataset(spec.data, roots=(str(folder),))


def table_of(path: Path) -> Table:
    table = read_table(str(path))
    assert table is not None
    return table


def with_decimal_commas(text: str) -> str:
    """The table with semicolons and decimal commas."""
    return text.replace(",", ";").replace(".", ",")


CERTAIN: dict[str, tuple[str, bytes]] = {
    "semicolons with decimal commas": ("t.csv", with_decimal_commas(PLAIN).encode()),
    "semicolons with decimal points": ("t.csv", PLAIN.replace(",", ";").encode()),
    "tabs": ("t.csv", PLAIN.replace(",", "\t").encode()),
    "a .tsv file": ("t.tsv", PLAIN.replace(",", "\t").encode()),
    "bars": ("t.csv", PLAIN.replace(",", "|").encode()),
    "compressed": ("t.csv.gz", gzip.compress(PLAIN.encode())),
    "compressed tabs": ("T.TSV.GZ", gzip.compress(PLAIN.replace(",", "\t").encode())),
    "lines that end in CR": ("t.csv", PLAIN.replace("\n", "\r").encode()),
    "lines that end in CR LF": ("t.csv", PLAIN.replace("\n", "\r\n").encode()),
    "blank lines on top": ("t.csv", b"\n  \n,,\n" + PLAIN.encode()),
    "a byte order mark": ("t.csv", b"\xef\xbb\xbf" + PLAIN.encode()),
    "UTF-16": ("t.csv", PLAIN.encode("utf-16")),
    "blanks after the separators": ("t.csv", PLAIN.replace(",", ", ").encode()),
    "semicolons in a text": ("t.csv", PLAIN.replace("a\n", '"a;b"\n').encode()),
}


@pytest.mark.parametrize("case", CERTAIN)
def test_a_dialect_that_is_certain_is_read_alike_everywhere(tmp_path: Path, case: str) -> None:
    """Submission, training, an upload's count, HTTP and the command line."""
    name, content = CERTAIN[case]
    write(tmp_path, name, content)
    assert problems(tmp_path, name) == ""
    dataset = trained(tmp_path, name)
    expected = [[size, weight] for size, weight, _ in ROWS]
    assert dataset.features.tolist() == expected
    assert count_rows(tmp_path / name) == len(ROWS)
    instances, ignored = table_of(tmp_path / name).instances(FEATURES)
    assert (parse_instances(instances, SPEC).tolist(), ignored) == (expected, ["kind"])
    if not name.lower().endswith(".gz"):
        told: list[str] = []
        assert parse_csv(content, SPEC, on_ignored=told.extend).tolist() == expected
        assert told == ["kind"]


def test_the_own_lines_of_a_file_are_answered_with_and_without_its_header(tmp_path: Path) -> None:
    """`a, b, kind` as it is; a line by itself; semicolons; a header whose unknown names are numbers or nothing."""
    for body in ("size, weight, kind\n1.5, 2.0, a\n", "1.5, 2.0\n", "1,5;2,0\n", "weight;size\n2,0;1,5\n",
                 ",size,2019,weight\n0,1.5,7,2\n"):  # fmt: skip
        assert parse_csv(body.encode(), SPEC).tolist() == [[1.5, 2.0]], body
    del tmp_path


def test_an_encoding_that_is_not_certain_is_refused_by_that_word_and_read_when_it_is_given(tmp_path: Path) -> None:
    """Windows-1252 is one of many."""
    text = "größe,kind\n" + "1,ä\n2,ö\n" * 6
    name = write(tmp_path, "t.csv", text.encode("windows-1252"))
    assert problems(tmp_path, name).startswith("data.csv.encoding: expected text in utf-8, or `data.csv: {encoding:")
    with pytest.raises(DataError, match=r"t\.csv: data\.csv\.encoding: expected text in utf-8"):
        trained(tmp_path, name)
    given = {"encoding": "windows-1252"}
    assert problems(tmp_path, name, csv=given) == ""
    assert trained(tmp_path, name, csv=given).columns[0].name == "größe"
    spec = InstanceSpec((1,), (Feature("größe"),))
    assert parse_csv(text.encode("windows-1252"), spec, charset="windows-1252").shape == (12, 1)
    with pytest.raises(InputError, match="charset: expected an encoding of text"):
        parse_csv(b"1\n", spec, charset="klingon")


@pytest.mark.parametrize(
    ("text", "path", "given"),
    [
        ("a;b,c;d\n1;2,3;4\n" * 3, "data.csv.separator", {"separator": ",", "header": True}),
        ("size;kind\n3,750;a\n1,250;b\n4,100;a\n", "data.csv.decimal", {"decimal": ","}),
        ("size;weight;kind\n3,75;1.5;a\n1,25;2.5;b\n4,5;1.0;a\n", "data.csv.decimal", {"decimal": "."}),
    ],
)
def test_what_may_mean_two_things_is_refused_by_the_word_that_decides_it(
    tmp_path: Path, text: str, path: str, given: dict[str, Any]
) -> None:
    """At submission and by the trainer; the spec decides."""
    name = write(tmp_path, "t.csv", text)
    assert problems(tmp_path, name).startswith(f"{path}: ")
    with pytest.raises(DataError, match=path):
        trained(tmp_path, name)
    assert path not in problems(tmp_path, name, csv=given)


NUMBERS = "".join(f"{0.5 * row},{row % 7}.25,{row % 2}\n" for row in range(60))


@pytest.mark.parametrize(
    "text",
    [NUMBERS, "5.1,3.5,setosa\n4.9,3.0,virginica\n" * 20, "3,1,7\n4,1,9\n2,5,7\n" * 9, "red,yes\nblue,no\n" * 9],
)
def test_a_first_line_that_looks_like_data_is_no_header(tmp_path: Path, text: str) -> None:
    """At submission and by the trainer and `init`; `header: false` is the way on, and the file's lines are answered."""
    name = write(tmp_path, "t.csv", text)
    assert "the first line looks like data" in problems(tmp_path, name)
    assert problems(tmp_path, name).startswith("data.csv.header: ")
    with pytest.raises(DataError, match=r"the first line looks like data.*|`data\.csv: \{header: false\}`"):
        trained(tmp_path, name)


@pytest.mark.parametrize(
    "header", ["0,1,target", "size,2019,kind", "1990,1991,kind", "0,1,2", ",size,kind", "NA,size,kind"]
)
def test_names_that_look_like_numbers_are_a_header_where_they_count_or_stand_beside_names(
    tmp_path: Path, header: str
) -> None:
    """As pandas writes them, and as years are."""
    name = write(tmp_path, "t.csv", header + "\n" + NUMBERS)
    assert problems(tmp_path, name) == ""
    assert trained(tmp_path, name).rows == 60


def test_a_table_without_a_header_is_trained_on_and_asked_for(tmp_path: Path) -> None:
    """Its columns are numbered, or named by the spec; its own lines, target included, are answered."""
    name = write(tmp_path, "t.csv", NUMBERS)
    assert problems(tmp_path, name, csv={"header": False}) == ""
    dataset = trained(tmp_path, name, csv={"header": False})
    assert [column.name for column in dataset.columns] == ["column_1", "column_2"]
    assert (dataset.rows, dataset.target) == (60, "column_3")
    spec, told = InstanceSpec((2,), dataset.columns), []
    assert parse_csv(NUMBERS.encode(), spec, on_ignored=told.extend).tolist() == dataset.features.tolist()
    assert told == ["column_3"]
    assert len(table_of(tmp_path / name).instances(dataset.columns)[0]) == 60
    named = trained(tmp_path, name, csv={"header": False}, features=["size", "weight"], target="kind")
    assert ([column.name for column in named.columns], named.target) == (["size", "weight"], "kind")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """At submission, and by the trainer; blanks make no other name."""
    for header in ("size,size,kind", "size, size,kind", ",,kind"):
        name = write(tmp_path, "t.csv", header + "\n" + NUMBERS)
        assert "header: expected another name for each column; received '" in problems(tmp_path, name)
        with pytest.raises(DataError, match="over the columns 1 and 2"):
            trained(tmp_path, name)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".json"])
def test_rows_without_a_target_are_counted_and_left_out_where_the_spec_says_so(tmp_path: Path, ending: str) -> None:
    """Refused with their number and the way on; reports name a row by its place in the file."""
    frame = pl.DataFrame({"size": [float(size) for size in range(1, 16)], "kind": ["a", None, "b", None, "a"] * 3})
    name = f"t{ending}"
    writers = {".csv": "write_csv", ".jsonl": "write_ndjson", ".parquet": "write_parquet", ".json": "write_json"}
    getattr(frame, writers[ending])(tmp_path / name)
    with pytest.raises(
        DataError, match=r"'kind', (line 3|row 2): .* nothing in 6 of 15 rows, which `data\.drop_missing"
    ):
        trained(tmp_path, name)
    dataset = trained(tmp_path, name, drop_missing_target=True)
    kept = [0, 2, 4, 5, 7, 9, 10, 12, 14]
    assert dataset.features[:].reshape(-1).tolist() == [row + 1 for row in kept]
    assert dataset.source_rows(np.arange(len(kept))).tolist() == kept
    if ending in (".csv", ".jsonl"):
        assert "nothing in 6 of 15 rows, which `data.drop_missing_target: true`" in problems(tmp_path, name)
        assert problems(tmp_path, name, drop_missing_target=True) == ""


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_the_columns_of_a_test_file_are_found_by_name(tmp_path: Path, ending: str) -> None:
    """Whatever their order, the target's included; a missing or extra one is named, at submission where it is small."""
    frame = pl.DataFrame({"size": [1.0, 2.0] * 6, "weight": [10.0, 20.0] * 6, "sort": ["a", "b"] * 6})
    writer = {".csv": "write_csv", ".jsonl": "write_ndjson", ".parquet": "write_parquet"}[ending]
    tables = {"one": frame, "turned": frame.select("sort", "weight", "size"), "less": frame.drop("weight"),
              "more": frame.with_columns(age=pl.lit(1.0))}  # fmt: skip
    for name, table in tables.items():
        getattr(table, writer)(tmp_path / f"{name}{ending}")

    def prepared(other: str, **data: Any) -> Any:
        spec = load_spec(document(f"one{ending}", test=f"{other}{ending}", validation=f"{other}{ending}", **data))
        return prepare(spec, roots=(str(tmp_path),))

    np.testing.assert_array_equal(
        prepared("turned").test.part.inputs[:], frame.select("size", "weight").to_numpy().astype(np.float32)
    )
    with pytest.raises(DataError, match="received 'weight'"):
        prepared("less")
    with pytest.raises(DataError, match="the column 'age' besides"):
        prepared("more")
    assert prepared("more", features=["size", "weight"], target="sort").test.rows == 12
    if ending != ".parquet":
        assert problems(tmp_path, f"one{ending}", test=f"turned{ending}") == ""
        assert "data.test" in problems(tmp_path, f"one{ending}", test=f"less{ending}")
        assert "no column 'weight'" in problems(tmp_path, f"one{ending}", test=f"less{ending}")
        assert "the column 'age' besides" in problems(tmp_path, f"one{ending}", validation=f"more{ending}")


@pytest.mark.parametrize("cell", [" ?", "NA ", "", " null"])
def test_a_gap_means_the_same_everywhere(tmp_path: Path, cell: str) -> None:
    """Submission, training from CSV and JSON, HTTP as CSV and JSON, the command line."""
    spec = InstanceSpec((2,), (Feature("size", optional=True), Feature("weight", optional=True)))
    name = write(tmp_path, "t.csv", f"size,weight,kind\n{cell},2,a\n" + "1,2,b\n1,3,a\n" * 4)
    lines = [{"size": cell, "weight": 2, "kind": "a"}, {"size": "1", "weight": 2, "kind": "b"}]
    write(
        tmp_path,
        "t.jsonl",
        "".join(json.dumps(line) + "\n" for line in [lines[0], *[lines[1], lines[1] | {"kind": "a"}] * 4]),
    )
    for source in (name, "t.jsonl"):
        shown = preview_data(
            load_spec({**document(source), "preprocessing": [{"fill": {"strategy": "mean"}}]}), roots=(str(tmp_path),)
        )
        assert shown == [], source
        table = load_dataset(DataSpec(source), roots=(str(tmp_path),), steps=FILL)
        assert table.features[0].tolist() == [None, 2.0], source
    assert parse_csv(f"size,weight\n{cell},2\n".encode(), spec).tolist() == [[None, 2.0]]
    assert parse_instances([{"size": cell, "weight": 2}], spec).tolist() == [[None, 2.0]]
    assert parse_instances([[cell, 2]], spec).tolist() == [[None, 2.0]]
    for source in (name, "t.jsonl"):
        instances, _ = table_of(tmp_path / source).instances(spec.features or ())
        assert parse_instances(instances[:1], spec).tolist() == [[None, 2.0]]


@pytest.mark.parametrize("name", ["my[1]", "a*b", "what?", "runs [old]/{x}"])
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".json"])
def test_a_path_is_a_path_and_never_a_pattern(tmp_path: Path, name: str, ending: str) -> None:
    """For every reader of tables."""
    path = tmp_path / f"{name}{ending}"
    path.parent.mkdir(exist_ok=True)
    frame = pl.DataFrame({"size": [1.0, 2.0, 3.0] * 4, "kind": ["a", "b", "a"] * 4})
    writers = {".csv": "write_csv", ".jsonl": "write_ndjson", ".parquet": "write_parquet", ".json": "write_json"}
    with path.open("wb") as file:
        getattr(frame, writers[ending])(file)
    assert trained(tmp_path, f"{name}{ending}").rows == 12
    assert problems(tmp_path, f"{name}{ending}") == ""


def test_text_in_a_column_of_numbers_is_named_by_its_column() -> None:
    """In JSON objects, JSON rows and CSV."""
    for values in ([{"size": 1, "weight": 2}, {"size": 1, "weight": "heavy"}], [[1, 2], [1, "heavy"]]):
        with pytest.raises(
            InputError, match=r"instances\[1\]: expected numbers .*; received 'heavy' in column 'weight'"
        ):
            parse_instances(values, SPEC)
    for body in (b"size,weight\n1,2\n1,heavy\n", b"1,2\n1,heavy\n", b"1;2\n1;heavy\n"):
        with pytest.raises(InputError, match=r"instances\[1\]\.weight: expected a number; received 'heavy'"):
            parse_csv(body, SPEC)
