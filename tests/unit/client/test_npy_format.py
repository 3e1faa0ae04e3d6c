import io

import numpy as np
import pytest
from onehot_client.rows.npy_format import decode_npy, encode_npy

ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.arange(24, dtype=np.int64).reshape(2, 3, 4),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(12.0).reshape(3, 4)[:, ::2],
    np.zeros((0, 4)),
    np.array([True, False]),
    np.arange(3, dtype=">f8"),
]


@pytest.mark.parametrize("array", ARRAYS)
def test_numpy_reads_what_is_written(array):
    """In its shape and dtype, whatever its order in memory."""
    read = np.load(io.BytesIO(encode_npy(array)), allow_pickle=False)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("array", ARRAYS)
def test_what_numpy_writes_is_read(array):
    """And may be changed by its caller."""
    file = io.BytesIO()
    np.save(file, array)
    read = decode_npy(file.getvalue())
    np.testing.assert_array_equal(read, array)
    assert read.flags.writeable


@pytest.mark.parametrize("content", [b"", b"{}", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\x02\x00{}"])
def test_what_is_no_array_is_refused(content):
    """One error, whatever is wrong with it."""
    with pytest.raises(ValueError):  # noqa: PT011 -- its caller says what came
        decode_npy(content)


def test_objects_are_never_unpickled():
    """A service that was taken over runs nothing here."""
    file = io.BytesIO()
    np.save(file, np.array([object()]), allow_pickle=True)
    with pytest.raises(ValueError, match="objects"):
        decode_npy(file.getvalue())
