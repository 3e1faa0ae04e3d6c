import math
import struct
from contextlib import suppress

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from service.protocols.inference_protocol.requests import OutputWish, decode_request
from service.protocols.inference_protocol.tensors import parse_header_length

TABLE = InstanceSpec((2,), features=(Feature("island", "category"), Feature("mass", optional=True)))
GAPS = InstanceSpec((2,), features=(Feature("length"), Feature("mass", optional=True)))


def manifest_of(spec: InstanceSpec) -> Manifest:
    return Manifest(
        model="iris", version=3, job_id="job", created_at="2026-01-01T00:00:00Z", task="softmax",
        inputs=(TensorInfo("x", "float32", (None, *spec.shape)),),
        outputs=(TensorInfo("probabilities", "float32", (None, 3)),),
        instance=spec, preprocessing=[{"astype": "float32"}], class_names=("setosa", "versicolor", "virginica"),
        metrics={}, golden_rows=GoldenRows([[0.0]], [[1.0]], 1e-5), files={}, data={}, seed=0, backend="tensorflow",
        package_versions={}, weights_sha256="0" * 64,
    )  # fmt: skip


IRIS = manifest_of(InstanceSpec((2,)))
IMAGE = manifest_of(InstanceSpec((2, 3), model_shape=(2, 3, 1)))
ROWS = [[1.0, 2.0], [3.0, 4.0]]


def tensor(**changes):
    """An input as it stands in a request; a field that is `...` is left out."""
    fields = {"name": "x", "shape": [2, 2], "datatype": "FP32", "data": ROWS} | changes
    return {name: value for name, value in fields.items() if value is not ...}


def binary(content, *, size=..., **changes):
    size = len(content) if size is ... else size
    return tensor(data=..., parameters={"binary_data_size": size}, **changes)


def decode(document, tail=None, manifest=IRIS):
    text = orjson.dumps(document)
    return decode_request(text + (tail or b""), header_length=None if tail is None else len(text), manifest=manifest)


def refused(match):
    return pytest.raises(InputError, match=match)


@pytest.mark.parametrize(
    ("manifest", "shape", "data"),
    [
        (IRIS, [2, 2], [[1, 2], [3, 4]]),
        (IRIS, [2, 2], [1, 2, 3, 4]),
        (IMAGE, [1, 2, 3], [[[1, 2, 3], [4, 5, 6]]]),
        (IMAGE, [1, 2, 3], [1, 2, 3, 4, 5, 6]),
        (IMAGE, [1, 6], [[1, 2, 3, 4, 5, 6]]),
        (IMAGE, [1, 2, 3, 1], [[[[1], [2], [3]], [[4], [5], [6]]]]),
    ],
)
def test_data_comes_nested_or_flat_in_any_shape_that_is_an_instance(manifest, shape, data):
    """Row-major in every case, and the batch has the instance's shape."""
    batch = decode({"inputs": [tensor(shape=shape, data=data)]}, manifest=manifest).batch
    assert batch.dtype == np.float32
    assert batch.shape == (shape[0], *manifest.instance.shape)
    np.testing.assert_array_equal(batch.reshape(-1), np.arange(1, batch.size + 1))


@pytest.mark.parametrize(
    ("datatype", "data"),
    [
        ("FP32", [1.5, 2, -3e38, 0]),
        ("FP64", [1.5, 2, 1e-300, 0]),
        ("INT8", [-128, 127, 0, 1]),
        ("INT16", [-32768, 32767, 0, 1]),
        ("INT32", [-(2**31), 2**31 - 1, 0, 1]),
        ("INT64", [-(2**63), 2**63 - 1, 0, 1]),
        ("UINT8", [0, 255, 1, 2]),
        ("UINT16", [0, 65535, 1, 2]),
        ("UINT32", [0, 2**32 - 1, 1, 2]),
        ("UINT64", [0, 2**64 - 1, 1, 2]),
        ("BOOL", [True, False, True, True]),
    ],
)
def test_json_numbers_of_every_datatype_become_the_nearest_float32(datatype, data):
    """One conversion rule for all of them."""
    batch = decode({"inputs": [tensor(datatype=datatype, data=data)]}).batch
    np.testing.assert_array_equal(batch.reshape(-1), np.array(data, np.float64).astype(np.float32))


