"""Images as people bring them, in requests: from phones, in every usual format, in every spelling of base64."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.preprocessing.instances import AS_STORED, InstanceSpec
from service.decoding.images import decode_image, parse_instances_with_images
from service.decoding.media_types import parse_batch

COLOUR = InstanceSpec((4, 6, 3))
PIXELS = np.random.default_rng(7).integers(0, 255, (4, 6, 3), np.uint8)
STORED = {1: PIXELS, 2: PIXELS[:, ::-1], 3: PIXELS[::-1, ::-1], 4: PIXELS[::-1], 5: PIXELS.transpose(1, 0, 2),
          6: np.rot90(PIXELS), 7: np.rot90(PIXELS, 2).transpose(1, 0, 2), 8: np.rot90(PIXELS, -1)}  # fmt: skip
"""EXIF orientation → the pixels in the file of an image that is `PIXELS` when it is upright."""


def file_of(pixels, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return {"exif": exif}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_an_image_is_computed_upright(kind, options, orientation):
    """Whatever way the camera was held; its size is compared when it stands."""
    content = file_of(STORED[orientation], kind, **options, **turned(orientation))
    np.testing.assert_array_equal(decode_image(content, COLOUR, where="body"), PIXELS)


def test_the_photo_of_a_phone_is_computed_upright():
    """A JPEG with orientation 6: stored lying on its side."""
    photo = np.kron(PIXELS, np.ones((16, 16, 1), np.uint8))
    content = file_of(np.rot90(photo), "JPEG", quality=95, **turned(6))
    upright = decode_image(content, InstanceSpec(photo.shape), where="body")
    assert np.abs(upright - photo).mean() < 5


def test_a_version_that_was_trained_with_images_as_stored_keeps_them_so():
    """A manifest without a word about it is such a version's."""
    content = file_of(PIXELS, **turned(3))
    np.testing.assert_array_equal(decode_image(content, COLOUR, where="body", orientation=AS_STORED), PIXELS)


@pytest.mark.parametrize("exif", [b"Exif\0\0broken", b"", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", turned(9)["exif"]])
def test_an_unreadable_orientation_is_none(exif):
    """The pixels are there all the same."""
    np.testing.assert_array_equal(decode_image(file_of(PIXELS, exif=exif), COLOUR, where="body"), PIXELS)


@pytest.mark.parametrize(
    ("kind", "options"), [("WEBP", {"lossless": True}), ("BMP", {}), ("PNG", {}), ("GIF", {}), ("JPEG", {})]
)
def test_every_usual_format_is_a_body_and_an_instance(kind, options):
    """By its type, and as base64; what is lossy comes as Pillow has it."""
    content = file_of(PIXELS, kind, **options)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    body = parse_batch(content, f"image/{kind.lower()}", COLOUR)
    np.testing.assert_array_equal(body[0], expected)
    instances = [{"b64": base64.b64encode(content).decode()}]
    np.testing.assert_array_equal(parse_instances_with_images(instances, COLOUR), body)


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})])
def test_of_an_image_that_moves_the_first_frame_is_taken(kind, options):
    """The others are passed over."""
    first, second = (Image.fromarray(np.full((4, 6, 3), value, np.uint8)) for value in (10, 200))
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=[second], **options)
    assert decode_image(file.getvalue(), COLOUR, where="body").max() == 10


def lines(text, end):
    return end.join(text[start : start + 76] for start in range(0, len(text), 76))


CONTENT = file_of(PIXELS)
TEXT = base64.b64encode(CONTENT).decode()


@pytest.mark.parametrize(
    "text",
    [TEXT, lines(TEXT, "\n"), lines(TEXT, "\r\n"), TEXT + "\n", f"  {TEXT}", TEXT.rstrip("="),
     base64.urlsafe_b64encode(CONTENT).decode(), base64.urlsafe_b64encode(CONTENT).decode().rstrip("=")],
)  # fmt: skip
def test_base64_is_decoded_as_it_is_usually_written(text):
    """With line breaks, without padding, in the alphabet of URLs."""
    np.testing.assert_array_equal(parse_instances_with_images([{"b64": text}], COLOUR)[0], PIXELS)


@pytest.mark.parametrize("text", ["A", "AAAAA", "AA=A", "AAA*", "ÄÄÄÄ", "data:image/png,AAAA"])
def test_what_is_no_base64_is_refused_by_its_index(text):
    """One character too many, padding in the middle, other characters."""
    with pytest.raises(InputError, match=r"instances\[0\]\.b64: expected base64; received"):
        parse_instances_with_images([{"b64": text}], COLOUR)


@pytest.mark.parametrize("form", ["PNG, JPEG, WebP, BMP or GIF"])
def test_a_body_that_is_no_picture_names_the_form(form):
    """What it starts with is said."""
    with pytest.raises(InputError, match=f"body: expected a {form}; received content that starts b'plain te'"):
        parse_batch(b"plain text", "image/png", COLOUR)
