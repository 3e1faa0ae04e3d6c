"""The Open Inference Protocol V2 over HTTP, case by case from its text and its extensions' texts."""

import gzip
import json
import struct

import numpy as np
import pytest

from models.settings import Settings
from service.app import create_app

VERSION = "X-Onehot-Model-Version"
LENGTH = "Inference-Header-Content-Length"
INFER = "/v2/models/classic/infer"
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
WHOLE = [1, 0, 1, 1, 0, 0, 1, 0]
WHOLE_TYPES = ["UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"]
CODES = dict(zip(WHOLE_TYPES, ("<u1", "<u2", "<u4", "<u8", "<i1", "<i2", "<i4", "<i8"), strict=True)) | {
    "BOOL": "<u1", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8",
}  # fmt: skip
CELLS = ["1", "2", "3", "4", "", "dream"]


def tensor(data=None, **changes):
    """The only input of `classic`."""
    given = {"name": "x", "shape": [1, 8], "datatype": "FP32"} | ({} if data is None else {"data": data})
    return given | changes


def binary_body(document, *tails):
    """JSON and what comes after it, with the header that says where."""
    text = json.dumps(document).encode()
    return {"data": text + b"".join(tails), "headers": {LENGTH: str(len(text))}}


def split(answer):
    """The JSON and the bytes behind it."""
    size = int(answer.headers[LENGTH])
    return json.loads(answer.data[:size]), answer.data[size:]


def texts(*values):
    return b"".join(struct.pack("<I", len(value.encode())) + value.encode() for value in values)


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_the_server_names_itself_and_its_extensions(client, path):
    """No more than it can do."""
    document = client.get(path).json
    assert set(document) == {"name", "version", "extensions"}
    assert document["extensions"] == ["binary_tensor_data", "classification"]


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready"])
def test_it_is_live_and_ready(client, path):
    """Clients read the status code; the body has the specification's key."""
    answer = client.get(path)
    assert (answer.status_code, answer.json["live"]) == (200, True)


def test_it_is_live_before_it_is_ready(tmp_path):
    """Not ready is a 503 that says what it waits for."""
    client = create_app(Settings(store=str(tmp_path / "store"))).test_client()
    assert client.get("/v2/health/live").status_code == 200
    answer = client.get("/v2/health/ready")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json["ready"] is False
    assert "the first look" in answer.json["error"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/models/classic/ready", 200),
        ("/v2/models/classic/versions/2/ready", 200),
        ("/v2/models/broken/ready", 503),
        ("/v2/models/nobody/ready", 404),
        ("/v2/models/classic/versions/9/ready", 404),
        ("/v2/models/classic/versions/one/ready", 404),
    ],
)
def test_a_model_is_ready_or_not(client, path, status):
    """By the status code."""
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json == {"name": "classic", "ready": True} if status == 200 else answer.json["error"]


@pytest.mark.parametrize("path", ["/v2/models/classic", "/v2/models/classic/versions/1"])
def test_metadata_names_the_tensors(client, path):
    """The samples axis is -1."""
    assert client.get(path).json == {
        "name": "classic", "versions": ["1", "2"], "platform": "onnx_onnxv1",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 8]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}],
    }  # fmt: skip


def test_a_table_with_text_takes_bytes(client):
    """Every cell as text."""
    assert client.get("/v2/models/flowers").json["inputs"] == [{"name": "x", "datatype": "BYTES", "shape": [-1, 6]}]


@pytest.mark.parametrize(("place", "version", "graph"), [("", "1", "classic-a"), ("/versions/2", "2", "classic-b")])
def test_infer_in_json(client, compute, place, version, graph):
    """The answer names model and version, echoes the id, and gives every output."""
    answer = client.post(f"/v2/models/classic{place}/infer", json={"id": "request-7", "inputs": [tensor(ROW)]})
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.headers[VERSION] == version
    document = answer.json
    (output,) = document.pop("outputs")
    assert document == {"model_name": "classic", "model_version": version, "id": "request-7"}
    assert (output["name"], output["datatype"], output["shape"]) == ("probabilities", "FP32", [1, 3])
    assert np.allclose([output["data"]], compute(graph, [ROW]), atol=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        tensor([ROW, ROW], shape=[2, 8]),
        tensor(ROW * 2, shape=[2, 8]),
        tensor([[ROW], [ROW]], shape=[2, 1, 8]),
        tensor(ROW * 2, shape=[2, 8], datatype="FP64"),
        tensor(ROW * 2, shape=[2, 8], parameters={"anything": 1, "else": "text"}),
    ],
)
def test_data_is_nested_or_flat(client, compute, given):
    """Row-major; the shape says which is which."""
    (output,) = client.post(INFER, json={"inputs": [given]}).json["outputs"]
    assert output["shape"] == [2, 3]
    assert np.allclose(np.reshape(output["data"], (2, 3)), compute("classic-a", [ROW, ROW]), atol=1e-6)