@pytest.mark.parametrize(
    ("datatype", "code", "values"),
    [
        ("FP16", "<f2", [1.5, -2, 65504, 0]),
        ("FP32", "<f4", [1.5, -2, 3e38, 0]),
        ("FP64", "<f8", [1.5, -2, 1e-300, 0]),
        ("INT8", "<i1", [-128, 127, 0, 1]),
        ("INT16", "<i2", [-32768, 32767, 0, 1]),
        ("INT32", "<i4", [-(2**31), 2**31 - 1, 0, 1]),
        ("INT64", "<i8", [-(2**63), 2**63 - 1, 0, 1]),
        ("UINT8", "<u1", [0, 255, 1, 2]),
        ("UINT16", "<u2", [0, 65535, 1, 2]),
        ("UINT32", "<u4", [0, 2**32 - 1, 1, 2]),
        ("UINT64", "<u8", [0, 2**64 - 1, 1, 2]),
        ("BOOL", "?", [True, False, True, True]),
    ],
)
def test_bytes_of_every_datatype_become_the_nearest_float32(datatype, code, values):
    """Little-endian, row-major, no padding."""
    content = np.array(values, code).tobytes()
    batch = decode({"inputs": [binary(content, datatype=datatype)]}, content).batch
    np.testing.assert_array_equal(batch.reshape(-1), np.array(values, code).astype(np.float32))


def test_a_bfloat16_is_the_upper_half_of_a_float32():
    """Triton's extra datatype, as bytes."""
    content = struct.pack("<4H", 0x3F80, 0xC000, 0x0000, 0x4049)
    batch = decode({"inputs": [binary(content, datatype="BF16")]}, content).batch
    np.testing.assert_array_equal(batch, [[1.0, -2.0], [0.0, 3.140625]])


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.just(2)),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_bytes_and_json_carry_the_same_batch(batch):
    """Both forms are the identity on float32."""
    content = batch.astype("<f4").tobytes()
    shape = list(batch.shape)
    from_bytes = decode({"inputs": [binary(content, shape=shape)]}, content).batch
    from_json = decode({"inputs": [tensor(shape=shape, data=batch.tolist())]}).batch
    np.testing.assert_array_equal(from_bytes, batch)
    np.testing.assert_array_equal(from_json, batch)


def test_the_batch_of_bytes_is_aligned_and_can_be_written():
    """JSON of any length before the data does not shift what the graph is given."""
    content = np.ones(4, "<f4").tobytes()
    for padding in range(4):
        batch = decode({"id": "i" * padding, "inputs": [binary(content)]}, content).batch
        assert batch.flags.aligned
        assert batch.flags.writeable


def test_a_raw_request_is_a_batch_of_one_and_wants_bytes_back():
    """Header length 0: the body is the data of the only input."""
    request = decode_request(struct.pack("<2f", 1.5, 2.5), header_length=0, manifest=IRIS)
    np.testing.assert_array_equal(request.batch, [[1.5, 2.5]])
    assert request.outputs == (OutputWish("probabilities", binary=True),)
    assert request.id is None


@pytest.mark.parametrize("length", [0, 4, 7, 9, 16])
def test_a_raw_request_of_another_length_is_refused(length):
    """One instance exactly."""
    with refused(rf"expected 8 bytes for 2 values of FP32; received {length} bytes"):
        decode_request(b"\0" * length, header_length=0, manifest=IRIS)


def test_a_raw_request_with_nan_is_refused():
    """Bytes are no way around the rule for JSON."""
    with refused(r"body\[0\]: expected finite float32 numbers; received nan"):
        decode_request(struct.pack("<2f", 1, math.nan), header_length=0, manifest=IRIS)


