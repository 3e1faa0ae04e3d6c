"""Image files made into pixels, in the same few lines behind training and behind serving.

Size and kind are read from the header before anything is decompressed: a bomb never goes off.
"""

import io
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)

from models.errors import InputError, shown
from models.preprocessing.instances import UPRIGHT, Array

__all__ = ["IMAGE_KINDS", "ImageForm", "decode_image", "read_form"]

IMAGE_KINDS = "PNG, JPEG, WebP, BMP or GIF"

# The plugins themselves, and not PIL.Image.open: that would try further formats inside a JPEG.
FORMATS: Mapping[bytes, type[ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
    b"GIF8": GifImagePlugin.GifImageFile,
    b"BM": BmpImagePlugin.BmpImageFile,
}
LONGEST_MAGIC = 8
TURNS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation → what sets an image upright; 1 is upright as it is stored."""
LYING = (5, 6, 7, 8)
"""Orientations in which height and width change places."""
# What Pillow raises on files that were damaged on purpose; a warning counts too, where warnings are errors.
DAMAGED = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, AttributeError, ArithmeticError,
           struct.error, zlib.error, UserWarning, Image.DecompressionBombError,
           Image.DecompressionBombWarning)  # fmt: skip
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
    """Read the form of an upright image from its header.

    Raises:
        InputError: When it is none of `IMAGE_KINDS`, or has more than eight bits a channel.
    """
    try:
        with _open(file, where) as image:
            _check_mode(image, where)
            width, height = _size(image, _orientation(image))
            return ImageForm(height, width, 1 if image.mode in GREY_MODES else 3)
    except DAMAGED as error:
        raise InputError(where=where, expected=f"a whole {IMAGE_KINDS}", received=shown(str(error))) from error


def decode_image(
    content: bytes, form: ImageForm, *, where: str, resized: bool = False, orientation: str = UPRIGHT
) -> Array:
    """Decode one image; of one that moves, the first frame.

    Args:
        content: The file.
        form: What the model takes; grey becomes colour and colour grey as it says.
        where: What the image is called in errors.
        resized: Whether an image of another size is brought to this one, bilinearly; else it is refused.
        orientation: `UPRIGHT`: turned as its EXIF orientation says; `AS_STORED`: as it lies in the file.

    Returns:
        `(height, width, channels) uint8`.

    Raises:
        InputError: When it is none of `IMAGE_KINDS`, is damaged, or has another size.
    """
    try:
        with _open(io.BytesIO(content), where) as image:
            turn = _orientation(image) if orientation == UPRIGHT else 1
            _check_mode(image, where)
            _check_size(_size(image, turn), form, where, resized=resized)
            image.info.pop("transparency", None)
            pixels = image.convert(CHANNELS[form.channels])
            if turn in TURNS:
                pixels = pixels.transpose(TURNS[turn])
            if pixels.size != (form.width, form.height):
                pixels = pixels.resize((form.width, form.height), Image.Resampling.BILINEAR)
            return np.asarray(pixels, np.uint8).reshape(form.shape)
    except DAMAGED as error:
        raise InputError(where=where, expected=f"a whole {IMAGE_KINDS}", received=shown(str(error))) from error


def _open(file: BinaryIO, where: str) -> ImageFile.ImageFile:
    start = file.read(LONGEST_MAGIC)
    file.seek(0)
    for magic, plugin in FORMATS.items():
        if start.startswith(magic):
            return plugin(file)
    raise InputError(where=where, expected=f"a {IMAGE_KINDS}", received=f"content that starts {shown(start)}")


def _check_mode(image: ImageFile.ImageFile, where: str) -> None:
    if image.mode not in (*GREY_MODES, *COLOUR_MODES):
        raise InputError(where=where, expected="8 bits a channel, grey or RGB", received=f"mode {image.mode}")


def _orientation(image: ImageFile.ImageFile) -> int:
    """EXIF's word for how the camera was held; 1 where the file does not say it, or says it unreadably."""
    with suppress(*DAMAGED):
        # The plain one: that of PNG would decompress the image first.
        found: int = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
        return found if found in TURNS else 1
    return 1


def _size(image: ImageFile.ImageFile, orientation: int) -> tuple[int, int]:
    """Width and height when it is upright."""
    return (image.height, image.width) if orientation in LYING else image.size


def _check_size(size: tuple[int, int], form: ImageForm, where: str, *, resized: bool) -> None:
    width, height = size
    received = f"{width} wide and {height} high"
    if not resized and size != (form.width, form.height):
        expected = f"an image {form.width} wide and {form.height} high"
        raise InputError(where=where, expected=expected, received=received)
    if width * height > MOST_PIXELS:
        raise InputError(where=where, expected=f"an image of at most {MOST_PIXELS} pixels", received=received)
