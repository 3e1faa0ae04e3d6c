"""Which column is predicted where the caller names none: what was taken, and what else could have been."""

from collections.abc import Iterator

import numpy as np

from models.suggestions.column_profiles import CATEGORY, NUMBER, describe_column
from models.suggestions.raw_data import RawData

__all__ = ["choice_notes"]

SHOWN_CANDIDATES = 8
MOST_CLASSES = 20


def choice_notes(dataset: RawData, given: str | None) -> tuple[str, ...]:
    """Name the target that was taken, and the other candidates; nothing where the caller named it.

    Args:
        dataset: Its columns are the candidates that were not taken.
        given: The target as the caller named it, if so.
    """
    if given is not None or dataset.target is None:
        return ()
    candidates = list(_candidates(dataset))
    some = ", ".join(candidates[:SHOWN_CANDIDATES]) + (", …" if len(candidates) > SHOWN_CANDIDATES else "")
    others = f" Other candidates: {some}." if candidates else ""
    return (f"No --target was given: {dataset.target!r} is taken for the target.{others}",)


def _candidates(dataset: RawData) -> Iterator[str]:
    """The other columns that could be predicted: classes first, then numbers."""
    numbers = []
    for index, feature in enumerate(dataset.columns or ()):
        if not isinstance(dataset.features, np.ndarray):
            numbers.append(feature.name)
            continue
        column = describe_column(feature.name, dataset.features[:, index], dataset.row_name)
        if column.reason or column.kind not in (CATEGORY, NUMBER):
            continue
        if column.kind == CATEGORY or column.different <= MOST_CLASSES:
            yield f"{feature.name} ({column.different} classes)"
        else:
            numbers.append(f"{feature.name} (numbers)")
    yield from numbers
