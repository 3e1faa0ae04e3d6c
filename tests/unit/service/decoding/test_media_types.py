import io

import numpy as np
import pytest
from PIL import Image

from models.preprocessing.instances import InstanceSpec
from service.decoding.media_types import BATCH_TYPES, parse_batch
from service.decoding.npy import encode_npy
from service.errors import UnsupportedBody

IMAGE = InstanceSpec((2, 2))
PIXELS = np.array([[0, 64], [128, 255]], np.uint8)


def picture(kind):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, kind)
    return file.getvalue()


BODIES = {
    "application/x-npy": encode_npy(PIXELS[np.newaxis]),
    "text/csv": b"0,64,128,255\n",
    "image/png": picture("PNG"),
}


@pytest.mark.parametrize("content_type", BODIES)
@pytest.mark.parametrize("parameters", ["", "; charset=utf-8"])
def test_every_type_makes_the_same_batch(content_type, parameters):
    """The type is read without its parameters and in any case."""
    batch = parse_batch(BODIES[content_type], content_type.upper() + parameters, IMAGE)
    np.testing.assert_array_equal(batch, PIXELS[np.newaxis])


def test_a_jpeg_is_a_batch_of_one():
    """Lossy, so only its shape is told."""
    assert parse_batch(picture("JPEG"), "image/jpeg", IMAGE).shape == (1, 2, 2)


@pytest.mark.parametrize(
    ("content_type", "rows"), [("text/csv; header=present", 1), ('text/csv; header="absent"', 2), ("text/csv", 2)]
)
def test_the_media_type_may_say_whether_there_is_a_header(content_type, rows):
    """RFC 4180's parameter."""
    assert len(parse_batch(b"1,2,3,4\n5,6,7,8\n", content_type, IMAGE)) == rows


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/vnd.apache.arrow.file", "image/tiff", "text/csvx"]
)
def test_another_type_is_refused(content_type):
    """With the types that are taken."""
    with pytest.raises(UnsupportedBody, match=BATCH_TYPES[0]):
        parse_batch(b"", content_type, IMAGE)
