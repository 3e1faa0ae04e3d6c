"""The images of a folder with one sub-folder a class: found, told by their headers; other files are passed over."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import DataError
from models.preprocessing.images import ImageForm, read_form
from models.sources.damaged_files import reading
from models.sources.data_files import class_folders, is_hidden
from models.sources.known_sources import IMAGE_ENDINGS

__all__ = ["FoundImage", "common_form", "find_images", "passed_over"]


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


def common_form(images: Sequence[FoundImage], size: tuple[int, ...] | None, source: str) -> ImageForm:
    """The form of all images: grey when all are grey, else red, green and blue.

    Args:
        images: At least one.
        size: Height and width that they are resized to, if so.
        source: What the folder is called in errors.

    Raises:
        DataError: Names the first of another size, where they are not resized.
    """
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