@pytest.mark.parametrize(
    ("request_parameters", "output", "expected"),
    [
        ({}, ..., OutputWish("probabilities")),
        ({}, [], OutputWish("probabilities")),
        ({}, None, OutputWish("probabilities")),
        ({"binary_data_output": True}, ..., OutputWish("probabilities", binary=True)),
        ({"binary_data_output": False}, ..., OutputWish("probabilities")),
        ({}, [{"name": "probabilities"}], OutputWish("probabilities")),
        ({}, [{"name": "probabilities", "parameters": {"binary_data": True}}],
         OutputWish("probabilities", binary=True)),
        ({"binary_data_output": True}, [{"name": "probabilities"}], OutputWish("probabilities", binary=True)),
        ({"binary_data_output": True}, [{"name": "probabilities", "parameters": {"binary_data": False}}],
         OutputWish("probabilities")),
        ({}, [{"name": "probabilities", "parameters": {"classification": 2}}],
         OutputWish("probabilities", classification=2)),
        ({"binary_data_output": True}, [{"name": "probabilities", "parameters": {"classification": 2}}],
         OutputWish("probabilities", binary=True, classification=2)),
        ({"sequence_id": 7, "priority": 1.5, "note": "x"}, ..., OutputWish("probabilities")),
    ],
)  # fmt: skip
def test_the_wishes_for_the_output_are_read(request_parameters, output, expected):
    """The output's own value wins over the request's; unknown parameters are passed over."""
    document = {"inputs": [tensor()], "parameters": request_parameters}
    if output is not ...:
        document["outputs"] = output
    assert decode(document).outputs == (expected,)


@pytest.mark.parametrize(
    ("document", "expected"), [({}, None), ({"id": "42"}, "42"), ({"id": ""}, ""), ({"id": None}, None)]
)
def test_the_id_is_kept(document, expected):
    """As it came, or none."""
    assert decode(document | {"inputs": [tensor()]}).id == expected


def test_keys_that_the_protocol_does_not_name_are_passed_over():
    """Clients of other servers send `model_name` along."""
    assert decode({"model_name": "m", "inputs": [tensor(extra=1)]}).batch.shape == (2, 2)


def test_cells_of_a_table_come_as_texts():
    """One BYTES tensor carries categories, numbers and gaps."""
    data = ["Dream", "3.5", "Biscoe", ""]
    batch = decode({"inputs": [tensor(datatype="BYTES", data=data)]}, manifest=manifest_of(TABLE)).batch
    assert batch.tolist() == [["Dream", 3.5], ["Biscoe", None]]


def test_cells_of_a_table_come_as_bytes():
    """A length and UTF-8 for each cell."""
    cells = ["Dream", "3.5", "Åland", ""]
    content = b"".join(struct.pack("<I", len(cell.encode())) + cell.encode() for cell in cells)
    document = {"inputs": [binary(content, datatype="BYTES")]}
    assert decode(document, content, manifest_of(TABLE)).batch.tolist() == [["Dream", 3.5], ["Åland", None]]


