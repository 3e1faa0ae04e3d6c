import gzip
import json
import re

import numpy as np
import pytest

from onehot.failures import WrongUsage
from onehot.input.requests import read_request


def write(folder, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


@pytest.mark.parametrize(
    ("document", "request_body"),
    [
        ([[1, 2], [3, 4]], {"instances": [[1, 2], [3, 4]]}),
        ({"instances": [[1]]}, {"instances": [[1]]}),
        ({"inputs": [[1]]}, {"inputs": [[1]]}),
        ({"age": 3, "island": "Dream"}, {"instances": [{"age": 3, "island": "Dream"}]}),
    ],
)
def test_json_is_taken_as_a_list_a_request_or_one_instance(tmp_path, document, request_body):
    """Instances in a file need no envelope."""
    assert read_request(write(tmp_path, "in.json", json.dumps(document))) == request_body


def test_a_csv_of_numbers_becomes_rows(tmp_path):
    """Whole numbers stay whole."""
    assert read_request(write(tmp_path, "in.csv", "1,2.5\n\n3,4\n")) == {"instances": [[1, 2.5], [3, 4]]}


def test_a_csv_with_names_becomes_objects(tmp_path):
    """A byte order mark is no part of the first name; an empty cell is a missing value."""
    request_body = read_request(write(tmp_path, "in.csv", "\ufeffage,island\n3,Dream\n,Biscoe\n"))
    assert request_body == {"instances": [{"age": 3, "island": "Dream"}, {"age": None, "island": "Biscoe"}]}


@pytest.mark.parametrize("arrays", [{"x": [[1.0, 2.0]]}, {"only": [[1.0, 2.0]]}, {"x": [[1.0, 2.0]], "y": [1]}])
def test_the_instances_of_an_npz_are_x_or_the_only_array(tmp_path, arrays):
    """As in the data of a spec."""
    np.savez(tmp_path / "in.npz", **{name: np.array(values) for name, values in arrays.items()})
    assert read_request(str(tmp_path / "in.npz")) == {"instances": [[1.0, 2.0]]}


def test_an_npy_becomes_nested_lists(tmp_path):
    """The first axis is the samples axis."""
    np.save(tmp_path / "in.npy", np.zeros((1, 2, 2)))
    assert read_request(str(tmp_path / "in.npy")) == {"instances": [[[0.0, 0.0], [0.0, 0.0]]]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.txt", "1", r"a file that ends in \.json, \.csv, \.npy, \.npz"),
        ("in.json", "{", "expected JSON"),
        ("in.json", "3", "received int"),
        ("in.csv", "", "expected rows"),
        ("in.csv", "a,b\n1\n", "line 2: expected 2 values; received 1"),
        ("in.csv", b"a,b\n\xff\xfe,1\n", "CSV in UTF-8"),
        ("in.npy", b"\x00", "expected a numpy file of numbers"),
        ("in.npz", b"PK\x03\x04 no zip", "expected a numpy file of numbers"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_name_of_the_file(tmp_path, name, content, message):
    """Wrong usage, and no traceback."""
    path = write(tmp_path, name, content)
    with pytest.raises(WrongUsage, match=message) as caught:
        read_request(path)
    assert caught.value.message.startswith(path)


def test_a_missing_file_is_named(tmp_path):
    """With what the system says about it."""
    with pytest.raises(WrongUsage, match=r"none\.json: No such file or directory"):
        read_request(str(tmp_path / "none.json"))


def test_pickled_objects_are_refused(tmp_path):
    """Loading them would run code."""
    np.save(tmp_path / "in.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(WrongUsage):
        read_request(str(tmp_path / "in.npy"))


def test_a_table_is_read_as_the_trainer_reads_it(tmp_path) -> None:
    """True and false, and gaps however they are written; a name may look like one."""
    path = tmp_path / "birds.csv"
    path.write_text("wild,NA,island\nTrue,1.5,Dream\nfalse,NA,?\n")
    expected = [{"wild": True, "NA": 1.5, "island": "Dream"}, {"wild": False, "NA": None, "island": None}]
    assert read_request(str(path)) == {"instances": expected}


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.npz"])
def test_a_compressed_file_becomes_no_more_than_the_setting_allows(tmp_path, against, stand_in, name) -> None:
    """Another number than the default, and nothing is sent."""
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(b"1,2\n" * 100_000))
    else:
        np.savez_compressed(path, x=np.zeros((100_000, 2)))
    done = against("predict", "m", str(path), MAX_DATA_BYTES="1000")
    assert done.exit_code == 2
    assert re.search(rf"{name}: expected (text|arrays) of at most 1000 bytes.* \(ONEHOT_MAX_DATA_BYTES\)", done.output)
    assert not stand_in.received


def test_seventy_thousand_rows_are_sent_in_pieces_in_order(tmp_path, against, stand_in) -> None:
    """All to the version that answered the first; a service takes 65 536 at once."""
    path = tmp_path / "long.csv"
    path.write_text("size\n" + "".join(f"{row}\n" for row in range(70_000)))
    names = {"metadata": {"instance": {"features": [{"name": "size", "kind": "number", "optional": False}]}}}
    stand_in.on("GET", "/v1/models/m/metadata", (200, names))
    stand_in.on("GET", "/v1/models/m/versions/3/metadata", (200, names))
    pieces = [16384] * 4 + [70_000 - 4 * 16384]
    answers = [(200, {"predictions": [[piece / 10]] * rows}, {"X-Onehot-Model-Version": "3"})
               for piece, rows in enumerate(pieces)]  # fmt: skip
    stand_in.on("POST", "/v1/models/m:predict", answers[0])
    stand_in.on("POST", "/v1/models/m/versions/3:predict", *answers[1:])
    done = against("predict", "m", str(path), "--json")
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["predictions"]) == 70_000
    bodies = [json.loads(body)["instances"] for method, _, _, body in stand_in.received if method == "POST"]
    assert list(map(len, bodies)) == pieces
    assert [row["size"] for rows in bodies for row in rows] == list(range(70_000))


def test_columns_that_the_model_does_not_know_are_passed_over_and_named_once(tmp_path, against, stand_in) -> None:
    """On stderr; the rows are sent without them."""
    path = tmp_path / "birds.csv"
    path.write_text("id,size,kind\n1,2.5,a\n2,3.5,b\n")
    feature = {"name": "size", "kind": "number", "optional": False}
    stand_in.on("GET", "/v1/models/m/metadata", (200, {"metadata": {"instance": {"features": [feature]}}}))
    stand_in.on("POST", "/v1/models/m:predict", (200, {"predictions": [[0.1], [0.2]]}, {"X-Onehot-Model-Version": "1"}))
    done = against("predict", "m", str(path))
    assert done.exit_code == 0, done.output
    assert done.stderr.count("birds.csv: passed over, as the model does not know them: id, kind") == 1
    (body,) = [json.loads(body) for method, _, _, body in stand_in.received if method == "POST"]
    assert body == {"instances": [{"size": 2.5}, {"size": 3.5}]}
