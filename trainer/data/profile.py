"""The profile of a data set, for the record of a run: small, and enough to see that the data was another one."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np

from models.preprocessing.instances import Array, Feature
from models.preprocessing.sequences import are_ragged
from models.preprocessing.table_cells import is_gap, number_of
from trainer.data.preparation import Piece, Prepared

__all__ = ["data_facts", "data_profile"]

MOST_ROWS, MOST_VALUES, MOST_NAMES = 5000, 2 * 10**6, 100


def data_facts(source: str, prepared: Prepared) -> dict[str, Any]:
    """The fact `data` of a run, as plain JSON values.

    Args:
        source: As the spec names it.
        prepared: The parts that were read: of a trial without the held-out rows.
    """
    rows = {name: piece.rows for name, piece in prepared.pieces.items()}
    return {"source": source, "sha256": prepared.sha256, "rows": rows, "profile": data_profile(prepared.train)}


def data_profile(training: Piece) -> dict[str, Any]:
    """Describe the training rows: of the values those of the first 5000 rows, or two million values.

    Args:
        training: The part that fit sees.

    Returns:
        Plain JSON values: `instance_shape`, `rows`, and `class_counts` or `target`, `columns` or `values`.
    """
    shape = training.raw.instance_shape
    features: Array = training.raw.features[: min(MOST_ROWS, max(1, MOST_VALUES // max(1, prod(shape))))]
    described = {"instance_shape": list(shape), "rows": len(features), **_target(training)}
    if are_ragged(features):
        return described | {"values": _range(np.concatenate([row.reshape(-1) for row in features]))}
    if training.raw.columns is not None:
        return described | {"columns": list(_columns(features, training.raw.columns))}
    return described | {"values": _range(features)}


def _target(training: Piece) -> dict[str, Any]:
    counts = training.labels.counts()
    if counts:
        return {"class_counts": dict(list(counts.items())[:MOST_NAMES])}
    return {"target": _range(training.labels.values)}


def _columns(features: Array, columns: tuple[Feature, ...]) -> Iterator[Mapping[str, Any]]:
    for place, column in enumerate(columns[:MOST_NAMES]):
        cells = features[:, place].tolist()
        known = [cell for cell in cells if not _is_missing(cell)]
        named = {"name": column.name, "kind": column.kind, "missing": len(cells) - len(known)}
        numbers = [number for cell in known if (number := number_of(cell)) is not None]
        if known and len(numbers) == len(known):
            yield named | _range(np.array(numbers))
        else:
            yield named | {"distinct": len(set(map(str, known)))}


def _is_missing(cell: Any) -> bool:
    if isinstance(cell, str):
        return is_gap(cell)
    return cell is None or cell != cell  # noqa: PLR0124 -- NaN is not itself


def _range(values: Array) -> dict[str, float | None]:
    numbers = np.asarray(values, np.float64)
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return {"minimum": None, "mean": None, "maximum": None}
    return {"minimum": float(numbers.min()), "mean": float(numbers.mean()), "maximum": float(numbers.max())}