def test_a_table_of_numbers_with_optional_columns_takes_numbers():
    """As an object array, so that gaps and numbers go the same way."""
    batch = decode({"inputs": [tensor()]}, manifest=manifest_of(GAPS)).batch
    assert batch.dtype == object
    assert batch.tolist() == ROWS


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], r"body: expected a JSON object; received \[\]"),
        ({}, r"inputs: expected a list of one input, 'x'; received None"),
        ({"inputs": {}}, r"inputs: expected a list"),
        ({"inputs": []}, r"inputs: .*received 0 inputs"),
        ({"inputs": [tensor(), tensor()]}, r"inputs: .*received 2 inputs"),
        ({"inputs": [7]}, r"inputs\[0\]: expected an object; received 7"),
        ({"inputs": [tensor(name=7)]}, r"inputs\[0\].name: expected 'x'; received 7"),
        ({"inputs": [tensor(name=...)]}, r"inputs\[0\].name: expected 'x'; received None"),
        ({"inputs": [tensor(datatype=...)]}, r"inputs\[0\].datatype: expected one of BOOL, .*; received None"),
        ({"inputs": [tensor(datatype="fp32")]}, r"inputs\[0\].datatype: .*received 'fp32'"),
        ({"inputs": [tensor(datatype=["FP32"])]}, r"inputs\[0\].datatype: .*received \['FP32'\]"),
        ({"inputs": [tensor(datatype="BYTES")]}, r"inputs\[0\].datatype: expected one of .*FP64; received BYTES"),
        ({"inputs": [tensor(datatype="FP16")]}, r"inputs\[0\].data: expected binary data for FP16"),
        ({"inputs": [tensor(datatype="BF16")]}, r"inputs\[0\].data: expected binary data for BF16"),
        ({"inputs": [tensor(shape=...)]}, r"inputs\[0\].shape: expected a list of whole numbers.*received None"),
        ({"inputs": [tensor(shape=[2, True])]}, r"inputs\[0\].shape: expected a list of whole numbers"),
        ({"inputs": [tensor(shape=[2, -2])]}, r"inputs\[0\].shape: expected a list of whole numbers"),
        ({"inputs": [tensor(shape=[2.0, 2])]}, r"inputs\[0\].shape: expected a list of whole numbers"),
        ({"inputs": [tensor(shape=[])]}, r"inputs\[0\].shape: expected \[batch, 2\] with a batch of at least 1"),
        ({"inputs": [tensor(shape=[2])]}, r"inputs\[0\].shape: .*received \[2\]"),
        ({"inputs": [tensor(shape=[0, 2], data=[])]}, r"inputs\[0\].shape: .*received \[0, 2\]"),
        ({"inputs": [tensor(shape=[2, 3])]}, r"inputs\[0\].shape: .*received \[2, 3\]"),
        ({"inputs": [tensor(shape=[10**18, 2])]}, r"inputs\[0\].data: expected 2000000000000000000 values"),
        ({"inputs": [tensor(data=...)]}, r"inputs\[0\].data: expected a list of numbers; received None"),
        ({"inputs": [tensor(data="1,2")]}, r"inputs\[0\].data: expected a list of numbers; received '1,2'"),
        ({"inputs": [tensor(data=[1, 2, 3])]}, r"inputs\[0\].data: expected 4 values.*received shape \[3\]"),
        ({"inputs": [tensor(data=[[1, 2, 3, 4]])]}, r"inputs\[0\].data: .*received shape \[1, 4\]"),
        ({"inputs": [tensor(data=[[1, 2], [3]])]}, r"inputs\[0\].data: expected rows of equal length"),
        ({"inputs": [tensor(data=[1, [2], 3, 4])]}, r"inputs\[0\].data: expected rows of equal length"),
        ({"inputs": [tensor(data=[[1, 2], [3, "4"]])]}, r"inputs\[0\].data\[1\]\[1\]: expected numbers; received '4'"),
        ({"inputs": [tensor(data=[1, 2, 3, None])]}, r"inputs\[0\].data\[3\]: expected numbers; received None"),
        ({"inputs": [tensor(data=[1, 2, 3, True])]}, r"inputs\[0\].data\[3\]: expected numbers; received True"),
        ({"inputs": [tensor(data=[1, 2, 3, 1e39])]}, r"inputs\[0\]\[1\]: expected finite float32.*received inf"),
        ({"inputs": [tensor(datatype="FP64", data=[1, 2, 3, 1e300])]}, r"inputs\[0\]\[1\]: .*received inf"),
        ({"inputs": [tensor(datatype="INT32", data=[1, 2, 3, 4.0])]}, r"inputs\[0\].data\[3\]: .*received 4.0"),
        ({"inputs": [tensor(datatype="INT8", data=[1, 2, 3, 128])]}, r"data\[3\]: .*-128 to 127 for INT8; .* 128"),
        ({"inputs": [tensor(datatype="UINT16", data=[1, -1, 3, 4])]}, r"data\[1\]: .*0 to 65535 for UINT16"),
        ({"inputs": [tensor(datatype="UINT64", data=[-1, 1, 3, 4])]}, r"data\[0\]: .*for UINT64; received -1"),
        ({"inputs": [tensor(datatype="BOOL", data=[1, 0, 1, 1])]}, r"data\[0\]: expected true or false; received 1"),
        ({"inputs": [tensor()], "id": 7}, r"id: expected text; received 7"),
        ({"inputs": [tensor()], "parameters": []}, r"parameters: expected an object; received \[\]"),
        ({"inputs": [tensor()], "parameters": {"a": {}}}, r"parameters.a: expected text, a number, true or false"),
        ({"inputs": [tensor()], "parameters": {"binary_data_output": 1}}, r"binary_data_output: expected true"),
        ({"inputs": [tensor(parameters=7)]}, r"inputs\[0\].parameters: expected an object; received 7"),
        ({"inputs": [tensor(parameters={"shared_memory_region": "r"})]}, r"expected no shared memory: send the data"),
        ({"inputs": [tensor(parameters={"binary_data_size": 16})]}, r"inputs\[0\].data: expected no data beside"),
        ({"inputs": [binary(b"", size=16)]}, r"binary_data_size: expected the header Inference-Header-Content-Length"),
        ({"inputs": [binary(b"", size="16")]}, r"binary_data_size: expected a number of bytes; received '16'"),
        ({"inputs": [binary(b"", size=True)]}, r"binary_data_size: expected a number of bytes; received True"),
        ({"inputs": [binary(b"", size=-1)]}, r"binary_data_size: expected a number of bytes; received -1"),
        ({"inputs": [tensor()], "outputs": {}}, r"outputs: expected a list of outputs; received \{\}"),
        ({"inputs": [tensor()], "outputs": [7]}, r"outputs\[0\]: expected an object; received 7"),
        ({"inputs": [tensor()], "outputs": [{"name": "y"}]}, r"outputs\[0\].name: expected 'probabilities'.*'y'"),
        ({"inputs": [tensor()], "outputs": [{"name": []}]}, r"outputs\[0\].name: .*received \[\]"),
        ({"inputs": [tensor()], "outputs": [{"name": "probabilities"}] * 2}, r"outputs: expected each output once"),
        ({"inputs": [tensor()], "outputs": [{"name": "probabilities", "parameters": {"binary_data": "yes"}}]},
         r"outputs\[0\].parameters.binary_data: expected true or false; received 'yes'"),
        ({"inputs": [tensor()], "outputs": [{"name": "probabilities", "parameters": {"classification": 0}}]},
         r"outputs\[0\].parameters.classification: expected a number of classes, at least 1; received 0"),
        ({"inputs": [tensor()], "outputs": [{"name": "probabilities", "parameters": {"classification": True}}]},
         r"classification: .*received True"),
        ({"inputs": [tensor()], "outputs": [{"name": "probabilities", "parameters": {"classification": 1.5}}]},
         r"classification: .*received 1.5"),
    ],
)  # fmt: skip
def test_what_is_not_the_protocol_is_refused_by_place(document, message):
    """The error names the place, what was expected and what came."""
    with refused(message):
        decode(document)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", r"body: expected JSON; received"),
        (b"{", r"body: expected JSON; received"),
        (
            b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[NaN,1]}]}',
            r"inputs\[0\]\.data\[0\]: expected finite numbers",
        ),
        (
            b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1e999,1]}]}',
            r"inputs\[0\]\.data\[0\]: expected finite numbers",
        ),
        (b"\xff\xfe", r"body: expected JSON"),
        (b"[" * 5000, r"body: expected JSON"),
    ],
)
def test_what_is_not_json_is_refused(body, message):
    """NaN and infinity are no JSON."""
    with refused(message):
        decode_request(body, header_length=None, manifest=IRIS)


