"""An uploaded data set as suggestions see it, read without a training framework."""

from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.damaged_files import reading
from models.sources.known_sources import CSV_ENDINGS, ending_of
from models.sources.npz_arrays import archive_headers, choose_arrays, own_test_arrays, target_index
from models.spec.parts import CsvSpec, DataSpec
from models.suggestions.raw_data import SampledData
from service.jobs.data_preview.seen_table import SeenTable, see_table

__all__ = ["IMAGES", "ImageRows", "SeenData", "see_data"]

MOST_ARRAY_BYTES = 256 * 2**20
TABLES = (*CSV_ENDINGS, ".jsonl", ".ndjson", ".json", ".parquet")
IMAGES, TABLE, ARRAYS = "images", "table", "arrays"


@dataclass(frozen=True, slots=True)
class ImageRows:
    """Images that are not decoded: what is asked of them is their form.

    Args:
        shape: `(rows, height, width, channels)`.
    """

    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Bytes."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> Array:
        raise NotImplementedError("pixels are not read here")


@dataclass(frozen=True, slots=True)
class SeenData:
    """What was seen of a data set.

    Args:
        kind: `table`, `arrays` or `images`.
        data: Features and targets; some rows where it is a large table.
        table: The table, where it is one.
        resize: The height and width that images are to be brought to, where they have several.
        choices: The columns or arrays of which one is the target.
    """

    kind: str
    data: SampledData
    table: SeenTable | None = None
    resize: tuple[int, int] | None = None
    choices: tuple[str, ...] = ()


def see_data(
    path: Path, source: str, *, name: str, target: str | None = None, features: tuple[str, ...] | None = None,
    csv: CsvSpec | None = None,
) -> SeenData:  # fmt: skip
    """Look at an uploaded file, or at the folder of images that an archive held.

    Args:
        path: The file, or the folder.
        source: As a spec names it.
        name: As people call it: in errors.
        target: The column or array that is predicted; else one with a usual name.
        features: The columns, or the array, to choose from; else all others.
        csv: How a file of text is written; what is not said is told from it.

    Raises:
        DataError: When it cannot be read, or not without a trainer.
    """
    ending = "" if path.is_dir() else ending_of(path.name)
    if csv is not None and ending not in CSV_ENDINGS:
        raise DataError(where="csv", expected=f"a file of text: {', '.join(CSV_ENDINGS)}", received=repr(name))
    data = DataSpec(name, target=target, features=features, csv=csv)
    if not ending:
        return _see_images(path, source, data)
    if ending == ".npz":
        return _see_archive(path, source, data)
    if ending == ".npy":
        return _see_array(path, source, data)
    if ending in TABLES:
        table = see_table(path, data)
        return SeenData(
            TABLE, table.with_targets().as_data(replace(data, source=source)), table, choices=tuple(table.names)
        )
    expected = f"one of {', '.join(('.npz', '.npy', *TABLES))}, which can be looked at without a trainer"
    raise DataError(where=name, expected=expected, received=f"{ending}: `onehot init` reads it")


def _see_images(folder: Path, source: str, data: DataSpec) -> SeenData:
    from models.sources.images.found_images import common_form, find_images  # noqa: PLC0415 -- images alone need Pillow
    from models.suggestions.image_sizes import suggested_size  # noqa: PLC0415 -- as above

    if data.target is not None or data.features is not None:
        expected = "neither target nor features: the sub-folders are the classes"
        raise DataError(where="target", expected=expected, received=repr(data.target or data.features))
    images = list(find_images(folder, data.source))
    resize = suggested_size([image.form for image in images])
    form = common_form(images, resize, data.source)
    targets = np.array([image.class_name for image in images])
    names = tuple(dict.fromkeys(targets.tolist()))
    rows = ImageRows((len(images), *form.shape))
    return SeenData(IMAGES, SampledData(source, rows, targets, len(images), class_names=names), resize=resize)


def _see_archive(path: Path, source: str, data: DataSpec) -> SeenData:
    expected = "an archive of plain numpy arrays (.npz)"
    with reading(data.source, expected=expected):
        headers = archive_headers(path)
    features, target = choose_arrays(list(headers), data)
    named = [one for one in (features, target, "class_names") if one in headers]
    size = sum(prod(headers[one].shape) * headers[one].dtype.itemsize for one in named)
    if size > MOST_ARRAY_BYTES:
        raise DataError(where=data.source, expected=f"arrays of at most {MOST_ARRAY_BYTES} bytes", received=f"{size}")
    with reading(data.source, expected=expected), np.load(path, allow_pickle=False) as archive:
        arrays = {one: archive[one] for one in named}
    _check_arrays(arrays, features, target, data.source)
    own_test = own_test_arrays(features, target, headers)
    own_rows = headers[own_test[0]].shape[0] if own_test else 0
    names = arrays.get("class_names")
    seen = SampledData(
        source, arrays[features], arrays[target], len(arrays[features]) + own_rows, own_test_rows=own_rows,
        class_names=tuple(map(str, names)) if names is not None and names.ndim == 1 else None,
        target=target, features_name=features,
    )  # fmt: skip
    return SeenData(ARRAYS, seen, choices=tuple(name for name in headers if name != "class_names"))


def _check_arrays(arrays: dict[str, Array], features: str, target: str, source: str) -> None:
    shape, targets = arrays[features].shape, arrays[target].shape
    if len(shape) < 2 or not shape[0]:
        expected = "features with a samples axis and at least one more, of at least one row"
        raise DataError(where=f"{source}: {features}", expected=expected, received=f"shape {list(shape)}")
    if not targets or targets[0] != shape[0]:
        received = f"shape {list(targets)} beside features of shape {list(shape)}"
        raise DataError(where=f"{source}: {target}", expected="one target for each row", received=received)


def _see_array(path: Path, source: str, data: DataSpec) -> SeenData:
    with reading(data.source, expected="plain numpy arrays"):
        table: Any = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.shape[1] < 2 or not len(table):
        received = f"shape {list(table.shape)}" if isinstance(table, np.ndarray) else "an archive"
        raise DataError(where=data.source, expected="a table of at least two columns", received=received)
    column = target_index(data.target, table.shape[1], data.source)
    rows, targets = np.delete(table, column, axis=1), np.array(table[:, column])
    seen = SampledData(source, rows, targets, len(table), target=str(column))
    return SeenData(ARRAYS, seen, choices=tuple(map(str, range(table.shape[1]))))