@pytest.mark.parametrize("datatype", WHOLE_TYPES)
def test_whole_numbers_in_json(client, compute, datatype):
    """Each of the protocol's integers."""
    (output,) = client.post(INFER, json={"inputs": [tensor(WHOLE, datatype=datatype)]}).json["outputs"]
    assert np.allclose([output["data"]], compute("classic-a", [WHOLE]), atol=1e-6)


def test_truth_in_json(client, compute):
    """`true` is 1."""
    data = [bool(value) for value in WHOLE]
    (output,) = client.post(INFER, json={"inputs": [tensor(data, datatype="BOOL")]}).json["outputs"]
    assert np.allclose([output["data"]], compute("classic-a", [WHOLE]), atol=1e-6)


@pytest.mark.parametrize("datatype", [*CODES, "BF16"])
def test_every_datatype_as_bytes(client, compute, datatype):
    """Little-endian, row-major, no padding."""
    if datatype == "BF16":
        content = (np.asarray(WHOLE, "<f4").view("<u4") >> 16).astype("<u2").tobytes()
    else:
        content = np.asarray(WHOLE, CODES[datatype]).tobytes()
    given = tensor(datatype=datatype, parameters={"binary_data_size": len(content)})
    answer = client.post(INFER, **binary_body({"inputs": [given]}, content))
    (output,) = answer.json["outputs"]
    assert np.allclose([output["data"]], compute("classic-a", [WHOLE]), atol=1e-6)


@pytest.mark.parametrize("content_type", [None, "application/octet-stream", "application/json", "text/plain", "x"])
def test_the_content_type_is_not_looked_at(client, content_type):
    """Public clients send none, or any."""
    content = np.asarray(ROW, "<f4").tobytes()
    body = binary_body({"inputs": [tensor(parameters={"binary_data_size": 32})]}, content)
    assert client.post(INFER, **body, content_type=content_type).status_code == 200


BINARY_OUTPUT = {"name": "probabilities", "parameters": {"binary_data": True}}
JSON_OUTPUT = {"name": "probabilities", "parameters": {"binary_data": False}}


@pytest.mark.parametrize(
    ("asked", "is_binary"),
    [
        ({}, False),
        ({"outputs": []}, False),
        ({"outputs": [{"name": "probabilities"}]}, False),
        ({"outputs": [BINARY_OUTPUT]}, True),
        ({"parameters": {"binary_data_output": True}}, True),
        ({"parameters": {"binary_data_output": True}, "outputs": [{"name": "probabilities"}]}, True),
        ({"parameters": {"binary_data_output": True}, "outputs": [JSON_OUTPUT]}, False),
        ({"parameters": {"binary_data_output": False}, "outputs": [BINARY_OUTPUT]}, True),
    ],
)
def test_outputs_come_as_bytes_where_that_is_asked(client, compute, asked, is_binary):
    """What an output says wins over what the request says."""
    answer = client.post(INFER, json={"inputs": [tensor(ROW)], **asked})
    if not is_binary:
        assert LENGTH not in answer.headers
        assert "parameters" not in answer.json["outputs"][0]
        return
    document, content = split(answer)
    assert answer.content_type == "application/octet-stream"
    (output,) = document["outputs"]
    assert "data" not in output
    assert output["parameters"] == {"binary_data_size": len(content)}
    assert np.allclose([np.frombuffer(content, "<f4")], compute("classic-a", [ROW]), atol=1e-6)


def test_a_raw_request_is_one_instance(client, compute):
    """Header 0: nothing but the data, and nothing but data comes back behind the JSON."""
    answer = client.post(INFER, data=np.asarray(ROW, "<f4").tobytes(), headers={LENGTH: "0"})
    document, content = split(answer)
    assert document["outputs"][0]["shape"] == [1, 3]
    assert np.allclose([np.frombuffer(content, "<f4")], compute("classic-a", [ROW]), atol=1e-6)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 99])
def test_classification_gives_value_index_and_label(client, compute, count, binary):
    """BYTES `[batch, k]`, the best first, six decimals."""
    wish = {"name": "probabilities", "parameters": {"classification": count, "binary_data": binary}}
    answer = client.post(INFER, json={"inputs": [tensor(ROW)], "outputs": [wish]})
    (expected,) = compute("classic-a", [ROW])
    best = np.argsort(-expected)[:count]
    document, content = split(answer) if binary else (answer.json, b"")
    (output,) = document["outputs"]
    assert (output["datatype"], output["shape"]) == ("BYTES", [1, min(count, 3)])
    if binary:
        assert content[4:].startswith(f"{expected[best[0]]:.6f}"[:6].encode())
        assert len(content) == output["parameters"]["binary_data_size"]
    else:
        values = [text.split(":") for text in output["data"]]
        assert [(int(index), label) for _, index, label in values] == [(i, f"class {i}") for i in best]
        assert np.allclose([float(value) for value, _, _ in values], expected[best], atol=1e-5)