def test_data_nested_a_thousand_deep_is_refused():
    """Depth is no way to a server error, neither where numbers belong nor where an object does."""
    deep = b"[" * 1000 + b"]" * 1000
    with refused(r"inputs\[0\].data"):
        decode_request(b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":' + deep + b"}]}",
                       header_length=None, manifest=IRIS)  # fmt: skip
    with refused(r"inputs\[0\]: expected an object"):
        decode_request(b'{"inputs":[' + deep + b"]}", header_length=None, manifest=IRIS)


CONTENT = np.array(ROWS, "<f4").tobytes()


@pytest.mark.parametrize(
    ("given", "tail", "message"),
    [
        (binary(CONTENT), CONTENT[:-1], r"binary_data_size: expected at most 15, the bytes left .*; received 16"),
        (binary(CONTENT), CONTENT + b"\0", r"body: expected no bytes after the data .*; received 1 more bytes"),
        (binary(CONTENT, size=12), CONTENT, r"binary_data_size: expected 16 bytes for 4 values of FP32; received 12"),
        (binary(CONTENT, datatype="FP64"), CONTENT, r"expected 32 bytes for 4 values of FP64; received 16 bytes"),
        (binary(CONTENT, shape=[10**18, 2]), CONTENT, r"expected 8000000000000000000 bytes"),
        (tensor(), CONTENT, r"body: expected no bytes after .*received 16 more bytes"),
        (binary(b"\0\1\2\1", datatype="BOOL"), b"\0\1\2\1", r"expected bytes 0 or 1 for BOOL; received 2"),
        (binary(np.full(4, np.nan, "<f4").tobytes()), np.full(4, np.nan, "<f4").tobytes(), r"inputs\[0\]\[0\]: .*nan"),
        (binary(np.full(4, np.inf, "<f2").tobytes(), datatype="FP16"), np.full(4, np.inf, "<f2").tobytes(), r"inf"),
        (binary(np.full(4, 1e300, "<f8").tobytes(), datatype="FP64"), np.full(4, 1e300, "<f8").tobytes(), r"inf"),
    ],
)  # fmt: skip
def test_bytes_that_do_not_fit_are_refused(given, tail, message):
    """Left-over bytes, missing bytes, another size, and what is not a finite number."""
    with refused(message):
        decode({"inputs": [given]}, tail)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"inputs\[0\]: expected 2 elements of BYTES; received 0 elements"),
        (b"\1\0\0", r"inputs\[0\]: expected a 4-byte length .*; received 3 bytes for element 0"),
        (b"\2\0\0\0a", r"received 5 bytes for element 0"),
        (b"\xff\xff\xff\xffabc", r"received 7 bytes for element 0"),
        (b"\1\0\0\0a\1\0\0\0\xff", r"inputs\[0\]\[1\]: expected UTF-8"),
        (b"\1\0\0\0a" * 3, r"expected 2 elements of BYTES; received more"),
        (b"\5\0\0\0Dream\1\0\0\0x", r"instances\[0\].mass: expected a number; received 'x'"),
    ],
)
def test_texts_that_do_not_fit_are_refused(content, message):
    """Lengths that lie, and cells that are not of their column."""
    with refused(message):
        decode({"inputs": [binary(content, shape=[1, 2], datatype="BYTES")]}, content, manifest_of(TABLE))


