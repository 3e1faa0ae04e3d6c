"""The sources that `data.source` can name, in one table for the glance at submission and for the trainer.

A source is a known data set (`sklearn://iris`), an uploaded one (`dataset://…`), an object of an object store, a file
with one of the known endings, or a folder of images.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ENDINGS", "FEATURE_ARRAYS", "IMAGE_ENDINGS", "KNOWN", "OBJECT_STORES", "SCHEMES", "TARGET_ARRAYS", "TARGET_NAMES",
    "Sight", "known_files", "known_kinds", "known_sets",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the data without reading all of it; None where nobody looked.

    Args:
        shape: Of one raw instance.
        classes: How many there are.
    """

    shape: tuple[int, ...] | None = None
    classes: int | None = None


OBJECT_STORES = ("s3", "gs", "az")
SCHEMES = ("sklearn", "keras", "dataset", *OBJECT_STORES)
ENDINGS = (".npz", ".npy", ".csv", ".parquet", ".jsonl", ".ndjson", ".json")
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")

KNOWN: Mapping[str, Sight] = {
    "sklearn://digits": Sight((64,), 10),
    "sklearn://iris": Sight((4,), 3),
    "sklearn://wine": Sight((13,), 3),
    "sklearn://breast_cancer": Sight((30,), 2),
    "sklearn://diabetes": Sight((10,)),
    "keras://mnist": Sight((28, 28), 10),
    "keras://fashion_mnist": Sight((28, 28), 10),
    "keras://cifar10": Sight((32, 32, 3), 10),
    "keras://cifar100": Sight((32, 32, 3), 100),
    "keras://boston_housing": Sight((13,)),
    "keras://california_housing": Sight((8,)),
}
"""Data sets whose shape needs no look; no classes where numbers are to be predicted."""

FEATURE_ARRAYS = ("x", "features", "data", "images", "x_train")
TARGET_ARRAYS = ("y", "target", "targets", "labels", "label", "y_train")
TARGET_NAMES = ("target", "label", "labels", "class", "y")


def known_sets(scheme: str) -> str:
    """The data sets of a scheme, in words."""
    return ", ".join(name for name in KNOWN if name.startswith(f"{scheme}://"))


def known_files() -> str:
    """The files that can be read, in words."""
    return f"{', '.join(ENDINGS)}, or a folder of images with one sub-folder a class"


def known_kinds() -> str:
    """All kinds of sources, in words."""
    return f"{', '.join(f'{scheme}://' for scheme in SCHEMES)}, {known_files()}"
