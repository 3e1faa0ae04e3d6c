"""Everything that can go wrong with a model, as data.

    OnehotError
    ├── SpecError                 a spec that cannot be trained; carries every problem at once
    ├── InputError                an instance that cannot be predicted
    │   └── UnknownCategory       a category that training did not see
    ├── DataError                 training data that cannot be used
    │   └── DatasetNotFound       no uploaded data set of that name or digest
    ├── TrainingError             a training that ended without a model
    │   ├── TrainingDiverged      its loss is no longer a number
    │   ├── DiskFull              no room for a temporary file
    │   ├── WorkerLost            its workers vanished, more often than it is tried
    │   └── ExportMismatch        the graph to be served computes something else than Keras
    └── StoreError
        ├── ModelNotFound
        ├── VersionNotFound
        ├── NoEarlierVersion      there is nothing to roll back to
        ├── LabelNotFound
        ├── CorruptVersion        a published file is not what its manifest says
        ├── GateDoesNotHold       a label is not moved to a version that its gate refuses
        ├── VersionInUse          a version is not deleted that a label names, or that a rollback needs
        ├── RolloutNotFound       a model without a rollout
        ├── RolloutRefused        a rollout that cannot begin, or cannot go where it is sent
        └── StoreUnavailable      the store does not answer; trying again may help
            └── StoreFull         there is no room left in it

Errors know nothing of HTTP or of exit codes: one table in the service and one in the command line do that.
"""

import difflib
import errno
import reprlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CorruptVersion",
    "DataError",
    "DatasetNotFound",
    "DiskFull",
    "ExportMismatch",
    "GateDoesNotHold",
    "InputError",
    "LabelNotFound",
    "Misfit",
    "ModelNotFound",
    "NoEarlierVersion",
    "OnehotError",
    "Problem",
    "RolloutNotFound",
    "RolloutRefused",
    "SpecError",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "TrainingDiverged",
    "TrainingError",
    "UnknownCategory",
    "VersionInUse",
    "VersionNotFound",
    "WorkerLost",
    "did_you_mean",
    "few_suggestions",
    "folded",
    "reason_of",
    "shown",
]

LONGEST_RECEIVED = 120
LONGEST_PHRASE = 500


OUTLINE = reprlib.Repr()
"""A repr() that looks only so deep and so far: the value may be nested a thousand times, or very large."""
OUTLINE.maxlevel = 4
OUTLINE.maxlist = OUTLINE.maxtuple = OUTLINE.maxdict = OUTLINE.maxset = OUTLINE.maxfrozenset = 20
# Strings are cut by `shown`, as reprlib would leave out their middle.
OUTLINE.maxstring = OUTLINE.maxlong = OUTLINE.maxother = sys.maxsize


def reason_of(error: BaseException) -> str:
    """The first line of an error's message; its class when it has none."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def shown(value: object) -> str:
    """The repr of a value, short enough for one line."""
    text = OUTLINE.repr(value[: 2 * LONGEST_RECEIVED] if isinstance(value, str | bytes) else value)
    return text if len(text) <= LONGEST_RECEIVED else f"{text[: LONGEST_RECEIVED - 1]}…"


def _short(text: str) -> str:
    """A phrase that may quote a file, short enough for a list of many."""
    return text if len(text) <= LONGEST_PHRASE else f"{text[: LONGEST_PHRASE - 1]}…"


def folded(name: str) -> str:
    """A name as Keras compares it: without underscores and in lower case."""
    return name.replace("_", "").lower()


SUGGESTIONS_LEFT: ContextVar[int] = ContextVar("suggestions_left", default=sys.maxsize)


@contextmanager
def few_suggestions(count: int) -> Iterator[None]:
    """Let `did_you_mean` look for so many names at most: a document may hold thousands that are wrong."""
    before = SUGGESTIONS_LEFT.set(count)
    try:
        yield
    finally:
        SUGGESTIONS_LEFT.reset(before)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, or nothing."""
    left = SUGGESTIONS_LEFT.get()
    if not left or len(name) > LONGEST_RECEIVED:
        return ""
    SUGGESTIONS_LEFT.set(left - 1)
    names = {folded(one): one for one in known}
    close = difflib.get_close_matches(folded(name), names, n=1, cutoff=0.6)
    return f" (did you mean {names[close[0]]}?)" if close else ""


class OnehotError(Exception):
    """Base of every error that Onehot raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a spec: where, what was expected, what came (already in words)."""

    path: str
    expected: str
    received: str

    @property
    def message(self) -> str:
        """The problem in words, without its path."""
        return f"expected {self.expected}; received {self.received}"


