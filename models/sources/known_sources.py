"""The sources that `data.source` can name, in one table for the data preview and the trainer.

A source is a known data set (`sklearn://iris`), an uploaded one (`dataset://…`), labelled rows that were captured of a
model (`captured://…`), an object of an object store, a file with one of the known endings, or a folder of images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from models.preprocessing.instances import Array
from models.sources.row_numbers import NUMBERED, RowName

__all__ = [
    "CSV_ENDINGS", "ENDINGS", "FEATURE_ARRAYS", "IMAGE_ARCHIVE", "IMAGE_ENDINGS", "KNOWN", "OBJECT_STORES", "SCHEMES",
    "TABLE_ENDINGS", "TARGET_ARRAYS", "TARGET_NAMES", "UPLOADED_ENDINGS", "DataShape", "Targets", "ending_of",
    "known_files", "known_kinds", "known_sets",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a source.

    Args:
        values: `(rows,)` or `(rows, columns)`.
        where: What they are called in errors.
        class_names: The names that the source itself has for its classes.
        row_name: The name of a row in errors.
    """

    values: Array
    where: str
    class_names: tuple[str, ...] | None = None
    row_name: RowName = NUMBERED


@dataclass(frozen=True, slots=True)
class DataShape:
    """The shape of data, as far as a data preview tells; None where it does not.

    Args:
        shape: Of one raw instance.
        classes: How many there are.
        class_rows: Class → how many rows it has.
        targets: As the source has them.
        has_own_test: Whether the source has a test part of its own beside these.
    """

    shape: tuple[int, ...] | None = None
    classes: int | None = None
    class_rows: Mapping[str, int] | None = None
    targets: Targets | None = None
    has_own_test: bool = False


OBJECT_STORES = ("s3", "gs", "az")
SCHEMES = ("sklearn", "keras", "dataset", "captured", *OBJECT_STORES)
CSV_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
TABLE_ENDINGS = (*CSV_ENDINGS, ".parquet", ".jsonl", ".ndjson", ".json")
ENDINGS = (".npz", ".npy", *TABLE_ENDINGS)
IMAGE_ARCHIVE = ".zip"
"""Of a folder of images that is uploaded as one file."""
UPLOADED_ENDINGS = (*ENDINGS, IMAGE_ARCHIVE)
"""Of the files that a data set can be uploaded as."""
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif")

KNOWN: Mapping[str, DataShape] = {
    "sklearn://digits": DataShape((64,), 10),
    "sklearn://iris": DataShape((4,), 3),
    "sklearn://wine": DataShape((13,), 3),
    "sklearn://breast_cancer": DataShape((30,), 2),
    "sklearn://diabetes": DataShape((10,)),
    "keras://mnist": DataShape((28, 28), 10),
    "keras://fashion_mnist": DataShape((28, 28), 10),
    "keras://cifar10": DataShape((32, 32, 3), 10),
    "keras://cifar100": DataShape((32, 32, 3), 100),
    "keras://boston_housing": DataShape((13,)),
    "keras://california_housing": DataShape((8,)),
}
"""Data sets whose shape needs no look; no classes where numbers are to be predicted."""

FEATURE_ARRAYS = ("x", "features", "data", "images", "x_train")
TARGET_ARRAYS = ("y", "target", "targets", "labels", "label", "y_train")
TARGET_NAMES = ("target", "label", "labels", "class", "y")


def ending_of(name: str) -> str:
    """The ending of a file's name in small letters, of a compressed one with the ending before; empty without one."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes[-2:]]
    return "".join(suffixes) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])


def known_sets(scheme: str) -> str:
    """The data sets of a scheme, in words."""
    return ", ".join(name for name in KNOWN if name.startswith(f"{scheme}://"))


def known_files() -> str:
    """The files that can be read, in words."""
    return f"{', '.join(ENDINGS)}, or a folder of images with one sub-folder a class"


def known_kinds() -> str:
    """All kinds of sources, in words."""
    return f"{', '.join(f'{scheme}://' for scheme in SCHEMES)}, {known_files()}"
