"""Tables that come column by column, in both protocols, and V2's only input under another name."""

import json

import numpy as np
import pytest

from tests.contract.conftest import ROW

COLUMNS = {"a": [1, 10], "b": [2, 20], "c": [3, 30], "d": [4, 40], "gap": [None, 5], "island": ["dream", "biscoe"]}
ROWS = [[1, 2, 3, 4, 7, 0, 1, 0], [10, 20, 30, 40, 5, 1, 0, 0]]
"""What the network of `flowers` gets: the gap is filled with 7."""
DATATYPES = {"gap": "FP64", "island": "BYTES"}
LENGTH = "Inference-Header-Content-Length"


def columns_without(*names):
    return {name: values for name, values in COLUMNS.items() if name not in names}


def infer(client, columns, *, shape=(2,), **changes):
    """As MLServer's codec of pandas encodes a data frame."""
    inputs = [
        {"name": name, "shape": list(shape), "datatype": DATATYPES.get(name, "INT64"), "data": values,
         "parameters": {"content_type": "str" if name == "island" else "np"}} | changes.get(name, {})
        for name, values in columns.items()
    ]  # fmt: skip
    return client.post("/v2/models/flowers/infer", json={"parameters": {"content_type": "pd"}, "inputs": inputs})


def predict(client, columns):
    return client.post("/v1/models/flowers:predict", json={"inputs": columns})


@pytest.fixture
def expected(compute):
    return compute("classic-a", ROWS)


@pytest.mark.parametrize(
    "columns",
    [
        COLUMNS,
        dict(reversed(COLUMNS.items())),
        {name: [[value] for value in values] for name, values in COLUMNS.items()},
    ],
    ids=["as a data frame", "in any order", "each cell in a list"],
)
def test_columns_in_inputs_of_v1_are_rows(client, expected, columns) -> None:
    """`{"inputs": {"age": [3], …}}`, the columnar form of a table."""
    answer = predict(client, columns)
    assert answer.status_code == 200, answer.text
    assert np.allclose(answer.json["outputs"], expected, atol=1e-6)


def test_an_optional_column_may_be_left_out_of_v1(client, compute) -> None:
    """It is a gap in each row."""
    answer = predict(client, columns_without("gap"))
    assert np.allclose(answer.json["outputs"], compute("classic-a", [ROWS[0], [*ROWS[1][:4], 7, 1, 0, 0]]), atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"a": ...}, "inputs.a: expected a list of values; received nothing"),
        ({"weight": [1, 2]}, "inputs.weight: expected one of a, b, c, d, gap, island; received an unknown feature"),
        ({"b": [1]}, "inputs.b: expected 2 values, as the longest column; received 1 values"),
        ({"b": 1}, "inputs.b: expected a list of values; received 1"),
        ({"b": [1, "x"]}, "inputs[1].b: expected a number; received 'x'"),
        ({"b": [1, [2, 3]]}, "inputs[1].b: expected a number"),
        ({"island": ["dream", "moon"]}, "island"),
        ({name: [] for name in COLUMNS}, "inputs.a: expected a list of values; received []"),
    ],
)
def test_columns_that_do_not_fit_are_named(client, changes, place) -> None:
    """With the row, where there is one."""
    columns = {name: values for name, values in (COLUMNS | changes).items() if values is not ...}
    answer = predict(client, columns)
    assert answer.status_code == 400
    assert place in answer.json["error"]


def test_more_rows_than_a_request_may_have_are_refused_as_columns_too(client) -> None:
    """By ONEHOT_MAX_ROWS."""
    many = {name: [values[1]] * 65 for name, values in COLUMNS.items()}
    assert "ONEHOT_MAX_ROWS" in predict(client, many).json["error"]
    assert "ONEHOT_MAX_ROWS" in infer(client, many, shape=(65,)).json["error"]


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_one_input_for_each_column_is_answered_by_v2(client, expected, shape) -> None:
    """MLServer's codec of pandas: `[n]` or `[n, 1]`, flat data."""
    answer = infer(client, COLUMNS, shape=shape)
    assert answer.status_code == 200, answer.text
    assert np.allclose(np.reshape(answer.json["outputs"][0]["data"], (2, -1)), expected, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"a": {"data": [[1], [10]]}},
        {"a": {"datatype": "FP32", "data": [1.0, 10.0]}},
        {"a": {"datatype": "BYTES", "data": ["1", " 10 "]}},
        {"gap": {"datatype": "BYTES", "data": ["", "5"]}},
        {"gap": {"datatype": "INT8", "data": [None, 5]}},
    ],
    ids=["nested", "FP32", "numbers as text", "a gap as text", "a gap among whole numbers"],
)
def test_a_column_may_have_any_datatype_that_says_the_same(client, expected, changes) -> None:
    """A data frame has what its reader made."""
    answer = infer(client, COLUMNS, **changes)
    assert answer.status_code == 200, answer.text
    assert np.allclose(np.reshape(answer.json["outputs"][0]["data"], (2, -1)), expected, atol=1e-6)


