"""A search as it is shown: its document in the store, in the words of the interface; and its events."""

from collections.abc import Collection
from typing import Any

from models.searches.search_document import CANCELED, OPEN, RUNNING, open_jobs
from models.spec import load_spec
from models.spec.search.proposed_spec import proposed_document
from models.spec.search.search_rules import is_better_higher
from models.spec.search.search_spec import read_checked
from models.store.compare_and_swap import Document
from models.store.gate_verdict import with_verdict

__all__ = ["WAITING", "events_of", "search_document", "search_summary"]

WAITING = "waiting"
"""A trial of which no job has begun to train."""

TRIAL_FIELDS = ("number", "status", "value", "epochs", "rung", "parameters")


def search_summary(document: Document) -> dict[str, Any]:
    """What a list shows of a search."""
    block = read_checked(document["spec"]["search"])
    spec = load_spec(proposed_document(document["spec"], {}))
    is_higher = is_better_higher(spec, block.objective)
    result = document["result"]
    return {
        "id": document["id"],
        "model": document["model"],
        "status": document["status"],
        "objective": block.objective,
        "direction": "maximize" if is_higher else "minimize",
        "sampler": block.sampler,
        "prune": block.prune,
        "parallel": block.parallel,
        "trial_count": block.trial_count,
        "begun": len(document["trials"]),
        "best": _best(document["trials"], is_higher=is_higher),
        "created_at": document["created_at"],
        "ended_at": document["ended_at"],
        "result": with_verdict(result) if isinstance(result, dict) else None,
        "error": document["error"],
    }


def _best(trials: list[dict[str, Any]], *, is_higher: bool) -> dict[str, Any] | None:
    """The best trial so far: of those on the highest rung that any has reached."""
    known = [trial for trial in trials if trial.get("value") is not None]
    if not known:
        return None
    top = max(trial["rung"] for trial in known)
    sign = 1 if is_higher else -1
    compared = [trial for trial in known if trial["rung"] == top]
    best = max(compared, key=lambda trial: (sign * trial["value"], -trial["number"]))
    return {"trial": best["number"], "value": best["value"], "parameters": best["parameters"]}


def search_document(document: Document, *, waiting: Collection[str] = ()) -> dict[str, Any]:
    """All of a search: its spec, its trials with their jobs, its winner.

    Args:
        document: Of the search.
        waiting: The ids of jobs that are queued and have not begun, as far as the queue tells.
    """
    begun = set(open_jobs(document)) - set(waiting)
    jobs: dict[int, list[dict[str, Any]]] = {}
    for job in document["jobs"]:
        jobs.setdefault(job["trial"], []).append(_shown_job(job))
    trials = [
        {**{name: trial.get(name) for name in TRIAL_FIELDS}, "status": _trial_status(document, trial, begun),
         "jobs": jobs.get(trial["number"], [])}
        for trial in document["trials"]
    ]  # fmt: skip
    more = {name: document[name] for name in ("spec", "winner", "importances")}
    return {**search_summary(document), **more, "rungs": _rungs(document), "trials": trials}


def _trial_status(document: Document, trial: dict[str, Any], begun: Collection[str]) -> str:
    """As it was when the search went on last; nothing runs in one that has ended, nor where all jobs wait."""
    if trial["status"] != RUNNING:
        return str(trial["status"])
    if document["status"] != RUNNING:
        return CANCELED
    left = [job for job in document["jobs"] if job["trial"] == trial["number"] and job["status"] == OPEN]
    return RUNNING if any(job["job_id"] in begun for job in left) else WAITING


def _rungs(document: Document) -> list[int]:
    """The epochs that trials have on each rung so far."""
    epochs: dict[int, int] = {}
    for job in document["jobs"]:
        epochs[job["rung"]] = max(epochs.get(job["rung"], 0), job.get("epochs") or 0)
    return [epochs[rung] for rung in sorted(epochs)]


def _shown_job(job: dict[str, Any]) -> dict[str, Any]:
    names = ("rung", "repeat", "status", "value", "epochs", "weights_sha256", "error")
    return {"id": job["job_id"], **{name: job.get(name) for name in names}, "history": job.get("history") or []}


def events_of(document: Document) -> list[dict[str, Any]]:
    """The events of a search so far: one for each job of a trial that has ended, in the order of their ends."""
    summary = search_summary(document)
    sign = 1 if summary["direction"] == "maximize" else -1
    ended = sorted((job for job in document["jobs"] if job.get("place")), key=lambda job: job["place"])
    best: dict[str, Any] | None = None
    events = []
    for job in ended:
        value = job.get("value")
        if value is not None and (best is None or sign * value > sign * best["value"]):
            best = {"trial": job["trial"], "value": value}
        parameters = document["trials"][job["trial"]]["parameters"]
        fields = {name: job.get(name) for name in ("trial", "rung", "repeat", "status", "value", "epochs", "error")}
        events.append({"event": "trial", **fields, "parameters": parameters, "best": best,
                       "trial_count": summary["trial_count"]})  # fmt: skip
    if document["status"] != RUNNING:
        events.append({"event": "end", "status": document["status"]})
    return events
