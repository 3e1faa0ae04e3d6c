"""Archives of arrays as bodies: the features that were trained on."""

import io
import zipfile

import numpy as np
import pytest

from models.errors import InputError
from models.preprocessing.instances import InstanceSpec
from service.decoding.npz import parse_npz

SPEC = InstanceSpec((2,))
ROWS = np.arange(6, dtype=np.float32).reshape(3, 2)
MOST_BYTES = 2**20


def archive(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": ROWS, "y": np.zeros(3)},
        {"pixels": ROWS},
        {"pixels": ROWS, "y": np.zeros(3), "class_names": np.array(["a", "b"])},
        {"x_train": ROWS, "y_train": np.zeros(3), "x_test": np.zeros((1, 2)), "y_test": np.zeros(1)},
    ],
)
def test_the_features_of_an_archive_are_a_batch(arrays) -> None:
    """By a usual name, else what is no target."""
    np.testing.assert_array_equal(parse_npz(archive(**arrays), SPEC, most_bytes=MOST_BYTES), ROWS)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"no archive", "expected a .npz file"),
        (archive(a=ROWS, b=ROWS), "an array 'x' (or "),
        (archive(x=np.zeros((3, 5))), "body: expected shape [batch, 2]"),
        (archive(x=np.array([["a", "b"]])), "expected a dtype of booleans"),
        (archive(x=np.zeros((200_000, 2))), "expected features of at most 1048576 bytes"),
        (archive(), "received none"),
    ],
)
def test_another_archive_is_refused(body, said) -> None:
    """By name; what would become too large before it is unpacked."""
    with pytest.raises(InputError) as caught:
        parse_npz(body, SPEC, most_bytes=MOST_BYTES)
    assert said in str(caught.value)


def test_an_archive_that_lies_about_its_size_is_refused() -> None:
    """No more is unpacked than it says."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x.npy", b"\0" * 100_000)
    body = bytearray(file.getvalue())
    for place in (body.find(b"PK\x01\x02") + 24, body.find(b"PK\x03\x04") + 22):
        body[place : place + 4] = (64).to_bytes(4, "little")
    with pytest.raises(InputError):
        parse_npz(bytes(body), SPEC, most_bytes=MOST_BYTES)
