"""Follow one job to its end and report how it ended."""

import sys
from collections.abc import Mapping
from typing import Any

from models.store.gate_verdict import failed_rules
from onehot.client import Service
from onehot.events import EPOCH, follow_events
from onehot.failures import WorkFailed
from onehot.output import passed_over_sentences, print_json, print_line, short_number
from onehot.progress import ShowEpoch, epoch_screen

__all__ = ["FINISHED", "INTERRUPTED_STATUS", "error_of", "failure_of", "follow_job", "print_outcome", "watch_job"]

FINISHED = "finished"
INTERRUPTED_STATUS = 130
"""What shells give to a command that Ctrl-C ended."""


def watch_job(service: Service, job_id: str, show: ShowEpoch) -> dict[str, Any]:
    """Show a job's epochs as they come; returns the job's document once it has ended."""
    for event in follow_events(service, job_id):
        if event.name == EPOCH:
            show(event.data)
    job: dict[str, Any] = service.get(f"/v1/jobs/{job_id}")
    return job


def follow_job(service: Service, job_id: str, *, as_json: bool) -> None:
    """Follow a job on the screen; Ctrl-C leaves the job running.

    Raises:
        WorkFailed: When the job did not finish.
    """
    try:
        with epoch_screen(sys.stderr, waiting=f"job {job_id}: waiting for its first epoch") as show:
            job = watch_job(service, job_id, show)
    except KeyboardInterrupt:
        print_line(f"\nJob {job_id} goes on without you looking.", err=True)
        print_line(f"  onehot jobs follow {job_id}\n  onehot jobs cancel {job_id}", err=True)
        sys.exit(INTERRUPTED_STATUS)
    if as_json:
        print_json(job)
    if job.get("status") != FINISHED:
        raise WorkFailed(failure_of(job))
    if not as_json:
        print_outcome(job.get("result") or {})


def failure_of(job: Mapping[str, Any]) -> str:
    """Why a job has no result, in one sentence."""
    reason = error_of(job)
    return f"job {job.get('id')} {job.get('status')}" + (f": {reason}" if reason else "")


def error_of(job: Mapping[str, Any]) -> str | None:
    """The message of a job's error, when it has one."""
    error = job.get("error")
    return error.get("message") if isinstance(error, Mapping) else error


def print_outcome(result: Mapping[str, Any]) -> None:
    """Print which version was published and its metrics on held-out data."""
    model, version = result.get("model"), result.get("version")
    print_line(f"Published {model} version {version}")
    for name, value in (result.get("metrics") or {}).items():
        print_line(f"  test {name:<12} {short_number(float(value))}")
    for sentence in passed_over_sentences(result.get("passed_over") or {}):
        print_line(f"  {sentence}")
    for reason in failed_rules(result.get("gate")):
        print_line(f"  the label `stable` did not move: {reason}")
    print_line(f"Next: onehot predict {model} INPUT.json")
