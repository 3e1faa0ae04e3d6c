"""Tables that come column by column, as data frames do, made into rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import InputError, shown
from models.preprocessing.instances import Feature, InstanceSpec

__all__ = ["names_columns", "rows_of_columns"]

LONGEST_NAME = 64
"""Of a caller's invention, in an error."""
MOST_NAMES = 12


def names_columns(names: Sequence[str], spec: InstanceSpec, *, input_name: str) -> bool:
    """Whether values come under the names of features; the name of the network's input alone means all of them."""
    features = {feature.name for feature in spec.features or ()}
    if input_name in names and (input_name not in features or len(names) < len(features)):
        return False
    return not features.isdisjoint(names)


def rows_of_columns(columns: Mapping[str, Any], spec: InstanceSpec, *, where: str, gap: Any = None) -> list[list[Any]]:
    """The rows of a table in the order of the features.

    Args:
        columns: Name → its values, bare or each as a list of one.
        spec: What an instance looks like; it has features.
        where: What the columns are called in errors.
        gap: Stands where an optional column is not there.

    Raises:
        InputError: Names the column that is unknown, missing or of another length.
    """
    features = spec.features or ()
    _require_known(columns, features, where)
    found = {feature.name: _values(columns, feature, where) for feature in features}
    rows = max((len(values) for values in found.values() if values is not None), default=0)
    for name, values in found.items():
        if values is not None and len(values) != rows:
            received = f"{len(values)} values"
            raise InputError(
                where=f"{where}.{name}", expected=f"{rows} values, as the longest column", received=received
            )
    return [list(row) for row in zip(*(values or [gap] * rows for values in found.values()), strict=True)]


def _require_known(columns: Mapping[str, Any], features: Sequence[Feature], where: str) -> None:
    known = [feature.name for feature in features]
    odd = next((name for name in columns if name not in known), None)
    if odd is not None:
        more = f", … ({len(known)} in all)" if len(known) > MOST_NAMES else ""
        expected = f"one of {', '.join(known[:MOST_NAMES])}{more}"
        raise InputError(where=f"{where}.{odd[:LONGEST_NAME]}", expected=expected, received="an unknown feature")


def _values(columns: Mapping[str, Any], feature: Feature, where: str) -> list[Any] | None:
    """The values of a column; None where it is not there and need not be."""
    if feature.name not in columns and feature.optional:
        return None
    values = columns.get(feature.name)
    if not isinstance(values, list) or not values:
        received = shown(values) if feature.name in columns else "nothing"
        raise InputError(where=f"{where}.{feature.name}", expected="a list of values", received=received)
    return [value[0] if isinstance(value, list) and len(value) == 1 else value for value in values]
