"""The preview of a job's data at submission: certain problems are reported now, not by a worker later.

It reads array headers, and tables up to a few megabytes. The trainer decides the rest, and its word is final.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from models.capture.captured_source import SCHEME, CapturedSource
from models.errors import DataError, DatasetNotFound, Problem, StoreUnavailable
from models.preprocessing.pipeline import PADDING, STEP_KINDS
from models.sources.columns import check_dropping, check_groups
from models.sources.damaged_files import reading
from models.sources.data_files import class_folders, find_file, is_hidden
from models.sources.expansion import check_expanded
from models.sources.known_sources import (
    CSV_ENDINGS,
    ENDINGS,
    IMAGE_ENDINGS,
    KNOWN,
    SCHEMES,
    DataShape,
    ending_of,
    known_files,
    known_kinds,
    known_sets,
)
from models.sources.parquet_footer import parquet_rows
from models.spec.parts import Spec
from models.spec.rules import check_output
from models.store.datasets import Datasets
from service.jobs.data_preview.array_preview import preview_archive, preview_array
from service.jobs.data_preview.captured_preview import captured_shape
from service.jobs.data_preview.json_rows import json_rows
from service.jobs.data_preview.label_preview import check_labels
from service.jobs.data_preview.memory import MemoryBounds, check_weights
from service.jobs.data_preview.part_columns import check_part_columns, small_table
from service.jobs.data_preview.table_preview import csv_columns, json_columns, preview_table

__all__ = ["preview_data"]

MOST_BYTES = 8 * 2**20
UPLOADED, CAPTURED = "dataset://", f"{SCHEME}://"


def preview_data(
    spec: Spec, *, roots: Sequence[str], datasets: Datasets | None = None, bounds: MemoryBounds | None = None
) -> list[Problem]:
    """Look at a spec's data, as far as it is at hand, and at what the spec makes of it.

    Args:
        spec: A spec that is right by itself.
        roots: The folders that data may be read from.
        datasets: The uploaded data sets, where they are at hand.
        bounds: What a worker may need of memory.

    Returns:
        The certain problems.
    """
    bounds = bounds or MemoryBounds()
    problems = _missing_parts(spec, tuple(roots), datasets, bounds)
    try:
        shape = _data_shape(spec, tuple(roots), datasets, bounds)
    except DataError as error:
        return [Problem(_path(error.where), error.expected, error.received), *problems]
    network: list[Problem] = []
    _check_network(spec, shape, network)
    if not network:
        check_weights(spec, _model_shape(spec, shape.shape, []), bounds, network)
    return network + check_labels(spec, shape) + problems


def _missing_parts(
    spec: Spec, roots: tuple[str, ...], datasets: Datasets | None, bounds: MemoryBounds
) -> list[Problem]:
    """Validation and test where they are sources of their own, and not there."""
    problems = []
    for name, source in (("validation", spec.data.validation), ("test", spec.data.test)):
        try:
            if isinstance(source, str) and (path := _find(source, roots, datasets)) is not None:
                check_expanded(path, source, most_bytes=bounds.data_bytes)
                _check_part(path, source, spec, roots)
        except DataError as error:
            problems.append(Problem(f"data.{name}", error.expected, error.received))
    return problems


def _check_part(path: Path, source: str, spec: Spec, roots: tuple[str, ...]) -> None:
    """Its columns beside those of the source, where both are small tables that can be read."""
    first = None
    if "://" not in spec.data.source:
        with suppress(DataError):
            first = small_table(find_file(spec.data.source, roots), spec.data)
    if first is not None:
        check_part_columns(first[0], path, source, spec.data)


def _find(source: str, roots: tuple[str, ...], datasets: Datasets | None) -> Path | None:
    """The file or folder that a source names; None where there is none to look at here."""
    scheme, sign, _ = source.partition("://")
    if sign:
        _check_scheme(scheme, source, datasets)
        return None
    if not any(Path(root).is_dir() for root in roots):
        return None  # the data is on the workers' nodes only
    return find_file(source, roots)


def _path(where: str) -> str:
    """The key of the spec that a problem of the data is about, where it names one, else the place in the data."""
    _, sign, key = where.rpartition(": data.")
    return f"data.{key}" if sign else where


def _data_shape(spec: Spec, roots: tuple[str, ...], datasets: Datasets | None, bounds: MemoryBounds) -> DataShape:
    source = spec.data.source
    path = _find(source, roots, datasets)
    if path is not None:
        return _file_shape(path, spec, bounds)
    if source.startswith(UPLOADED) and datasets is not None:
        return _uploaded_shape(spec, datasets, bounds)
    if source in KNOWN or source.startswith(CAPTURED):
        check_dropping(spec.data, "")
        check_groups(spec.data, "")
    if source.startswith(CAPTURED) and datasets is not None:
        return captured_shape(spec.data, datasets.objects)
    return KNOWN.get(source, DataShape())


def _uploaded_shape(spec: Spec, datasets: Datasets, bounds: MemoryBounds) -> DataShape:
    """Of a small data set; the bytes of another one are left to the trainer."""
    reference = spec.data.source.removeprefix(UPLOADED)
    try:
        if datasets.find(reference).size > MOST_BYTES:
            return DataShape()
        with datasets.local(reference) as path:
            return _file_shape(path, spec, bounds)
    except StoreUnavailable:
        return DataShape()  # the trainer will see what is there


def _file_shape(path: Path, spec: Spec, bounds: MemoryBounds) -> DataShape:
    source, ending = spec.data.source, "" if path.is_dir() else ending_of(path.name)
    if ending in ("", *ENDINGS):
        check_dropping(spec.data, ending)
        check_groups(spec.data, ending)
    if path.is_dir():
        class_rows = {one.name: _images(one) for one in class_folders(path, source)}
        return DataShape(classes=len(class_rows), class_rows=class_rows)
    check_expanded(path, source, most_bytes=bounds.data_bytes)
    is_small = path.stat().st_size <= MOST_BYTES
    match ending:
        case ".npz":
            return preview_archive(path, spec)
        case ".npy":
            return preview_array(path, spec)
        case _ if ending in CSV_ENDINGS and is_small:
            return preview_table(*csv_columns(path, spec.data), spec)
        case ".jsonl" | ".ndjson" if is_small:
            return preview_table(*json_columns(path, source), spec)
        case _ if ending == ".parquet" or (ending == ".json" and is_small):
            _check_readable(path, source, ending)
        case _ if ending not in ENDINGS:
            raise DataError(where="data.source", expected=f"one of {known_files()}", received=repr(source))
    return DataShape()


def _check_readable(path: Path, source: str, ending: str) -> None:
    """Look whether a file is what its ending says, by what tells its rows."""
    with reading(source, expected=f"a readable {ending} file"):
        _ = parquet_rows(path) if ending == ".parquet" else json_rows(path)


def _images(folder: Path) -> int:
    """How many images a class has."""
    return sum(1 for one in folder.iterdir() if one.suffix.lower() in IMAGE_ENDINGS and not is_hidden(one))


def _check_scheme(scheme: str, source: str, datasets: Datasets | None) -> None:
    if scheme not in SCHEMES:
        raise DataError(where="data.source", expected=f"one of {known_kinds()}", received=repr(source))
    if scheme in ("sklearn", "keras") and source not in KNOWN:
        raise DataError(where="data.source", expected=f"one of {known_sets(scheme)}", received=repr(source))
    if scheme == SCHEME:
        CapturedSource.of(source)
    if scheme == "dataset" and datasets is not None:
        _check_uploaded(source, datasets)


def _check_uploaded(source: str, datasets: Datasets) -> None:
    try:
        datasets.find(source.removeprefix(UPLOADED))
    except DatasetNotFound as error:
        raise DataError(where="data.source", expected=error.expected, received=repr(source)) from error
    except StoreUnavailable:
        return  # the trainer will see what is there


def _check_network(spec: Spec, data: DataShape, problems: list[Problem]) -> None:
    shape = _model_shape(spec, data.shape, problems)
    if shape is not None and not problems:
        if spec.input_shape is not None and shape != spec.input_shape:
            expected = f"{list(shape)}, as data and preprocessing give"
            problems.append(Problem("input_shape", expected, str(list(spec.input_shape))))
        else:
            check_output(spec.layers, shape, problems)


def _model_shape(spec: Spec, shape: tuple[int, ...] | None, problems: list[Problem]) -> tuple[int, ...] | None:
    """The shape after the preprocessing, as far as it is known."""
    for index, step in enumerate(spec.preprocessing):
        if step.name in STEP_KINDS:
            return None
        if step.name == PADDING and shape is not None:
            maxlen = step.arguments.get("maxlen")
            shape = None if maxlen is None else (maxlen, *shape[1:])
        if step.name == "resize" and shape is not None:
            received = f"instances of shape {list(shape)}"
            problems.append(Problem(f"preprocessing.{index}.resize", "a folder of images", received))
            return None
        if step.name == "reshape" and shape is not None:
            size, target = math.prod(shape), tuple(step.arguments["shape"])
            known = math.prod(one for one in target if one != -1)
            if size % known or (-1 not in target and size != known):
                expected = f"a shape of {size} values, as each instance has"
                problems.append(Problem(f"preprocessing.{index}.reshape", expected, str(list(target))))
                return None
            shape = tuple(size // known if one == -1 else one for one in target)
    return shape
