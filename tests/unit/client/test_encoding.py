import datetime as dt
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from onehot_client import InvalidInput
from onehot_client.model_form import ModelForm
from onehot_client.rows.encoding import batch_of, ignored_columns
from onehot_client.rows.npy_format import decode_npy

NUMBERS = ModelForm(1)
TABLE = ModelForm(1, features=("a", "b"))
MIXED = ModelForm(1, features=("a", "kind"), takes_numbers=False)
FRAMES = [pd.DataFrame, pl.DataFrame]
PNG = b"\x89PNG\r\n"


def sent(rows, form=NUMBERS):
    """How rows are sent, all in one request."""
    batch = batch_of(rows, form)
    content, content_type = batch.body(0, len(batch))
    match content_type:
        case "application/x-npy":
            return "npy", decode_npy(content).tolist()
        case "application/jsonl":
            return "lines", [json.loads(line) for line in content.splitlines()]
        case "application/json":
            return "json", json.loads(content)["instances"]
    return content_type, content


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
def test_arrays_of_numbers_go_in_binary(dtype):
    """In their own dtype: the service makes of it what it makes of JSON."""
    array = np.ones((2, 3), dtype)
    assert sent(array) == ("npy", array.tolist())


def test_short_lists_go_as_they_are_and_long_ones_in_binary():
    """What is quicker; both mean the same."""
    assert sent([[1, 2.5]]) == ("json", [[1, 2.5]])
    rows = [[0.5] * 64] * 10
    assert sent(rows) == ("npy", rows)
    assert sent([np.zeros(2)]) == ("json", [[0, 0]])


def test_long_lists_of_what_is_no_number_go_as_they_are():
    """Text and gaps have no place in an array of numbers."""
    rows = [["red", 1.0, None]] * 300
    assert sent(rows, MIXED) == ("json", rows)
    ragged = [[1.0] * 300, [1.0] * 299]
    assert sent(ragged) == ("json", ragged)
    numbers = [[1, 2]] * 600  # a column of them may be a category
    assert sent(numbers, MIXED) == ("json", numbers)


def test_objects_by_feature_name_go_as_they_are():
    """One alone is one row."""
    assert sent({"a": 1, "b": np.float32(2)}) == ("json", [{"a": 1, "b": 2}])
    assert sent([{"a": 1, "b": dt.date(2024, 5, 31)}]) == ("json", [{"a": 1, "b": "2024-05-31"}])


def test_text_arrays_go_as_lists():
    """Of rows with categories."""
    assert sent(np.array([["red", "x"]])) == ("json", [["red", "x"]])


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_of_numbers_are_put_in_the_models_order(frame):
    """By name; what the model does not know is left out."""
    rows = frame({"b": [3, 4], "target": ["x", "y"], "a": [1.5, 2.5]})
    assert sent(rows, TABLE) == ("npy", [[1.5, 3.0], [2.5, 4.0]])
    assert ignored_columns(rows, TABLE) == ("target",)


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_of_anything_else_go_by_name(frame):
    """The service matches them, and says which is missing."""
    day = dt.date(2024, 5, 31)
    rows = frame({"a": [1.5, None], "kind": ["x", None], "day": [day, day]})
    expected = [{"a": 1.5, "kind": "x", "day": "2024-05-31"}, {"a": None, "kind": None, "day": "2024-05-31"}]
    assert sent(rows, MIXED) == ("lines", expected)
    assert sent(frame({"a": [1.5]}), TABLE) == ("lines", [{"a": 1.5}])
    assert sent(frame({"a": [1.5, float("nan")], "b": [1, 2]}), TABLE)[1][1] == {"a": None, "b": 2}


def test_gaps_of_pandas_own_types_are_gaps():
    """NA and NaT."""
    rows = pd.DataFrame({"a": pd.array([1, None], "Int64"), "at": [pd.Timestamp("2024-05-31"), pd.NaT]})
    assert sent(rows, MIXED) == ("lines", [{"a": 1, "at": "2024-05-31T00:00:00"}, {"a": None, "at": None}])


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"), (b"BM12", "image/bmp"),
        (b"RIFF1234WEBP", "image/webp"),
    ],
)  # fmt: skip
def test_one_picture_goes_as_it_is(start, kind, tmp_path):
    """Its bytes, or the path of its file."""
    path = tmp_path / "picture"
    path.write_bytes(start)
    assert sent(start) == sent(path) == sent(str(path)) == sent([path]) == (kind, start)


def test_several_pictures_go_in_base64():
    """Also one that is none: the service says so."""
    assert sent([PNG, PNG])[1] == [{"b64": "iVBORw0K"}] * 2
    assert sent(b"text") == ("json", [{"b64": "dGV4dA=="}])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "at least one; received none"),
        (np.zeros((0, 3)), "at least one; received none"),
        (np.float32(1), "stacked on the first axis"),
        (7, "received int"),
        ("nowhere.png", r"nowhere\.png: No such file"),
        (pl.DataFrame({"a": []}), "at least one; received none"),
    ],
)
def test_what_cannot_be_sent_is_told(rows, message):
    """Before anything is sent."""
    with pytest.raises(InvalidInput, match=message):
        batch_of(rows, NUMBERS).step(10)


def test_an_object_that_json_has_no_form_for_is_told():
    """By its type."""
    with pytest.raises(TypeError, match="received object"):
        sent([{"a": object()}])


@pytest.mark.parametrize(
    ("rows", "step"),
    [(np.zeros((100, 10), np.float32), 25), ([[1] * 10] * 100, 47), ([b"x" * 75] * 100, 10), (np.zeros((9, 10**4)), 1)],
)
def test_a_piece_holds_about_as_many_bytes_as_it_may(rows, step):
    """And at least one row."""
    assert batch_of(rows, MIXED).step(1000) == step
