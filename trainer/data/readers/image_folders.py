"""Folders of images: one sub-folder a class, images in it; other files are passed over, and counted."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import DataError
from models.preprocessing.images import ImageForm, decode_image, read_form
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import StepSpec
from models.sources.damaged_files import reading
from models.sources.data_files import class_folders, is_hidden
from models.sources.known_sources import IMAGE_ENDINGS
from models.spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.rows import empty_rows

__all__ = ["FoundImage", "find_images", "passed_over", "read_images"]

DECODERS = 4
DECODED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class FoundImage:
    """One image of a folder, of which only the header was read."""

    path: Path
    class_name: str
    form: ImageForm

    @property
    def name(self) -> str:
        """What it is called in errors."""
        return f"{self.class_name}/{self.path.name}"


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
    form = _common_form(images, size, data.source)
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


def find_images(folder: Path, source: str) -> Iterator[FoundImage]:
    """Every image of every class, in the order of their names.

    Raises:
        DataError: When a class has none, or one cannot be read or lies elsewhere.
    """
    for one in class_folders(folder, source):
        paths = sorted(filter(_is_image, one.iterdir()))
        if not paths:
            where = f"{source}/{one.name}"
            raise DataError(where=where, expected=f"at least one image ({', '.join(IMAGE_ENDINGS)})", received="none")
        for path in paths:
            where = f"{source}/{one.name}/{path.name}"
            if not path.resolve().is_relative_to(folder):
                raise DataError(where=where, expected="a file inside of the folder", received="a link out of it")
            yield FoundImage(path, one.name, _form(path, where))


def passed_over(folder: Path, source: str) -> dict[str, int]:
    """What a folder of images holds beside them: endings, `hidden files` and `folders`, and how many of each."""
    classes = list(class_folders(folder, source))
    others = [path for one in classes for path in one.iterdir() if not _is_image(path)]
    others += [path for path in folder.iterdir() if path not in classes]
    return dict(sorted(Counter(map(_kind, others)).items()))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS and not is_hidden(path) and not path.is_dir()


def _kind(path: Path) -> str:
    if is_hidden(path):
        return "hidden files"
    return "folders" if path.is_dir() else path.suffix.lower() or "files without an ending"


def _form(path: Path, where: str) -> ImageForm:
    with reading(where, expected="a readable image"), path.open("rb") as file:
        return read_form(file, where=where)


def _common_form(images: Sequence[FoundImage], size: tuple[int, ...] | None, source: str) -> ImageForm:
    channels = max(image.form.channels for image in images)
    if size is not None:
        return ImageForm(size[0], size[1], channels)
    first = images[0].form
    for image in images:
        if (image.form.height, image.form.width) != (first.height, first.width):
            expected = f"images {first.width} wide and {first.height} high, as the first is, or a `resize` step"
            received = f"{image.form.width} wide and {image.form.height} high"
            raise DataError(where=f"{source}/{image.name}", expected=expected, received=received)
    return ImageForm(first.height, first.width, channels)


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
