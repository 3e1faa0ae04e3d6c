"""Lists of runs: filtered, sorted, in pages. One meaning for the service and for the command line."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from models.errors import InputError, shown
from models.runs.summary import Summary

__all__ = ["ENDED_STATUSES", "RunFilter", "RunPlace", "RunSort", "list_runs"]

ENDED_STATUSES = ("finished", "failed", "stopped", "canceled")
FIELDS = ("created_at", "started_at", "ended_at", "duration_s", "model", "status", "version", "epochs")
METRIC = "metrics."
NEWEST_FIRST = "-created_at"

Key = tuple[Any, str]
"""What a run is sorted by, and its id."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """The runs that are asked for.

    Args:
        model: Of this one; of any where None.
        status: Likewise.
        tags: That have all of these.
    """

    model: str | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()

    def takes(self, run: Summary) -> bool:
        """Whether a run is one of them."""
        return (
            self.model in (None, run["model"])
            and self.status in (None, run["status"])
            and all(tag in run["tags"] for tag in self.tags)
        )


@dataclass(frozen=True, slots=True)
class RunSort:
    """The order of a list.

    Args:
        name: A field, or a metric: of the test rows, else of the last epoch.
        is_descending: Whether the largest comes first; runs without a value are last in any case.
    """

    name: str = "created_at"
    is_descending: bool = True

    @classmethod
    def read(cls, text: str) -> Self:
        """Of a field or `metrics.` and a metric; with `-` before it descending."""
        return cls(text.removeprefix("-").removeprefix(METRIC), text.startswith("-"))

    def require_known(self, runs: Sequence[Summary]) -> None:
        """Check that there is something to sort by.

        Raises:
            InputError: When it is neither a field nor a metric that a run has.
        """
        if self.name in FIELDS or not runs or any(self.value_of(run) is not None for run in runs):
            return
        metrics = sorted({METRIC + name for run in runs for name in run["metrics"]})
        expected = f"one of {', '.join([*FIELDS, *metrics[:20]])}, with - before it the largest first"
        raise InputError(where="sort", expected=expected, received=shown(self.name))

    def value_of(self, run: Summary) -> Any:
        """What a run is sorted by; None where it has none."""
        if self.name in FIELDS:
            return run[self.name]
        return run["metrics"].get(self.name, run["last_epoch"].get(self.name))

    def ordered(self, runs: Iterable[Summary]) -> list[Summary]:
        """The runs in this order; those of the same value by their ids."""
        keyed = [((self.value_of(run), str(run["id"])), run) for run in runs]
        known = [one for one in keyed if one[0][0] is not None]
        unknown = [one for one in keyed if one[0][0] is None]
        known.sort(key=lambda one: one[0], reverse=self.is_descending)
        unknown.sort(key=lambda one: one[0][1])
        return [run for _, run in known + unknown]


@dataclass(frozen=True, slots=True)
class RunPlace:
    """A place in a list: behind the run with this value and this id."""

    value: Any
    run_id: str

    @classmethod
    def read(cls, cursor: str) -> Self | None:
        """Of a cursor as `cursor` gives it; None of any other text."""
        try:
            value, run_id = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        except (ValueError, TypeError, RecursionError):
            return None
        is_right = isinstance(value, str | int | float | None) and isinstance(run_id, str)
        return cls(value, run_id) if is_right else None

    @property
    def cursor(self) -> str:
        """As a client brings it back."""
        return base64.urlsafe_b64encode(json.dumps([self.value, self.run_id]).encode()).decode()

    def is_before(self, key: Key, *, is_descending: bool) -> bool:
        """Whether a run of this key comes behind this place."""
        value, run_id = key
        if self.value is None or value is None:
            return value is None and (self.value is not None or run_id > self.run_id)
        if isinstance(value, str) != isinstance(self.value, str):
            return False  # the cursor of a list in another order
        return key < (self.value, self.run_id) if is_descending else key > (self.value, self.run_id)


def list_runs(
    runs: Sequence[Summary], wanted: RunFilter, *, sort: RunSort, limit: int, after: RunPlace | None = None
) -> tuple[list[Summary], str | None]:
    """One page of runs, and the cursor of the next where there is one.

    Args:
        runs: All that there are.
        wanted: Which of them are asked for.
        sort: In which order.
        limit: How many at most.
        after: The place that the page begins behind; None for the beginning.

    Raises:
        InputError: When there is nothing of that name to sort by.
    """
    sort.require_known(runs)
    found = [run for run in runs if wanted.takes(run)]
    if after is not None:
        down = sort.is_descending
        found = [run for run in found if after.is_before((sort.value_of(run), str(run["id"])), is_descending=down)]
    page = sort.ordered(found)[:limit]
    if len(page) == len(found):
        return page, None
    return page, RunPlace(sort.value_of(page[-1]), str(page[-1]["id"])).cursor
