import struct
from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.preprocessing.instances import InstanceSpec
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from service.protocols.inference_protocol.requests import OutputWish, V2Request
from service.protocols.inference_protocol.responses import encode_response
from service.protocols.inference_protocol.tensors import HEADER_LENGTH

MANIFEST = Manifest(
    model="iris", version=3, job_id="job", created_at="2026-01-01T00:00:00Z", task="softmax",
    inputs=(TensorInfo("x", "float32", (None, 2)),), outputs=(TensorInfo("probabilities", "float32", (None, 3)),),
    instance=InstanceSpec((2,)), preprocessing=[{"astype": "float32"}],
    class_names=("setosa", "versicolor", "virginica"), metrics={}, golden_rows=GoldenRows([[0.0]], [[1.0]], 1e-5),
    files={}, data={}, seed=0, backend="tensorflow", package_versions={}, weights_sha256="0" * 64,
)  # fmt: skip
SCORES = np.array([[0.25, 0.5, 0.25], [0.125, 0.0, 0.875]], np.float32)


def answer(wish=None, *, predictions=SCORES, manifest=MANIFEST, request_id=None):
    wish = wish or OutputWish("probabilities")
    return encode_response(V2Request(np.zeros((2, 2)), (wish,), request_id), predictions, manifest)


def split(response):
    size = int(response.headers[HEADER_LENGTH])
    return orjson.loads(response.body[:size]), response.body[size:]


def output_of(response):
    return orjson.loads(response.body)["outputs"][0]


def test_an_answer_in_json_is_the_protocols_object():
    """Name, version as text, and the output flat in row-major order."""
    response = answer()
    assert response.headers == {"Content-Type": "application/json"}
    assert orjson.loads(response.body) == {
        "model_name": "iris",
        "model_version": "3",
        "outputs": [
            {
                "name": "probabilities",
                "shape": [2, 3],
                "datatype": "FP32",
                "data": [0.25, 0.5, 0.25, 0.125, 0.0, 0.875],
            }
        ],
    }


def test_whole_floats_keep_their_point():
    """A client that tells integers from floats gets floats."""
    assert b"0.125,0.0,0.875" in answer().body


@pytest.mark.parametrize("request_id", ["42", "", "ü"])
def test_the_id_is_echoed(request_id):
    """Also an empty one."""
    assert orjson.loads(answer(request_id=request_id).body)["id"] == request_id


def test_without_an_id_there_is_none():
    """Nothing is made up."""
    assert "id" not in orjson.loads(answer().body)


def test_an_answer_in_bytes_follows_its_json():
    """Little-endian float32 behind as much JSON as the header says; the output has a size and no data."""
    response = answer(OutputWish("probabilities", binary=True), request_id="7")
    document, tail = split(response)
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert document["id"] == "7"
    assert document["outputs"] == [
        {"name": "probabilities", "shape": [2, 3], "datatype": "FP32", "parameters": {"binary_data_size": 24}}
    ]
    assert struct.unpack("<6f", tail) == tuple(SCORES.reshape(-1).tolist())


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(0, 1, width=32)))
def test_json_and_bytes_carry_the_same_predictions(predictions):
    """Both forms are the identity on float32."""
    flat = np.array(output_of(answer(predictions=predictions))["data"], np.float32)
    _, tail = split(answer(OutputWish("probabilities", binary=True), predictions=predictions))
    np.testing.assert_array_equal(flat.reshape(predictions.shape), predictions)
    np.testing.assert_array_equal(np.frombuffer(tail, "<f4").reshape(predictions.shape), predictions)


def test_predictions_that_are_no_plain_array_go_out_row_major():
    """A transposed view has the order that it shows."""
    predictions = np.asfortranarray(SCORES)
    assert output_of(answer(predictions=predictions))["data"] == SCORES.reshape(-1).tolist()


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, ["0.500000:1:versicolor", "0.875000:2:virginica"]),
        (2, ["0.500000:1:versicolor", "0.250000:0:setosa", "0.875000:2:virginica", "0.125000:0:setosa"]),
    ],
)
def test_classifications_are_the_best_first(count, expected):
    """`value:index:label` with six decimals; the lower index first where values are equal."""
    output = output_of(answer(OutputWish("probabilities", classification=count)))
    assert output == {"name": "probabilities", "shape": [2, count], "datatype": "BYTES", "data": expected}


@pytest.mark.parametrize("count", [3, 4, 2**31 - 1])
def test_more_classes_than_there_are_give_all(count):
    """As Triton does."""
    assert output_of(answer(OutputWish("probabilities", classification=count)))["shape"] == [2, 3]


def test_classifications_in_bytes_have_their_lengths():
    """BYTES: a 4-byte length before each text."""
    document, tail = split(answer(OutputWish("probabilities", binary=True, classification=1)))
    texts = [b"0.500000:1:versicolor", b"0.875000:2:virginica"]
    assert tail == b"".join(struct.pack("<I", len(text)) + text for text in texts)
    assert document["outputs"][0]["parameters"] == {"binary_data_size": len(tail)}
    assert document["outputs"][0]["datatype"] == "BYTES"


def test_a_label_that_is_not_ascii_is_counted_in_bytes():
    """Lengths are of UTF-8."""
    manifest = replace(MANIFEST, class_names=("a", "größer", "b"))
    _, tail = split(answer(OutputWish("probabilities", binary=True, classification=1), manifest=manifest))
    assert int.from_bytes(tail[:4], "little") == len("0.500000:1:größer".encode())


def test_the_one_column_of_a_binary_classifier_is_named_after_its_second_class():
    """The output is the probability of that class."""
    manifest = replace(MANIFEST, task="sigmoid", class_names=("benign", "malignant"))
    predictions = np.array([[0.75]], np.float32)
    output = output_of(
        answer(OutputWish("probabilities", classification=2), predictions=predictions, manifest=manifest)
    )
    assert output["data"] == ["0.750000:0:malignant"]


def test_without_class_names_there_are_no_labels():
    """`value:index` alone."""
    manifest = replace(MANIFEST, class_names=())
    output = output_of(answer(OutputWish("probabilities", classification=1), manifest=manifest))
    assert output["data"] == ["0.500000:1", "0.875000:2"]
