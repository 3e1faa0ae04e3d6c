"""What a job of a search does: trains a trial from one rung to the next, or publishes the winner."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["SearchStep", "is_start", "job_id_of", "member_of", "search_member"]

ID_LENGTH = 32
SEEDS = 2**31


def job_id_of(search: str, *step: object) -> str:
    """The id of a job of a search: the same for the same step, so that it is queued once, however often it is tried."""
    return hashlib.sha256("/".join([search, *map(str, step)]).encode()).hexdigest()[:ID_LENGTH]


def member_of(model: str, search: str, job_id: str) -> str:
    """How a job of a search stands in the set of those of whose end their searches have not heard."""
    return f"{model}/{search}/{job_id}"


def search_member(job: Any) -> str | None:
    """As `member_of`, of a job as it was read; None of one that belongs to no search."""
    search = job.meta.get("search")
    if not isinstance(search, Mapping):
        return None
    return member_of(str(job.meta.get("model")), str(search.get("id")), job.id)


def is_start(meta: Mapping[str, Any]) -> bool:
    """Whether a job, of which this is the meta, only starts a search: it trains nothing, and leaves no record."""
    search = meta.get("search")
    return isinstance(search, Mapping) and "trial" not in search


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStep:
    """One step of a trial.

    Args:
        id: Of the search.
        trial: The number of the trial, from 0.
        objective: What trials are compared by.
        rung: Up to which it trains.
        repeat: Which of the trainings of this trial, from 0; each has a seed of its own.
        epochs: After how many it pauses; None for the winner's step, which publishes.
        value: Of the winner.
        trials: Of how many the winner was chosen.
    """

    id: str
    trial: int
    objective: str
    rung: int = 0
    repeat: int = 0
    epochs: int | None = None
    value: float | None = None
    trials: int | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "SearchStep":
        """Read back what `document` wrote."""
        return cls(**document)

    @property
    def document(self) -> dict[str, Any]:
        """The step as it stands in a job."""
        return asdict(self)

    def seed_of(self, seed: int) -> int:
        """The seed of this repeat, of a trial whose spec has this one."""
        return (seed + self.repeat) % SEEDS

    @property
    def checkpoints(self) -> str:
        """The name of the folder of the trial's checkpoints, which outlive its jobs."""
        return f"{self.id}-{self.trial}-{self.repeat}"

    @property
    def choice(self) -> dict[str, Any]:
        """How the winner was chosen, for its report and its record."""
        return {name: getattr(self, name) for name in ("id", "trial", "objective", "value", "trials")}
