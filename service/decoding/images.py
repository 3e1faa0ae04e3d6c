"""Image files made into one instance: the pixels as they are, 0 to 255, in the shape of the raw data."""

import base64
import binascii
from math import prod
from typing import Any

import numpy as np

from models.errors import InputError, shown
from models.preprocessing import images
from models.preprocessing.images import ImageForm
from models.preprocessing.instances import UPRIGHT, Array, InstanceSpec, parse_instances

__all__ = ["decode_image", "parse_instances_with_images"]

CHANNELS = (1, 3)
TO_PLAIN = str.maketrans("-_", "+/")
BREAKS = b" \t\r\n"


def parse_instances_with_images(
    values: Any, spec: InstanceSpec, *, where: str = "instances", resized: bool = False, orientation: str = UPRIGHT
) -> Array:
    """Make a batch of instances that came as JSON, any of which may be `{"b64": …}` of an image file.

    Args:
        values: As for `models.preprocessing.instances.parse_instances`.
        spec: What an instance looks like.
        where: What the list is called in errors.
        resized: Whether images of another size are brought to the model's.
        orientation: As for `models.preprocessing.images.decode_image`.

    Returns:
        `(batch, *instance shape)` float32, or object where columns hold text.

    Raises:
        InputError: Names the first instance that does not fit.
    """
    if spec.features or not isinstance(values, list) or not any(map(_is_base64, values)):
        return parse_instances(values, spec, where=where)
    places = [(value, f"{where}[{index}]") for index, value in enumerate(values)]
    options: Any = {"resized": resized, "orientation": orientation}
    return np.concatenate([_instance(value, spec, place, options) for value, place in places])


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"}


def _instance(value: Any, spec: InstanceSpec, place: str, options: Any) -> Array:
    if _is_base64(value):
        content = _from_base64(value["b64"], place)
        return decode_image(content, spec, where=place, **options)[np.newaxis]
    try:
        return parse_instances([value], spec, where="")
    except InputError as error:
        where = place + error.where.removeprefix("[0]")
        raise InputError(where=where, expected=error.expected, received=error.received) from error


def _from_base64(text: Any, where: str) -> bytes:
    """The bytes; line breaks and either alphabet (`+/` or `-_`) are allowed, padding may be left out."""
    if not isinstance(text, str):
        raise InputError(where=f"{where}.b64", expected="base64 as text", received=shown(text))
    try:
        plain = text.translate(TO_PLAIN).encode("ascii").translate(None, BREAKS).rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(where=f"{where}.b64", expected="base64", received=f"{shown(text)}: {error}") from error


def decode_image(
    content: bytes, spec: InstanceSpec, *, where: str, resized: bool = False, orientation: str = UPRIGHT
) -> Array:
    """Decode one image file.

    Args:
        content: The file.
        spec: What an instance looks like.
        where: What the image is called in errors.
        resized: Whether an image of another size is brought to the model's; else it is refused.
        orientation: As for `models.preprocessing.images.decode_image`.

    Returns:
        float32 `spec.shape`.

    Raises:
        InputError: When the model takes no images, or the file is none, is damaged, or has another size.
    """
    form = _form(spec, where)
    pixels = images.decode_image(content, form, where=where, resized=resized, orientation=orientation)
    return pixels.astype(np.float32).reshape(spec.shape)


def _form(spec: InstanceSpec, where: str) -> ImageForm:
    """The images that the model takes."""
    for shape in () if spec.features else (spec.shape, spec.model_shape or ()):
        if prod(shape) != spec.size:
            continue
        if len(shape) == 2:
            return ImageForm(shape[0], shape[1], 1)
        if len(shape) == 3 and shape[2] in CHANNELS:
            return ImageForm(shape[0], shape[1], shape[2])
    raise InputError(where=where, expected=spec.expected, received="an image, which this model does not take")
