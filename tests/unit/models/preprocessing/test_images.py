import io

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.preprocessing.images import ImageForm, decode_image, read_form

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10


def encoded(pixels, kind: str = "PNG", mode: str | None = None) -> bytes:
    image = Image.fromarray(pixels)
    buffer = io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind)
    return buffer.getvalue()


def test_the_form_is_read_from_the_header() -> None:
    """Height, width, and one or three channels."""
    assert read_form(io.BytesIO(encoded(PIXELS)), where="x") == ImageForm(2, 3, 3)
    assert read_form(io.BytesIO(encoded(PIXELS, "JPEG")), where="x") == ImageForm(2, 3, 3)
    assert read_form(io.BytesIO(encoded(PIXELS, mode="L")), where="x") == ImageForm(2, 3, 1)


def test_pixels_are_what_was_saved() -> None:
    """A PNG loses nothing; an alpha channel is dropped."""
    assert decode_image(encoded(PIXELS), ImageForm(2, 3, 3), where="x").tolist() == PIXELS.tolist()
    assert decode_image(encoded(PIXELS, mode="RGBA"), ImageForm(2, 3, 3), where="x").tolist() == PIXELS.tolist()


def test_grey_and_colour_become_each_other() -> None:
    """As the model takes them."""
    grey = decode_image(encoded(PIXELS), ImageForm(2, 3, 1), where="x")
    assert grey.shape == (2, 3, 1)
    assert decode_image(encoded(PIXELS, mode="L"), ImageForm(2, 3, 3), where="x").shape == (2, 3, 3)


def test_another_size_is_refused_or_resized() -> None:
    """As the model's `resize` step says."""
    with pytest.raises(InputError, match="an image 4 wide and 4 high; received 3 wide and 2 high"):
        decode_image(encoded(PIXELS), ImageForm(4, 4, 3), where="x")
    assert decode_image(encoded(PIXELS), ImageForm(4, 4, 3), where="x", resized=True).shape == (4, 4, 3)


def test_a_bomb_does_not_go_off() -> None:
    """The number of pixels is read before anything is decompressed."""
    bomb = encoded(np.zeros((6000, 6000), np.uint8))
    with pytest.raises(InputError, match="at most"):
        decode_image(bomb, ImageForm(4, 4, 1), where="x", resized=True)


@pytest.mark.parametrize("content", [b"", b"GIF89a", encoded(PIXELS)[:40], encoded(PIXELS, "JPEG")[:100]])
def test_what_is_no_image_is_named(content: bytes) -> None:
    """Other files, and files that end too early."""
    with pytest.raises(InputError, match=r"^x: expected a"):
        decode_image(content, ImageForm(2, 3, 3), where="x")
