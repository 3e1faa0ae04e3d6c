"""The preview of a job's data at submission: certain problems are reported now, not by a worker later.

It reads array headers, and tables up to a few megabytes. The trainer decides the rest, and its word is final.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from models.errors import DataError, DatasetNotFound, Problem, StoreUnavailable
from models.sources.data_files import class_folders, find_file
from models.sources.known_sources import ENDINGS, KNOWN, SCHEMES, DataShape, known_files, known_kinds, known_sets
from models.spec.head import find_head
from models.spec.parts import Spec
from models.spec.rules import check_output
from models.store.datasets import Datasets
from service.jobs.data_preview.array_preview import preview_arrays
from service.jobs.data_preview.memory import MemoryBounds, check_expanded, check_weights
from service.jobs.data_preview.table_preview import csv_columns, json_columns, preview_table

__all__ = ["preview_data"]

MOST_BYTES = 8 * 2**20


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
    problems = _missing_parts(spec, tuple(roots), datasets)
    try:
        shape = _data_shape(spec, tuple(roots), datasets, bounds)
    except DataError as error:
        return [Problem(_path(error.where), error.expected, error.received), *problems]
    network: list[Problem] = []
    _check_network(spec, shape, network)
    if not network:
        check_weights(spec, _model_shape(spec, shape.shape, []), bounds, network)
    return network + problems


def _missing_parts(spec: Spec, roots: tuple[str, ...], datasets: Datasets | None) -> list[Problem]:
    """Validation and test where they are sources of their own, and not there."""
    problems = []
    for name, source in (("validation", spec.data.validation), ("test", spec.data.test)):
        try:
            if isinstance(source, str):
                _find(source, roots, datasets)
        except DataError as error:
            problems.append(Problem(f"data.{name}", error.expected, error.received))
    return problems


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
    if path is None:
        return KNOWN.get(source, DataShape())
    if path.is_dir():
        return DataShape(classes=sum(1 for _ in class_folders(path, source)))
    is_small = path.stat().st_size <= MOST_BYTES
    match path.suffix.lower():
        case ".npz":
            check_expanded(path, source, bounds)
            return preview_arrays(path, spec)
        case ".csv" if is_small:
            return preview_table(*csv_columns(path, source), spec)
        case ".jsonl" | ".ndjson" if is_small:
            return preview_table(*json_columns(path, source), spec)
        case ending if ending not in ENDINGS:
            raise DataError(where="data.source", expected=f"one of {known_files()}", received=repr(source))
    return DataShape()


def _check_scheme(scheme: str, source: str, datasets: Datasets | None) -> None:
    if scheme not in SCHEMES:
        raise DataError(where="data.source", expected=f"one of {known_kinds()}", received=repr(source))
    if scheme in ("sklearn", "keras") and source not in KNOWN:
        raise DataError(where="data.source", expected=f"one of {known_sets(scheme)}", received=repr(source))
    if scheme == "dataset" and datasets is not None:
        _check_uploaded(source, datasets)


def _check_uploaded(source: str, datasets: Datasets) -> None:
    try:
        datasets.find(source.removeprefix("dataset://"))
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
    head = find_head(spec.layers)
    if head is None or data.classes is None:
        return
    path = f"layers.{len(spec.layers) - 1}.{spec.layers[-1].class_name}"
    if head.task in ("softmax", "multilabel") and head.units != data.classes:
        problems.append(Problem(path, f"{data.classes} units, one for each class in the data", f"{head.units}"))
    if head.task == "sigmoid" and data.classes > 2:
        expected = f"{data.classes} softmax units, one for each class in the data"
        problems.append(Problem(path, expected, "one sigmoid unit, which tells two apart"))


def _model_shape(spec: Spec, shape: tuple[int, ...] | None, problems: list[Problem]) -> tuple[int, ...] | None:
    """The shape after the preprocessing, as far as it is known."""
    for index, step in enumerate(spec.preprocessing):
        if step.name == "one_hot":
            return None
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
