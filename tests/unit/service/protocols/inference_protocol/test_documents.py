import pytest

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from service.protocols.inference_protocol.documents import (
    IndexEntry,
    decode_index_request,
    live_document,
    model_metadata,
    model_ready_document,
    ready_document,
    repository_index,
    server_metadata,
)

ENTRIES = [
    IndexEntry("iris", 10, "AVAILABLE"),
    IndexEntry("iris", 9, "LOADING"),
    IndexEntry("digits", 1, "END", "model.onnx is not what was published"),
    IndexEntry("digits", None, "START"),
    IndexEntry("wine", 1, "UNLOADING"),
    IndexEntry("wine", 2, "something new"),
]


def manifest_of(spec):
    return Manifest(
        model="iris", version=3, job_id="job", created_at="2026-01-01T00:00:00Z", task="softmax",
        inputs=(TensorInfo("x", "float32", (None, 5)),), outputs=(TensorInfo("probabilities", "float32", (None, 3)),),
        instance=spec, preprocessing=[{"astype": "float32"}], class_names=("a", "b", "c"), metrics={},
        golden_rows=GoldenRows([[0.0]], [[1.0]], 1e-5), files={}, data={}, seed=0, backend="tensorflow",
        package_versions={}, weights_sha256="0" * 64,
    )  # fmt: skip


def test_the_server_names_itself_and_what_it_can():
    """`GET /v2`; load and unload are not there, so `model_repository` is not promised."""
    assert server_metadata("1.2.3") == {
        "name": "onehot",
        "version": "1.2.3",
        "extensions": ["binary_tensor_data", "classification"],
    }


def test_health_is_in_the_words_of_the_specification_and_of_its_servers():
    """`live` is the specification's key for both; `ready` is what servers and clients use."""
    assert live_document(live=True) == {"live": True}
    assert ready_document(ready=False) == {"live": False, "ready": False}
    assert model_ready_document("iris", ready=True) == {"name": "iris", "ready": True}


def test_metadata_describes_raw_instances_with_an_open_samples_axis():
    """What a client sends, and not what the network takes after preprocessing."""
    assert model_metadata(manifest_of(InstanceSpec((28, 28))), [10, 9]) == {
        "name": "iris",
        "versions": ["9", "10"],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 28, 28]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}],
    }


def test_metadata_of_a_table_with_text_columns_asks_for_cells_as_text():
    """One BYTES tensor."""
    spec = InstanceSpec((2,), features=(Feature("island", "category"), Feature("mass")))
    inputs = model_metadata(manifest_of(spec), [3])["inputs"]
    assert inputs == [{"name": "x", "datatype": "BYTES", "shape": [-1, 2]}]


def test_the_index_lists_every_version_in_order_of_its_number():
    """States in the index' own words, with the reason."""
    index = repository_index(ENTRIES)
    assert [(entry["name"], entry.get("version"), entry["state"]) for entry in index] == [
        ("digits", None, "LOADING"),
        ("digits", "1", "UNAVAILABLE"),
        ("iris", "9", "LOADING"),
        ("iris", "10", "READY"),
        ("wine", "1", "UNLOADING"),
        ("wine", "2", "UNKNOWN"),
    ]
    assert index[1]["reason"] == "model.onnx is not what was published"
    assert all("reason" in entry for entry in index)


def test_the_index_can_be_of_ready_versions_only():
    """`{"ready": true}`."""
    assert repository_index(ENTRIES, only_ready=True) == [
        {"name": "iris", "version": "10", "state": "READY", "reason": ""}
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"", False), (b" \n", False), (b"{}", False), (b'{"ready":false}', False), (b'{"ready":true}', True)],
)
def test_a_request_for_the_index_is_read(body, expected):
    """An empty body asks for all."""
    assert decode_index_request(body) is expected


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"ready":1}', b'{"ready":null}', b"true"])
def test_a_request_for_the_index_that_is_none_is_refused(body):
    """Each with its place."""
    with pytest.raises(InputError, match=r"^(body|ready): expected"):
        decode_index_request(body)