@pytest.mark.parametrize("binary", [False, True])
def test_cells_of_a_table_are_bytes(client, compute, binary):
    """As text, in JSON or behind it; an empty one is a gap."""
    given = {"name": "x", "shape": [1, 6], "datatype": "BYTES"}
    if binary:
        content = texts(*CELLS)
        document = {"inputs": [{**given, "parameters": {"binary_data_size": len(content)}}]}
        answer = client.post("/v2/models/flowers/infer", **binary_body(document, content))
    else:
        answer = client.post("/v2/models/flowers/infer", json={"inputs": [{**given, "data": CELLS}]})
    (output,) = answer.json["outputs"]
    assert np.allclose([output["data"]], compute("classic-a", [[1, 2, 3, 4, 7, 0, 1, 0]]), atol=1e-6)


def test_bodies_may_be_compressed(client):
    """The header counts the JSON as it is after decompression."""
    content = np.asarray(ROW, "<f4").tobytes()
    body = binary_body({"inputs": [tensor(parameters={"binary_data_size": 32})]}, content)
    body["data"] = gzip.compress(body["data"])
    body["headers"]["Content-Encoding"] = "gzip"
    assert client.post(INFER, **body).status_code == 200


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "body"),
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": [1]}, "inputs[0]"),
        ({"inputs": [tensor(ROW), tensor(ROW)]}, "inputs"),
        ({"inputs": [tensor(ROW, name=7)]}, "inputs[0].name"),
        ({"inputs": [{"shape": [1, 8], "datatype": "FP32", "data": ROW}]}, "inputs[0].name"),
        ({"inputs": [tensor(ROW, datatype="FP31")]}, "inputs[0].datatype"),
        ({"inputs": [tensor(ROW, datatype=None)]}, "inputs[0].datatype"),
        ({"inputs": [tensor(["a"] * 8, datatype="BYTES")]}, "inputs[0].datatype"),
        ({"inputs": [tensor(ROW, datatype="FP16")]}, "inputs[0].data"),
        ({"inputs": [tensor(ROW, datatype="BF16")]}, "inputs[0].data"),
        ({"inputs": [tensor(ROW, shape=[8])]}, "inputs[0].shape"),
        ({"inputs": [tensor(ROW, shape=[1, 7])]}, "inputs[0].shape"),
        ({"inputs": [tensor(ROW, shape=[-1, 8])]}, "inputs[0].shape"),
        ({"inputs": [tensor([], shape=[0, 8])]}, "inputs[0].shape"),
        ({"inputs": [tensor(ROW, shape="1,8")]}, "inputs[0].shape"),
        ({"inputs": [tensor(ROW, shape=[1.0, 8])]}, "inputs[0].shape"),
        ({"inputs": [tensor(ROW, shape=[2, 8])]}, "inputs[0].data"),
        ({"inputs": [tensor([ROW, ROW[:7]], shape=[2, 8])]}, "inputs[0].data"),
        ({"inputs": [tensor([*ROW[:7], "1"])]}, "inputs[0].data[7]"),
        ({"inputs": [tensor([*ROW[:7], None])]}, "inputs[0].data[7]"),
        ({"inputs": [tensor([*ROW[:7], True])]}, "inputs[0].data[7]"),
        ({"inputs": [tensor([*ROW[:7], 1e39])]}, "inputs[0]"),
        ({"inputs": [tensor([*WHOLE[:7], 256], datatype="UINT8")]}, "inputs[0].data[7]"),
        ({"inputs": [tensor([*WHOLE[:7], 1.5], datatype="INT32")]}, "inputs[0].data[7]"),
        ({"inputs": [tensor(WHOLE, datatype="BOOL")]}, "inputs[0].data[0]"),
        ({"inputs": [tensor()]}, "inputs[0].data"),
        ({"inputs": [tensor(parameters={"binary_data_size": 32})]}, "inputs[0].parameters.binary_data_size"),
        ({"inputs": [tensor(ROW, parameters={"binary_data_size": 32})]}, "inputs[0].data"),
        ({"inputs": [tensor(ROW, parameters={"shared_memory_region": "r"})]}, "inputs[0].parameters"),
        ({"inputs": [tensor(ROW, parameters=[])]}, "inputs[0].parameters"),
        ({"inputs": [tensor(ROW)], "id": 7}, "id"),
        ({"inputs": [tensor(ROW)], "outputs": {}}, "outputs"),
        ({"inputs": [tensor(ROW)], "outputs": [{"name": "y"}]}, "outputs[0].name"),
        ({"inputs": [tensor(ROW)], "outputs": [BINARY_OUTPUT, BINARY_OUTPUT]}, "outputs"),
        ({"inputs": [tensor(ROW)], "outputs": [{"name": "probabilities", "parameters": {"classification": 0}}]},
         "outputs[0].parameters.classification"),
        ({"inputs": [tensor(ROW)], "parameters": {"binary_data_output": "yes"}}, "parameters.binary_data_output"),
        ({"inputs": [tensor(ROW * 65, shape=[65, 8])]}, "inputs[0]"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_a_400_that_names_the_place(client, document, place):
    """`{"error": "PLACE: expected …; received …"}`."""
    answer = client.post(INFER, json=document)
    assert answer.status_code == 400
    assert list(answer.json) == ["error"]
    assert answer.json["error"].startswith(f"{place}")
    assert "expected" in answer.json["error"]


@pytest.mark.parametrize(
    ("header", "size", "tail"),
    [
        ("x", 32, 32), ("-1", 32, 32), ("1.0", 32, 32), ("9999999", 32, 32), ("", 32, 32),
        (None, 32, 31), (None, 32, 33), (None, 31, 31), (None, 33, 33), (None, -1, 32), (None, "32", 32), (None, 0, 0),
    ],
)  # fmt: skip
def test_bytes_that_do_not_add_up_are_a_400(client, header, size, tail):
    """Missing, left over, or announced wrongly."""
    body = binary_body({"inputs": [tensor(parameters={"binary_data_size": size})]}, bytes(tail))
    if header is not None:
        body["headers"][LENGTH] = header
    answer = client.post(INFER, **body)
    assert answer.status_code == 400
    assert "expected" in answer.json["error"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_as_bytes_too(client, value):
    """One rule for JSON and binary data."""
    content = np.asarray([*ROW[:7], value], "<f4").tobytes()
    answer = client.post(INFER, data=content, headers={LENGTH: "0"})
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"inputs": NaN}'])
def test_what_is_no_json_is_a_400(client, body):
    """Also an empty body."""
    assert client.post(INFER, data=body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v2/models/nobody/infer", 404),
        ("POST", "/v2/models/classic/versions/9/infer", 404),
        ("POST", "/v2/models/classic/versions/one/infer", 404),
        ("POST", "/v2/models/broken/infer", 503),
        ("GET", "/v2/models/nobody", 404),
        ("GET", "/v2/models/broken", 503),
        ("GET", INFER, 405),
        ("POST", "/v2/models/classic", 405),
        ("POST", "/v2/repository/models/classic/load", 404),
        ("GET", "/v2/nothing", 404),
    ],
)
def test_the_status_code_of_what_is_not_there(client, method, path, status):
    """Each with `{"error"}`."""
    answer = client.open(path, method=method, json={"inputs": [tensor(ROW)]} if method == "POST" else None)
    assert answer.status_code == status
    assert list(answer.json) == ["error"]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ready": false}'])
