"""From the document of a search to its next one: an outcome is added, trials are issued, the winner is chosen.

Pure: documents in, documents out, so that a compare-and-swap may do it again. What it decides follows from the
document alone, see `trainer.search.schedule`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from models.errors import SpecError
from models.queue.search_step import SearchStep, job_id_of
from models.searches.search_document import FAILED, FINISHED, OPEN, RUNNING
from models.spec import Spec, load_spec
from models.spec.search.proposed_spec import proposed_document
from models.spec.search.search_rules import is_better_higher
from models.spec.search.search_spec import ASHA, SearchSpec, read_checked
from models.store.compare_and_swap import Document
from trainer.search.proposals import importances, propose
from trainer.search.schedule import Outcome, Schedule, Seen, Unit, play, rungs_of

__all__ = ["JobEnd", "Search", "planned", "with_end"]

MOST_POINTS = 100
"""Of the curve of a trial that are kept."""
KEPT = ("value", "epochs", "is_complete", "weights_sha256", "data_sha256", "timings_s")
"""Of the result of a trial's job."""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job of a search ended.

    Args:
        job_id: Of the job.
        status: In the queue's words.
        result: What it returned, where it finished.
        error: Why it did not.
    """

    job_id: str
    status: str
    result: Mapping[str, Any] | None = None
    error: Mapping[str, str] | None = None


@dataclass
class Search:
    """A search as its document says.

    Args:
        document: Of the search; it stays as it is.
    """

    document: Document
    trials: list[dict[str, Any]] = field(init=False)
    jobs: list[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.trials = [dict(trial) for trial in self.document["trials"]]
        self.jobs = [dict(job) for job in self.document["jobs"]]

    @cached_property
    def spec(self) -> Spec:
        """The spec as it is written, without its search."""
        return load_spec(proposed_document(self.document["spec"], {}))

    @cached_property
    def block(self) -> SearchSpec:
        """What it says of the search."""
        return read_checked(self.document["spec"]["search"])

    @cached_property
    def rungs(self) -> list[int]:
        """The epochs of each rung."""
        return rungs_of(self.spec.fit.epochs, prunes=self.block.prune == ASHA)

    @cached_property
    def sign(self) -> int:
        """1 where more of the objective is better, else -1."""
        return 1 if is_better_higher(self.spec, self.block.objective) else -1

    def trial_spec(self, trial: int) -> Spec:
        """The spec of a trial.

        Raises:
            SpecError: When its values do not fit together.
        """
        return load_spec(proposed_document(self.document["spec"], self.trials[trial]["parameters"]))

    def epochs_of(self, trial: int, rung: int) -> int:
        """After how many epochs a trial pauses on a rung; all of its own on the last."""
        return self.trial_spec(trial).fit.epochs if rung == len(self.rungs) - 1 else self.rungs[rung]

    def step_of(self, job: Mapping[str, Any]) -> SearchStep:
        """What a job of a trial does."""
        return SearchStep(
            id=self.document["id"], trial=job["trial"], rung=job["rung"], repeat=job["repeat"],
            objective=self.block.objective, epochs=self.epochs_of(job["trial"], job["rung"]),
        )  # fmt: skip

    def value_of(self, unit: Unit) -> tuple[bool, float | None]:
        """Whether all jobs of a unit have ended, and the mean of their values; None where one has failed.

        A training that a callback ended early has the same value on every later rung.
        """
        jobs = [job for job in self.jobs if job["trial"] == unit.trial and job["rung"] <= unit.rung]
        values = []
        for repeat in range(self.block.repeats):
            own = [job for job in jobs if job["repeat"] == repeat]
            last = own[-1] if own else None
            if last is None or last["status"] == OPEN or not _counts_for(last, unit):
                return False, None
            values.append(last.get("value"))
        known = [float(value) for value in values if value is not None]
        return True, sum(known) / len(known) if len(known) == len(values) else None

    def outcome(self, unit: Unit) -> Outcome | None:
        """How a unit ended, if it has."""
        has_ended, value = self.value_of(unit)
        return Outcome(None if value is None else self.sign * value) if has_ended else None


def _counts_for(job: Mapping[str, Any], unit: Unit) -> bool:
    return bool(job["rung"] == unit.rung or job.get("is_complete") or job.get("value") is None)


def with_end(document: Document, end: JobEnd) -> Document:
    """The document with the end of a job; as it is where that is known, or not of this search."""
    if document["status"] != RUNNING:
        return document
    winner = document["winner"]
    if winner is not None and winner["job_id"] == end.job_id:
        return _published(document, end)
    if end.job_id == job_id_of(document["id"], "start") and end.error is not None and not document["jobs"]:
        return _ended(document, FAILED, error=end.error)
    number = 1 + max((job.get("place", 0) for job in document["jobs"]), default=0)
    jobs = [
        _ended_job(job, end, number) if job["job_id"] == end.job_id and job["status"] == OPEN else job
        for job in document["jobs"]
    ]
    return {**document, "jobs": jobs}


def _ended_job(job: Mapping[str, Any], end: JobEnd, number: int) -> dict[str, Any]:
    result = end.result or {}
    known = {name: result[name] for name in KEPT if name in result}
    curve = result.get("history") or []
    thinned = curve[:: -(-len(curve) // MOST_POINTS) or 1]
    return {**job, "status": end.status, **known, "history": thinned, "error": end.error, "place": number}


def _published(document: Document, end: JobEnd) -> Document:
    if end.result is None:
        return _ended(document, FAILED, error=end.error)
    return {**_ended(document, FINISHED), "result": dict(end.result)}


def _ended(document: Document, status: str, *, error: Any = None) -> Document:
    ended_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {**document, "status": status, "ended_at": ended_at, "error": error}


def planned(document: Document) -> Document:
    """The document with everything that can be decided now: new trials and jobs, values, and the winner."""
    if document["status"] != RUNNING or document["winner"] is not None:
        return document
    search = Search(document)
    schedule = _play(search, begins_more=not _is_late(search))
    trials = [_summary(search, trial, schedule) for trial in search.trials]
    document = {**document, "trials": trials, "jobs": search.jobs}
    return _chosen(document, search, schedule) if schedule.is_over else document


def _is_late(search: Search) -> bool:
    created = datetime.fromisoformat(search.document["created_at"]).timestamp()
    return search.block.timeout_s is not None and time.time() - created > search.block.timeout_s


def _play(search: Search, *, begins_more: bool) -> Schedule:
    """Play the search as far as it goes, and add the jobs of what is issued."""
    if not begins_more:
        return _left_over(search)
    while True:
        schedule = play(
            search.rungs, search.outcome, lambda number, seen: _begin(search, number, seen),
            trials=search.block.trial_count, parallel=search.block.parallel,
        )  # fmt: skip
        known = {(job["trial"], job["rung"]) for job in search.jobs}
        waiting = [unit for unit, outcome in schedule.issued.items() if outcome is None]
        new = [unit for unit in waiting if (unit.trial, unit.rung) not in known and search.outcome(unit) is None]
        added = [job for unit in new for job in _jobs_of(search, unit)]
        search.jobs += added
        if not any(job["status"] != OPEN for job in added):  # else one could not even begin: play on
            return schedule


def _left_over(search: Search) -> Schedule:
    """Out of time: jobs that wait are dropped; those that train beside the one that has ended are waited for."""
    issued = {Unit(job["trial"], job["rung"]): search.outcome(Unit(job["trial"], job["rung"])) for job in search.jobs}
    schedule = Schedule(search.rungs, search.block.trial_count, search.block.parallel, issued)
    left = [job for job in search.jobs if job["status"] == OPEN]
    for job in left[search.block.parallel - 1 :]:
        job.update(status="canceled", error={"type": "SearchTimedOut", "message": "search.timeout_s is over"})
    schedule.is_over = not left[: search.block.parallel - 1]
    return schedule


def _begin(search: Search, number: int, seen: Seen) -> None:
    """Propose the values of a trial, unless they are known."""
    if number < len(search.trials):
        return
    before = [trial["numbers"] for trial in search.trials]
    numbers = propose(search.block, number, seed=search.spec.seed, before=before, seen=seen)
    parameters = {path: search.block.parameters[path].value(one) for path, one in numbers.items()}
    search.trials.append({"number": number, "numbers": numbers, "parameters": parameters})


def _jobs_of(search: Search, unit: Unit) -> list[dict[str, Any]]:
    """A job for each repeat; failed at once where the values of the trial do not fit together."""
    error = None
    try:
        search.trial_spec(unit.trial)
    except SpecError as wrong:
        error = {"type": "SpecError", "message": str(wrong)}
    return [
        {"job_id": job_id_of(search.document["id"], unit.trial, unit.rung, repeat), "trial": unit.trial,
         "rung": unit.rung, "repeat": repeat, "status": OPEN if error is None else "failed", "error": error}
        for repeat in range(search.block.repeats)
    ]  # fmt: skip


def _summary(search: Search, trial: Mapping[str, Any], schedule: Schedule) -> dict[str, Any]:
    """A trial with its value on the highest rung that it has reached."""
    units = [unit for unit in schedule.issued if unit.trial == trial["number"]]
    ended = [unit for unit in units if schedule.issued[unit] is not None or search.outcome(unit) is not None]
    last = max(ended, default=None)
    value = None if last is None else search.value_of(last)[1]
    jobs = [job for job in search.jobs if job["trial"] == trial["number"]]
    epochs = max((job.get("epochs", 0) for job in jobs), default=0)
    is_failed = last is not None and value is None
    is_done = last is not None and (last.rung == len(search.rungs) - 1 or all(
        job.get("is_complete") for job in jobs if job["rung"] == max(one["rung"] for one in jobs)))  # fmt: skip
    status = "failed" if is_failed else "running" if len(ended) < len(units) else "finished" if is_done else "paused"
    return {**trial, "status": status, "value": value, "epochs": epochs, "rung": None if last is None else last.rung}


def _chosen(document: Document, search: Search, schedule: Schedule) -> Document:
    """The search with its winner: the best of those that were trained to the end."""
    ranked = [trial for rung in reversed(range(len(search.rungs))) for trial in schedule.ranked(rung)]
    if not ranked:
        errors = [job["error"] for job in search.jobs if job.get("error")]
        message = f"no trial of {len(search.trials)} has a value" + (f": {errors[0]['message']}" if errors else "")
        return _ended(document, FAILED, error={"type": "TrainingError", "message": message})
    best = document["trials"][ranked[0]]
    scored = [(trial["numbers"], search.sign * trial["value"]) for trial in document["trials"]
              if trial["value"] is not None]  # fmt: skip
    winner = {"trial": best["number"], "value": best["value"], "job_id": job_id_of(document["id"], "winner")}
    return {**document, "winner": winner, "importances": importances(search.block, scored)}