class SpecError(OnehotError):
    """A spec that cannot be trained, with all its problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{problem.path}: {problem.message}" for problem in self.problems))

    @property
    def details(self) -> list[dict[str, str]]:
        """The problems as a list of plain documents."""
        return [{"path": problem.path, "message": problem.message} for problem in self.problems]


class Misfit(OnehotError):
    """Something at a named place is not what was expected."""

    def __init__(self, *, where: str, expected: str, received: str) -> None:
        self.where = where
        self.expected = expected
        self.received = received
        super().__init__(f"{where}: expected {expected}; received {received}")


class InputError(Misfit):
    """An instance or a body that cannot be predicted; `where` is like `instances[3]`."""


class UnknownCategory(InputError):
    """A category that training did not see, in a column whose `one_hot` step has no place for others."""

    def __init__(self, *, row: int, column: str, known: Sequence[Any], category: object) -> None:
        self.row = row
        self.column = column
        self.category = category
        names = ", ".join(str(one) for one in known)
        super().__init__(where=f"instances[{row}].{column}", expected=f"one of {names}", received=shown(category))


class DataError(Misfit):
    """Training data that cannot be used; `where` is a file, an array or a column."""


class DatasetNotFound(DataError):
    """No uploaded data set of that name or digest."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        expected = "the name or sha-256 of an uploaded data set, as GET /v1/datasets lists them"
        super().__init__(where=f"dataset://{reference}", expected=expected, received="an unknown one")


class TrainingError(OnehotError):
    """A training that ended without a model."""


class DiskFull(TrainingError):
    """A temporary file could not be written."""

    ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
    """How the system says it."""

    def __init__(self, place: str) -> None:
        self.place = place
        super().__init__(f"no space left on the worker's disk ({place}): make room, then submit the job again")


class WorkerLost(TrainingError):
    """The worker vanished, more often than a job is tried."""

    def __init__(self) -> None:
        super().__init__("the workers that trained this job vanished, and it is not tried again: submit it again")


class TrainingDiverged(TrainingError):
    """The loss stopped being a number."""

    def __init__(self, *, epoch: int) -> None:
        self.epoch = epoch
        super().__init__(
            f"loss is not a finite number after epoch {epoch}: lower the learning rate, "
            "or rescale or standardize the features"
        )


class ExportMismatch(TrainingError):
    """The exported graph and Keras disagree on held-out rows, so nothing is published."""

    def __init__(self, *, largest_difference: float, tolerance: float, rows: int) -> None:
        self.largest_difference = largest_difference
        self.tolerance = tolerance
        self.rows = rows
        super().__init__(
            f"the exported graph differs from Keras on {rows} held-out rows: expected at most {tolerance:g}; "
            f"received {largest_difference:g}"
        )


class StoreError(OnehotError):
    """Something about models at rest."""


class ModelNotFound(StoreError):
    """No such model."""

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(f"no model {model!r}: GET /v1/models (or `onehot models list`) names those that exist")


class VersionNotFound(StoreError):
    """No such version of a model; without a number, no version that could be the default."""

    def __init__(self, model: str, version: int | None) -> None:
        self.model = model
        self.version = version
        what = "no default version" if version is None else f"no version {version}"
        super().__init__(f"{what} of model {model!r}: GET /v1/models/{model} lists its versions")


class NoEarlierVersion(StoreError):
    """There is no version before the one that is the default now."""

    def __init__(self, model: str, version: int) -> None:
        self.model = model
        self.version = version
        super().__init__(
            f"{model} has no version before {version} that was `stable` or whose gate holds: --to names another one"
        )


class LabelNotFound(StoreError):
    """No such label on a model."""

    def __init__(self, model: str, label: str) -> None:
        self.model = model
        self.label = label
        super().__init__(f"no label {label!r} on model {model!r}: GET /v1/models lists the labels of every model")


class CorruptVersion(StoreError):
    """A file of a published version is not what its manifest promises."""

    def __init__(self, model: str, version: int, *, file: str, expected: str, received: str) -> None:
        self.model = model
        self.version = version
        self.file = file
        self.expected = expected
        self.received = received
        super().__init__(
            f"{file} of version {version} of model {model!r} is not what was published: "
            f"expected {_short(expected)}; received {_short(received)}"
        )


class GateDoesNotHold(StoreError):
    """A label that would move to a version whose gate does not hold."""

    def __init__(self, model: str, version: int, *, label: str, verdict: str) -> None:
        self.model = model
        self.version = version
        self.label = label
        self.verdict = verdict
        super().__init__(
            f"{verdict}: label {label!r} does not move to version {version} of model {model!r}; only force moves it "
            "all the same"
        )


class VersionInUse(StoreError):
    """A version that is not deleted, as something needs it."""

    def __init__(self, model: str, version: int, *, reason: str) -> None:
        self.model = model
        self.version = version
        self.reason = reason
        super().__init__(f"version {version} of model {model!r} is not deleted: {reason}; only force deletes it")


class RolloutNotFound(StoreError):
    """No rollout of a model, or no record of one."""

    def __init__(self, model: str, rollout_id: str | None = None) -> None:
        self.model = model
        self.rollout_id = rollout_id
        what = "no rollout" if rollout_id is None else f"no rollout {rollout_id!r}"
        super().__init__(
            f"{what} of model {model!r}: PUT /v1/models/{model}/rollout (or `onehot rollout start`) begins one"
        )


class RolloutRefused(StoreError):
    """A rollout that cannot begin, or that cannot go where it is sent."""

    def __init__(self, model: str, *, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"the rollout of model {model!r} is refused: {reason}")


class StoreUnavailable(StoreError):
    """The store does not answer."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the store does not answer: {reason}")


class StoreFull(StoreUnavailable):
    """There is no room left in the store."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}: make room, then try again")