def test_the_index_lists_every_version(client, body):
    """With its state, and the reason where it is not ready."""
    entries = client.post("/v2/repository/index", data=body).json
    assert {"name": "classic", "version": "2", "state": "READY", "reason": ""} in entries
    (broken,) = [entry for entry in entries if entry["name"] == "broken"]
    assert broken["state"] == "UNAVAILABLE"
    assert "model.onnx" in broken["reason"]


def test_the_index_lists_what_is_ready(client):
    """When only that is asked for."""
    entries = client.post("/v2/repository/index", json={"ready": True}).json
    assert {entry["state"] for entry in entries} == {"READY"}


@pytest.mark.parametrize("body", [b"[]", b'{"ready": 1}', b"{"])
def test_the_index_refuses_what_is_no_request(client, body):
    """With 400."""
    assert client.post("/v2/repository/index", data=body).status_code == 400


@pytest.mark.parametrize("depth", [20, 1000])
def test_lists_without_end_are_not_followed_to_their_end(client, depth):
    """Neither in this protocol nor in the other one."""
    data = "[1, " * depth + '"x"' + "]" * depth
    text = f'{{"inputs": [{{"name": "x", "shape": [1, 8], "datatype": "FP32", "data": {data}}}]}}'
    for path, body in ((INFER, text), ("/v1/models/classic:predict", f'{{"instances": {data}}}')):
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code == 400
        assert len(answer.json["error"]) < 300
