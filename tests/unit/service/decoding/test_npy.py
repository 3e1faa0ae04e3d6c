import io
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from service.decoding.npy import encode_npy, parse_npy

ROW = InstanceSpec((3,))
IMAGE = InstanceSpec((2, 3), model_shape=(2, 3, 1))
GAPS = InstanceSpec((3,), features=(Feature("a"), Feature("b", optional=True), Feature("c")))


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def file_of(header, content=b"", *, version=(1, 0)):
    text = header.encode("latin-1")
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text + content


@pytest.mark.parametrize(
    "code", ["?", "<i1", "<u1", "<i2", ">i2", "<u4", ">u4", "<i8", "<u8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_numeric_dtype_in_either_order_becomes_the_nearest_float32(code, order):
    """Bytes of either endianness, row-major or column-major."""
    array = np.array([[1, 0, 1], [0, 1, 1]], dtype=code, order=order)
    batch = parse_npy(saved(array), ROW)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, array.astype(np.float32))


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.just(3)),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_a_batch_goes_through_unchanged(batch):
    """What numpy saved, and what is answered, is the identity on float32."""
    np.testing.assert_array_equal(parse_npy(saved(batch), ROW), batch)
    np.testing.assert_array_equal(parse_npy(encode_npy(batch), ROW), batch)
    np.testing.assert_array_equal(np.load(io.BytesIO(encode_npy(batch)), allow_pickle=False), batch)


@pytest.mark.parametrize("shape", [(1, 2, 3), (1, 6), (1, 2, 3, 1)])
def test_an_image_may_come_in_any_shape_that_is_an_instance(shape):
    """The samples axis first."""
    assert parse_npy(saved(np.ones(shape, np.uint8)), IMAGE).shape == (1, 2, 3)


def test_optional_columns_make_an_object_array():
    """As the same rows in JSON."""
    assert parse_npy(saved(np.ones((1, 3))), GAPS).dtype == object


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,3)}",
        "{'shape': (1, 3), 'fortran_order': True, 'descr': '<f4'}          \n",
        '{"descr": "<f4", "fortran_order": False, "shape": (1, 3, )}',
    ],
)
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_headers_of_other_writers_are_read(header, version):
    """Order, quotes and blanks are free."""
    content = struct.pack("<3f", 1, 2, 3)
    np.testing.assert_array_equal(parse_npy(file_of(header, content, version=version), ROW), [[1, 2, 3]])


def header(descr="'<f4'", order="False", shape="(1, 3)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


ZEROS = b"\0" * 12


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", r"body: expected a .npy file"),
        (b"PK\3\4", r"body: expected a .npy file; received a body that starts b'PK"),
        (b"\x93NUMPY", r"version 1.0, 2.0 or 3.0"),
        (b"\x93NUMPY\4\0\1\0", r"version 1.0, 2.0 or 3.0"),
        (b"\x93NUMPY\1\0\xff\xff{}", r"a .npy header within the body"),
        (b"\x93NUMPY\2\0\xff\xff\xff\xff", r"a .npy header within the body"),
        (file_of(header() + " " * 20_000, ZEROS), r"at most 10000 bytes; received a header of 20"),
        (file_of("{}", ZEROS), r"a plain descr, fortran_order and shape"),
        (file_of("[1, 2]", ZEROS), r"a plain descr"),
        (file_of(header() + "x", ZEROS), r"a plain descr"),
        (file_of("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1, 3)}"), r"a plain"),
        (file_of(header(descr="[('a', '<f4')]"), ZEROS), r"a plain descr"),
        (file_of("(" * 9000, ZEROS), r"a plain descr"),
        (file_of("-" * 9000 + "1", ZEROS), r"a plain descr"),
        (file_of(header(shape=f"({'1, ' * 300})"), ZEROS), r"a plain descr"),
        (file_of(header(descr="('<f4', (3,))", shape="(1,)"), ZEROS), r"a plain descr"),
        (file_of(header(descr="'|O'"), ZEROS), r"expected a dtype of booleans, .*; received '|O'"),
        (file_of(header(descr="'<U3'"), ZEROS), r"expected a dtype"),
        (file_of(header(descr="'<c8'"), ZEROS), r"expected a dtype"),
        (file_of(header(descr="'<f16'"), ZEROS), r"expected a dtype"),
        (file_of(header(descr="'<M8[s]'"), ZEROS), r"expected a dtype"),
        (file_of(header(shape="()"), ZEROS), r"expected shape \[batch, 3\]; received shape \[\]"),
        (file_of(header(shape="(3,)"), ZEROS), r"expected shape \[batch, 3\]; received shape \[3\]"),
        (file_of(header(shape="(0, 3)")), r"received shape \[0, 3\]"),
        (file_of(header(shape="(1, 4)"), ZEROS), r"received shape \[1, 4\]"),
        (file_of(header(shape="(-1, 3)"), ZEROS), r"a plain descr"),
        (file_of(header(shape="(99999999999999999999999, 3)"), ZEROS), r"expected \d+ bytes for shape"),
        (file_of(header(), ZEROS[:-1]), r"expected 12 bytes for shape \[1, 3\] of float32; received 11 bytes"),
        (file_of(header(), ZEROS + b"\0"), r"received 13 bytes"),
        (saved(np.array([[1, 2, 3], [1, np.nan, 3]])), r"instances\[1\]: expected finite float32 .*received nan"),
        (saved(np.array([[1, 2, 1e300]])), r"instances\[0\]: .*received inf"),
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(body, message):
    """Never unpickled, never evaluated, and named by place."""
    with pytest.raises(InputError, match=message):
        parse_npy(body, ROW)


def test_a_pickle_is_refused_before_it_is_looked_at():
    """An object array of numpy's own making."""
    file = io.BytesIO()
    np.save(file, np.array([[{}, 1, 2]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"expected a dtype of booleans"):
        parse_npy(file.getvalue(), ROW)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_gives_a_batch_or_an_input_error(position, damage):
    """Nothing else ever comes out."""
    body = saved(np.ones((2, 3), np.float32))
    with suppress(InputError):
        parse_npy(body[:position] + damage + body[position + len(damage) :], ROW)
