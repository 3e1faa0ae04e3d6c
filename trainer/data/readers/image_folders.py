"""Folders of images: one sub-folder a class, images in it; other files are passed over, and counted."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from models.errors import DataError
from models.preprocessing.images import ImageForm, decode_image
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import StepSpec
from models.sources.damaged_files import reading
from models.sources.images.found_images import FoundImage, common_form, find_images, passed_over
from models.spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.rows import empty_rows

__all__ = ["read_images"]

DECODERS = 4
DECODED_AT_ONCE = 64


def read_images(path: Path, data: DataSpec, steps: Sequence[StepSpec]) -> Dataset:
    """Read a folder of images: grey when all are grey, else red, green and blue.

    Args:
        path: The folder.
        data: The spec's `data`; the classes are the sub-folders, in the order of their names.
        steps: `resize` brings all images to one size when they are decoded; without it they must have one.

    Raises:
        DataError: Names the image that cannot be used.
    """
    if data.features is not None or data.target is not None:
        expected = "neither features nor target: the images are the one, their sub-folders the other"
        raise DataError(where="data", expected=expected, received=str(data.features or data.target))
    images = list(find_images(path, data.source))
    size = next((tuple(step.arguments["size"]) for step in steps if step.name == "resize"), None)
    form = common_form(images, size, data.source)
    features = empty_rows((len(images), *form.shape), np.uint8)
    digest = hashlib.sha256()
    for start in range(0, len(images), DECODED_AT_ONCE):
        some = images[start : start + DECODED_AT_ONCE]
        features[start : start + len(some)] = _decode(some, form, digest, source=data.source, resized=size is not None)
    names = tuple(dict.fromkeys(image.class_name for image in images))
    targets = np.array([image.class_name for image in images])
    return Dataset(
        data.source, features, targets, digest.hexdigest(), class_names=names,
        passed_over=passed_over(path, data.source),
    )  # fmt: skip


def _decode(
    images: Sequence[FoundImage], form: ImageForm, digest: "hashlib._Hash", *, source: str, resized: bool
) -> Array:
    """Decode a few images in threads; the digest takes their names and bytes in order."""

    def decode(image: FoundImage) -> tuple[bytes, Array]:
        where = f"{source}/{image.name}"
        with reading(where, expected="a readable image"):
            content = image.path.read_bytes()
            return content, decode_image(content, form, where=where, resized=resized)

    with ThreadPoolExecutor(DECODERS) as pool:
        decoded = list(pool.map(decode, images))
    for image, (content, _) in zip(images, decoded, strict=True):
        digest.update(f"{image.name}\0{len(content)}\0".encode())
        digest.update(content)
    return np.stack([pixels for _, pixels in decoded])
