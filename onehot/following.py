"""Follow one job to its end and report how it ended."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from models.errors import DataError, DatasetNotFound, SpecError
from models.runs.fold_summary import cross_validation_pairs
from models.store.gate_verdict import gate_verdict
from models.store.manifest import added_sentence
from onehot.client import Service
from onehot.events import EPOCH, FOLD, follow_events
from onehot.failures import Canceled, NotPromoted, ServiceRefused, WorkFailed, WrongUsage
from onehot.output import passed_over_sentences, print_json, print_line, program, short_number
from onehot.progress import UNTRACKED, ShowEpoch, Tracker, epoch_screen
from onehot.serving import wait_until_served

__all__ = [
    "CANCELED",
    "FINISHED",
    "INTERRUPTED_STATUS",
    "error_of",
    "failure",
    "failure_of",
    "follow_job",
    "print_result",
    "print_stopped",
    "queued_behind",
    "watch_job",
]

FINISHED = "finished"
CANCELED = frozenset({"canceled", "stopped"})
"""RQ's names: of a job that never started, and of one that ran."""
WRONG_INPUT = frozenset({DataError.__name__, DatasetNotFound.__name__})
INTERRUPTED_STATUS = 130
"""What shells give to a command that Ctrl-C ended."""


def watch_job(
    service: Service, job_id: str, *show: ShowEpoch, on_fold: ShowEpoch | None = None
) -> dict[str, Any]:  # fmt: skip
    """Show a job's epochs as they come, those of folds by `on_fold`; its document once it has ended."""
    for event in follow_events(service, job_id):
        if event.name == EPOCH:
            for one in show:
                one(event.data)
        elif event.name == FOLD and on_fold is not None:
            on_fold(event.data)
    return dict(service.job(job_id).document)


def follow_job(service: Service, job_id: str, *, as_json: bool, poll_s: float, tracker: Tracker = UNTRACKED) -> None:
    """Follow a job on the screen until its version answers; Ctrl-C leaves the job running.

    Args:
        service: Whom to ask.
        job_id: Of the job.
        as_json: Whether its document is printed.
        poll_s: How often the service looks for new versions.
        tracker: Hears of epochs and end.

    Raises:
        WorkFailed: When the job did not finish.
        WrongUsage: When that was the fault of its spec or data.
        NotPromoted: When the gate of its version does not hold.
    """
    try:
        with epoch_screen(sys.stderr, waiting=_waiting(service, job_id)) as show:
            job = watch_job(service, job_id, show, tracker.epoch, on_fold=show)
    except KeyboardInterrupt:
        tracker.ended({"id": job_id, "status": "stopped", "error": "the command was interrupted; the job goes on"})
        print_line(f"\nJob {job_id} goes on without you looking.", err=True)
        print_line(f"  {program()} jobs follow {job_id}\n  {program()} jobs cancel {job_id}", err=True)
        sys.exit(INTERRUPTED_STATUS)
    tracker.ended(job)
    if as_json:
        print_json(job)
    if job.get("status") != FINISHED:
        raise failure(job, failure_of(job))
    print_stopped(job.get("progress"))
    print_result(service, job.get("result") or {}, as_json=as_json, poll_s=poll_s)


def print_stopped(progress: Mapping[str, Any] | None) -> None:
    """Say that a callback stopped the training before its last epoch, where one did."""
    stopped = str((progress or {}).get("stopped") or "")
    if stopped:
        print_line(stopped[0].upper() + stopped[1:], err=True)


def _waiting(service: Service, job_id: str) -> str:
    """What a job waits for, as far as the service says it."""
    try:
        ahead = service.job(job_id).document.get("jobs_ahead")
    except ServiceRefused:
        ahead = None
    return f"job {job_id}: {queued_behind(ahead)}" if ahead else f"job {job_id}: waiting for its first epoch"


def queued_behind(ahead: int) -> str:
    """Behind how many jobs one waits."""
    return f"queued behind {ahead} {'job' if ahead == 1 else 'jobs'}"


def failure(end: Mapping[str, Any], message: str) -> click.ClickException:
    """The error of a training that did not finish: wrong usage where the fault is the spec's or the data's."""
    error = end.get("error")
    kind = error.get("type") if isinstance(error, Mapping) else None
    if kind == SpecError.__name__:
        return WrongUsage.from_problems("the spec", (error_of(end) or message).splitlines())
    if kind in WRONG_INPUT:
        return WrongUsage(message)
    return Canceled(message) if end.get("status") in CANCELED else WorkFailed(message)


def failure_of(job: Mapping[str, Any]) -> str:
    """Why a job has no result, in one sentence."""
    if job.get("status") in CANCELED:
        return f"job {job.get('id')} was canceled"
    reason = error_of(job)
    return f"job {job.get('id')} {job.get('status')}" + (f": {reason}" if reason else "")


def error_of(job: Mapping[str, Any]) -> str | None:
    """The message of a job's error, when it has one."""
    error = job.get("error")
    return error.get("message") if isinstance(error, Mapping) else error


def print_outcome(result: Mapping[str, Any]) -> None:
    """Print which version was published and its metrics on held-out data."""
    print_line(f"Published {result.get('model')} version {result.get('version')}")
    for name, value in (result.get("metrics") or {}).items():
        print_line(f"  test {name:<12} {short_number(float(value))}")
    for name, told in cross_validation_pairs(result.get("cross_validation")).items():
        print_line(f"  {name}: {told}")
    for sentence in passed_over_sentences(result.get("passed_over") or {}):
        print_line(f"  {sentence}")
    if result.get("added_activation"):
        print_line(f"  {added_sentence(result['added_activation'])}")
    for warning in result.get("warnings") or []:
        print_line(f"  Warning: {warning}")


def require_promotion(result: Mapping[str, Any]) -> None:
    """End the command when the gate does not hold.

    Raises:
        NotPromoted: With the verdict, and what can be done with the version all the same.
    """
    verdict = gate_verdict(result.get("gate"))
    if verdict is not None:
        raise NotPromoted(str(result.get("model")), int(result.get("version") or 0), verdict)


def print_result(service: Service, result: Mapping[str, Any], *, as_json: bool, poll_s: float) -> None:
    """Print what was published, wait until it answers, and say what to do next.

    Raises:
        NotPromoted: When the gate does not hold.
    """
    if not as_json:
        print_outcome(result)
    require_promotion(result)
    model, version = str(result.get("model")), int(result.get("version") or 0)
    serving = wait_until_served(service, model, version, poll_s=poll_s)
    print_line(serving.sentence, err=as_json or not serving.is_served)
    if not as_json:
        print_line(f"Next: {program()} predict {model} INPUT.json")
