"""Which columns of a table are features and target, alike for the data preview and the trainer."""

from collections import Counter
from collections.abc import Sequence

from models.errors import DataError, shown
from models.sources.known_sources import TABLE_ENDINGS, TARGET_NAMES
from models.spec.parts import DataSpec

__all__ = [
    "check_dropping", "check_groups", "check_names", "feature_columns", "missing_targets", "target_column",
    "unnamed_columns", "unnamed_names", "unused_columns",
]  # fmt: skip

SHOWN_COLUMNS = 20
ARCHIVE_ENDING = ".npz"


def target_column(names: Sequence[str], data: DataSpec) -> str:
    """The column that the spec names, else one with a usual name, else the last.

    Raises:
        DataError: When there is no such column, or none at all.
    """
    if not names:
        raise DataError(where=data.source, expected="rows of named values", received="none")
    if data.target is not None:
        return _known(data.target, names, f"{data.source}: data.target")
    folded = {name.lower(): name for name in names}
    return next((folded[name] for name in TARGET_NAMES if name in folded), names[-1])


def feature_columns(names: Sequence[str], data: DataSpec, *, target: str | None = None) -> list[str]:
    """The columns that the spec names, else all but the target.

    Raises:
        DataError: When there is no such column, or none but the target; or no column of `data.groups`.
    """
    where = f"{data.source}: data.features"
    if data.groups is not None:
        _known(data.groups, names, f"{data.source}: data.groups")
    if data.features is None:
        chosen = [name for name in names if name not in (target, data.groups)]
    else:
        wanted = (data.features,) if isinstance(data.features, str) else data.features
        chosen = [_known(name, names, where) for name in wanted]
    if not chosen:
        raise DataError(where=data.source, expected="a column beside the target", received=f"only {target!r}")
    if target in chosen:
        raise DataError(where=where, expected="columns without the target", received=repr(target))
    return chosen


def check_names(names: Sequence[str], source: str) -> None:
    """Refuse a name that several columns have.

    Raises:
        DataError: Names it.
    """
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        places = [str(place) for place, name in enumerate(names, start=1) if name == twice]
        received = f"{twice!r} over the columns {' and '.join(places)}"
        raise DataError(where=f"{source}: header", expected="another name for each column", received=received)


def check_dropping(data: DataSpec, ending: str) -> None:
    """Refuse `data.drop_missing_target` for what is no table.

    Args:
        data: The spec's `data`.
        ending: Of the file; empty for folders and known data sets.

    Raises:
        DataError: Names the key.
    """
    if data.drop_missing_target and ending not in TABLE_ENDINGS:
        expected = f"it for tables only ({', '.join(TABLE_ENDINGS)}), whose rows may lack a target"
        received = f"true for {shown(data.source)}"
        raise DataError(where=f"{data.source}: data.drop_missing_target", expected=expected, received=received)


def check_groups(data: DataSpec, ending: str) -> None:
    """Refuse `data.groups` for what has neither columns nor arrays with names.

    Args:
        data: The spec's `data`.
        ending: Of the file; empty for folders and known data sets.

    Raises:
        DataError: Names the key.
    """
    if data.groups is not None and ending not in (*TABLE_ENDINGS, ARCHIVE_ENDING):
        expected = f"it for tables and archives of arrays only ({', '.join((*TABLE_ENDINGS, ARCHIVE_ENDING))})"
        received = f"{shown(data.groups)} for {shown(data.source)}"
        raise DataError(where=f"{data.source}: data.groups", expected=expected, received=received)


def unused_columns(names: Sequence[str], features: Sequence[str], target: str) -> tuple[str, ...]:
    """The columns that are neither features nor target."""
    used = {*features, target}
    return tuple(name for name in names if name not in used)


def unnamed_names(count: int) -> list[str]:
    """The names column_1, column_2 and so on."""
    return [f"column_{place}" for place in range(1, count + 1)]


def unnamed_columns(count: int, data: DataSpec) -> list[str]:
    """The names of the columns of a table without any: those that the spec lists, in order, else numbered ones.

    The spec names all of them when `data.features` has one name less than there are columns: the target is the
    last, or where `data.target` says by its number (column_3).
    """
    numbered = unnamed_names(count)
    features = data.features
    if not isinstance(features, tuple) or len(features) != count - 1 or set(features) & set(numbered):
        return numbered
    target = data.target or "target"
    place = numbered.index(target) if target in numbered else count - 1
    return [*features[:place], target, *features[place:]]


def missing_targets(where: str, count: int, rows: int) -> DataError:
    """The error of rows without a target.

    Args:
        where: The first of them.
        count: How many there are.
        rows: How many rows there are in all.
    """
    received = f"nothing in {count} of {rows} rows, which `data.drop_missing_target: true` leaves out"
    return DataError(where=where, expected="a target in every row", received=received)


def _known(name: str, names: Sequence[str], where: str) -> str:
    if name not in names:
        more = ", …" if len(names) > SHOWN_COLUMNS else ""
        expected = f"one of the columns {', '.join(names[:SHOWN_COLUMNS])}{more}"
        raise DataError(where=where, expected=expected, received=repr(name))
    return name