@pytest.mark.parametrize("datatype", ["FP32", "INT64", "BOOL"])
def test_numbers_are_refused_where_a_column_holds_text(datatype):
    """The message says in which form the cells come."""
    with refused(r"inputs\[0\].datatype: expected BYTES, each cell as text"):
        decode({"inputs": [tensor(datatype=datatype)]}, manifest=manifest_of(TABLE))


def test_a_raw_request_is_refused_where_a_column_holds_text():
    """BYTES cannot be told apart without their shape."""
    with refused("expected the JSON that describes a BYTES tensor"):
        decode_request(b"\0" * 8, header_length=0, manifest=manifest_of(TABLE))


@pytest.mark.parametrize("length", [-1, 10_000])
def test_a_header_length_outside_of_the_body_is_refused(length):
    """0 to the length of the body."""
    with refused(r"Inference-Header-Content-Length: expected 0 to 2, the bytes of the body"):
        decode_request(b"{}", header_length=length, manifest=IRIS)


@pytest.mark.parametrize(("text", "expected"), [(None, None), ("0", 0), ("123", 123), (" 7\t", 7)])
def test_the_header_length_is_read(text, expected):
    """Decimal digits; absent means that all of the body is JSON."""
    assert parse_header_length(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "0x10", "1_0", "one", "٣", "9" * 19, "1, 2"])
def test_a_header_length_that_is_no_plain_number_is_refused(text):
    """Nothing that another party on the way could read otherwise."""
    with refused(r"Inference-Header-Content-Length: expected a number of bytes"):
        parse_header_length(text)


@given(st.binary(max_size=200), st.one_of(st.none(), st.integers(0, 200)))
def test_any_bytes_give_a_request_or_an_input_error(body, header_length):
    """Nothing else ever comes out."""
    with suppress(InputError):
        decode_request(body, header_length=header_length, manifest=IRIS)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["x", "FP32", "INT8", "BOOL", "BYTES", "FP16", "probabilities", ""]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["name", "shape", "datatype", "data", "parameters", "binary_data_size", "classification"]),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip
PARTS = ["name", "shape", "datatype", "data", "parameters"]


@given(st.dictionaries(st.sampled_from(PARTS), VALUES), st.sampled_from([IRIS, IMAGE, manifest_of(TABLE)]), st.data())
def test_any_json_in_any_place_gives_a_request_or_an_input_error(changes, manifest, data):
    """Fields of an otherwise good request are replaced by whatever there is in JSON."""
    document = {"inputs": [tensor(**changes)], "outputs": data.draw(st.none() | st.lists(VALUES, max_size=2))}
    with suppress(InputError):
        decode(document, manifest=manifest)
