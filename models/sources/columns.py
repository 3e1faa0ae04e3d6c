"""Which columns of a table are features and target, alike for the data preview and the trainer."""

from collections.abc import Sequence

from models.errors import DataError
from models.sources.known_sources import TARGET_NAMES
from models.spec.parts import DataSpec

__all__ = ["feature_columns", "target_column"]

SHOWN_COLUMNS = 20


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
        DataError: When there is no such column, or none but the target.
    """
    where = f"{data.source}: data.features"
    if data.features is None:
        chosen = [name for name in names if name != target]
    else:
        wanted = (data.features,) if isinstance(data.features, str) else data.features
        chosen = [_known(name, names, where) for name in wanted]
    if not chosen:
        raise DataError(where=data.source, expected="a column beside the target", received=f"only {target!r}")
    if target in chosen:
        raise DataError(where=where, expected="columns without the target", received=repr(target))
    return chosen


def _known(name: str, names: Sequence[str], where: str) -> str:
    if name not in names:
        more = ", …" if len(names) > SHOWN_COLUMNS else ""
        expected = f"one of the columns {', '.join(names[:SHOWN_COLUMNS])}{more}"
        raise DataError(where=where, expected=expected, received=repr(name))
    return name
