"""Folders of images in one file: a `.zip` of one sub-folder a class, as browsers and file managers make it."""

import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from models.errors import DataError, shown
from models.sources.damaged_files import reading
from models.sources.data_files import is_hidden
from models.sources.known_sources import IMAGE_ARCHIVE, IMAGE_ENDINGS

__all__ = ["class_counts", "unpacked_images"]

EXPECTED = f"a readable {IMAGE_ARCHIVE} of a folder of images"
LONGEST_NAME = 255
"""Bytes that a file system takes for one name."""
MOST_IMAGES = 500_000


class ArchivedImage(NamedTuple):
    """An image of an archive: what it is there, its class, and its own name."""

    member: zipfile.ZipInfo
    class_name: str
    name: str


def class_counts(path: Path, where: str) -> Mapping[str, int]:
    """Class → how many images an archive has of it, in the order of their names.

    Raises:
        DataError: When it is no archive of images with one sub-folder a class, at least two.
    """
    with reading(where, expected=EXPECTED), zipfile.ZipFile(path) as archive:
        counts = Counter(image.class_name for image in _images(archive, where))
    return dict(sorted(counts.items()))


@contextmanager
def unpacked_images(path: Path, where: str) -> Iterator[Path]:
    """The folder of images that an archive holds, for as long as the context lasts.

    What is no image in a sub-folder is left in the archive.

    Args:
        path: The archive.
        where: What it is called in errors.

    Raises:
        DataError: As `class_counts`.
    """
    with tempfile.TemporaryDirectory(prefix="onehot-") as folder:
        with reading(where, expected=EXPECTED), zipfile.ZipFile(path) as archive:
            for image in _images(archive, where):
                _extract(archive, image, Path(folder))
        yield Path(folder).resolve()


def _extract(archive: zipfile.ZipFile, image: ArchivedImage, folder: Path) -> None:
    place = folder / image.class_name
    place.mkdir(exist_ok=True)
    with archive.open(image.member) as packed, (place / image.name).open("xb") as file:
        shutil.copyfileobj(packed, file)


def _images(archive: zipfile.ZipFile, where: str) -> list[ArchivedImage]:
    """The images of all classes; a folder around all of them is passed over."""
    members = [(one, PurePosixPath(one.filename).parts) for one in archive.infolist() if _is_image(one)]
    around = {parts[0] for _, parts in members if len(parts) > 2}
    depth = 3 if len(around) == 1 and all(len(parts) > 2 for _, parts in members) else 2
    found = [ArchivedImage(one, *parts[depth - 2 :]) for one, parts in members if len(parts) == depth]
    classes = {image.class_name for image in found}
    if len(classes) < 2:
        expected = f"a {IMAGE_ARCHIVE} of images with one sub-folder a class, at least two"
        raise DataError(where=where, expected=expected, received=f"{len(classes)} sub-folders with images")
    if len(found) > MOST_IMAGES:
        raise DataError(where=where, expected=f"at most {MOST_IMAGES} images", received=f"{len(found)}")
    for image in found:
        _check_name(image, where)
    return found


def _is_image(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    is_seen = not any(is_hidden(Path(part)) for part in path.parts if part != "..")
    return is_seen and not member.is_dir() and path.suffix.lower() in IMAGE_ENDINGS


def _check_name(image: ArchivedImage, where: str) -> None:
    """Refuse what leads out of the folder, or is no name of a file.

    Raises:
        DataError: Names it.
    """
    for part in (image.class_name, image.name):
        if part == ".." or {"/", "\\", "\0"} & set(part) or len(part.encode()) > LONGEST_NAME:
            expected = f"names of files of up to {LONGEST_NAME} bytes"
            raise DataError(where=where, expected=expected, received=shown(image.member.filename))
