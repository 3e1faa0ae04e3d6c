"""PNG and JPEG images made into pixels, in the same few lines behind training and behind serving.

Size and kind are read from the header before anything is decompressed: a bomb never goes off.
"""

import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin

from models.errors import InputError, shown
from models.preprocessing.instances import Array

__all__ = ["ImageForm", "decode_image", "read_form"]

# The plugins themselves, and not PIL.Image.open: that would try further formats inside a JPEG.
FORMATS: Mapping[bytes, type[ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
}
LONGEST_MAGIC = 8
# What Pillow raises on files that were damaged on purpose; a warning counts too, where warnings are errors.
DAMAGED = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, AttributeError, ArithmeticError,
           struct.error, zlib.error, UserWarning)  # fmt: skip
# Eight bits a channel; an alpha channel is dropped, a palette is looked up.
GREY_MODES = ("1", "L", "LA")
COLOUR_MODES = ("P", "RGB", "RGBA")
CHANNELS: Mapping[int, str] = {1: "L", 3: "RGB"}
MOST_PIXELS = 2**25
"""Of an image that is resized: 33 million, 100 MB when it is decompressed."""


@dataclass(frozen=True, slots=True)
class ImageForm:
    """Height and width in pixels, and channels: 1 for grey, 3 for red, green and blue."""

    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """As an array has it."""
        return self.height, self.width, self.channels


def read_form(file: BinaryIO, *, where: str) -> ImageForm:
    """Read the form of an image from its header.

    Raises:
        InputError: When it is no PNG or JPEG, or has more than eight bits a channel.
    """
    try:
        with _open(file, where) as image:
            _check_mode(image, where)
            return ImageForm(image.height, image.width, 1 if image.mode in GREY_MODES else 3)
    except DAMAGED as error:
        raise InputError(where=where, expected="a whole PNG or JPEG", received=shown(str(error))) from error


def decode_image(content: bytes, form: ImageForm, *, where: str, resized: bool = False) -> Array:
    """Decode one PNG or JPEG.

    Args:
        content: The file.
        form: What the model takes; grey becomes colour and colour grey as it says.
        where: What the image is called in errors.
        resized: Whether an image of another size is brought to this one, bilinearly; else it is refused.

    Returns:
        `(height, width, channels) uint8`.

    Raises:
        InputError: When it is no PNG or JPEG, is damaged, or has another size.
    """
    try:
        with _open(io.BytesIO(content), where) as image:
            _check_mode(image, where)
            _check_size(image, form, where, resized=resized)
            image.info.pop("transparency", None)
            pixels = image.convert(CHANNELS[form.channels])
            if pixels.size != (form.width, form.height):
                pixels = pixels.resize((form.width, form.height), Image.Resampling.BILINEAR)
            return np.asarray(pixels, np.uint8).reshape(form.shape)
    except DAMAGED as error:
        raise InputError(where=where, expected="a whole PNG or JPEG", received=shown(str(error))) from error


def _open(file: BinaryIO, where: str) -> ImageFile.ImageFile:
    start = file.read(LONGEST_MAGIC)
    file.seek(0)
    for magic, plugin in FORMATS.items():
        if start.startswith(magic):
            return plugin(file)
    raise InputError(where=where, expected="a PNG or JPEG", received=f"content that starts {shown(start)}")


def _check_mode(image: ImageFile.ImageFile, where: str) -> None:
    if image.mode not in (*GREY_MODES, *COLOUR_MODES):
        raise InputError(where=where, expected="8 bits a channel, grey or RGB", received=f"mode {image.mode}")


def _check_size(image: ImageFile.ImageFile, form: ImageForm, where: str, *, resized: bool) -> None:
    received = f"{image.width} wide and {image.height} high"
    if not resized and image.size != (form.width, form.height):
        expected = f"an image {form.width} wide and {form.height} high"
        raise InputError(where=where, expected=expected, received=received)
    if image.width * image.height > MOST_PIXELS:
        raise InputError(where=where, expected=f"an image of at most {MOST_PIXELS} pixels", received=received)