def test_columns_may_be_binary(client, expected) -> None:
    """Each takes its bytes in the order of the inputs; NaN is a gap where there may be one."""
    texts = b"".join(len(text).to_bytes(4, "little") + text.encode() for text in COLUMNS["island"])
    contents = {name: np.asarray(COLUMNS[name], "<i8").tobytes() for name in "abcd"}
    contents |= {"gap": np.asarray([np.nan, 5], "<f8").tobytes(), "island": texts}
    inputs = [
        {"name": name, "shape": [2], "datatype": DATATYPES.get(name, "INT64"),
         "parameters": {"binary_data_size": len(content)}} for name, content in contents.items()
    ]  # fmt: skip
    head = json.dumps({"inputs": inputs}).encode()
    body = head + b"".join(contents.values())
    answer = client.post("/v2/models/flowers/infer", data=body, headers={LENGTH: str(len(head))})
    assert answer.status_code == 200, answer.text
    assert np.allclose(np.reshape(answer.json["outputs"][0]["data"], (2, -1)), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("columns", "changes", "place"),
    [
        (columns_without("a"), {}, "inputs.a: expected a list of values; received nothing"),
        (COLUMNS, {"a": {"name": "weight"}}, "inputs[0].name: expected one of 'a, b, c, d, gap, island'"),
        (COLUMNS, {"a": {"name": "b"}}, "inputs[1].name"),
        (COLUMNS, {"b": {"shape": [3], "data": [1, 2, 3]}}, "inputs.a: expected 3 values, as the longest column"),
        (COLUMNS, {"b": {"shape": [2, 2]}}, "inputs[1].shape: expected [batch] or [batch, 1]"),
        (COLUMNS, {"b": {"shape": [0], "data": []}}, "inputs[1].shape"),
        (COLUMNS, {"b": {"data": [1, "x"]}}, "inputs[1].data[1]"),
        (COLUMNS, {"b": {"data": [1, None]}}, "inputs[1].data[1]"),
        (COLUMNS, {"b": {"datatype": "INT8", "data": [1, 300]}}, "inputs[1].data[1]"),
        (COLUMNS, {"gap": {"datatype": "FP16"}}, "inputs[4].data"),
        (COLUMNS, {"b": {"datatype": "BYTES", "data": ["1", "x"]}}, "instances[1].b"),
        ({"a": [1, 10]}, {}, "inputs.b: expected a list of values; received nothing"),
    ],
)
def test_columns_of_v2_that_do_not_fit_are_named(client, columns, changes, place) -> None:
    """The input, its cell, or the column that is missing."""
    answer = infer(client, columns, **changes)
    assert answer.status_code == 400
    assert place in answer.json["error"]


@pytest.mark.parametrize("name", ["y", "input-0", "args_0", "a"])
def test_the_only_input_of_v2_is_answered_under_any_name(client, compute, name) -> None:
    """There is nothing that it could be mistaken for."""
    given = {"name": name, "shape": [1, 8], "datatype": "FP32", "data": ROW}
    answer = client.post("/v2/models/classic/infer", json={"inputs": [given]})
    assert np.allclose([answer.json["outputs"][0]["data"]], compute("classic-a", [ROW]), atol=1e-6)
    cells = {"name": name, "shape": [1, 6], "datatype": "BYTES", "data": ["1", "2", "3", "4", "", "dream"]}
    answer = client.post("/v2/models/flowers/infer", json={"inputs": [cells]})
    assert np.allclose([answer.json["outputs"][0]["data"]], compute("classic-a", ROWS[:1]), atol=1e-6)
