"""Where a table has the features of a model: by name, alike for the service and the command line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import InputError, shown
from models.preprocessing.instances import Feature
from models.sources.columns import unnamed_names

__all__ = ["MatchedColumns", "match_columns", "numbered_columns"]


@dataclass(frozen=True, slots=True)
class MatchedColumns:
    """Where a table has the features of a model.

    Args:
        places: Of each feature, in their order; None where an optional one is not there.
        ignored: The names of the columns that the model does not know.
    """

    places: tuple[int | None, ...]
    ignored: tuple[str, ...]


def match_columns(header: Sequence[str], features: Sequence[Feature]) -> MatchedColumns:
    """Find the features of a model among the columns of a table, by name.

    Raises:
        InputError: When one is missing, or there twice.
    """
    places = {name: place for place, name in enumerate(header)}
    counts = Counter(header)
    names = [feature.name.strip() for feature in features]
    for name, feature in zip(names, features, strict=True):
        if counts[name] > 1:
            raise InputError(where="header", expected="each name once", received=shown(", ".join(header)))
        if name not in places and not feature.optional:
            raise InputError(where="header", expected=f"a column {name!r}", received=shown(", ".join(header)))
    known = set(names)
    ignored = tuple(name for name in header if name not in known)
    return MatchedColumns(tuple(places.get(name) for name in names), ignored)


def numbered_columns(count: int, features: Sequence[Feature]) -> list[str] | None:
    """The names of the columns of a table without a header, where the model was trained on such a one."""
    numbered = unnamed_names(count)
    names = [feature.name for feature in features]
    return numbered if names and count != len(names) and set(names) <= set(numbered) else None
