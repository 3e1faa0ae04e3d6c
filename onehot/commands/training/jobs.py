"""`onehot jobs`: what the queue did and does, asked from the service."""

from collections.abc import Mapping
from typing import Any

import click

from models.queue.events import fold_in_words
from onehot.client import Service
from onehot.commands.options import json_option, settings_here
from onehot.following import CANCELED, error_of, follow_job
from onehot.output import print_json, print_line, print_list, print_pairs, program, short_number

__all__ = ["jobs"]


@click.group()
def jobs() -> None:
    """List, show, follow and cancel training jobs."""


@jobs.command("list")
@json_option
def list_jobs(as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """List the jobs that the queue knows, the newest first."""
    with Service.from_settings(settings_here()) as service:
        document = service.get("/v1/jobs")
    headings, empty = (
        ("JOB", "STATUS", "MODEL", "VERSION", "EPOCH", "CREATED"),
        "No jobs yet: onehot train SPEC queues one.",
    )
    print_list(document, headings, map(_row, document["jobs"]), as_json=as_json, empty=empty)


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def show(job_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Show one job."""
    with Service.from_settings(settings_here()) as service:
        job = service.job(job_id).document
    if as_json:
        print_json(job)
    else:
        print_pairs(_pairs(job))


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def cancel(job_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Cancel a job: a queued one never starts, a running one stops within a second or so."""
    with Service.from_settings(settings_here()) as service:
        answer = service.call("DELETE", f"/v1/jobs/{job_id}")
    if as_json:
        print_json(answer.json() if answer.content else {"id": job_id})
    else:
        print_line(f"Job {job_id} is being canceled.")
        print_line(f"Next: {program()} jobs show {job_id}", err=True)


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def follow(job_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Follow a job from its first epoch to its end."""
    settings = settings_here()
    with Service.from_settings(settings) as service:
        follow_job(service, job_id, as_json=as_json, poll_s=settings.poll_s)


def _row(job: Mapping[str, Any]) -> tuple[object, ...]:
    result = job.get("result") or {}
    model = result.get("model") or job.get("model")
    return job.get("id"), _status(job), model, result.get("version"), _epoch(job), job.get("created_at")


def _status(job: Mapping[str, Any]) -> str | None:
    """As people read it: one word for canceled, and behind how many a job waits."""
    status, ahead = job.get("status"), job.get("jobs_ahead")
    if status in CANCELED:
        return "canceled"
    return f"{status}, behind {ahead}" if ahead else status


def _epoch(job: Mapping[str, Any]) -> str | None:
    progress = job.get("progress") or {}
    place = f"{fold_in_words(progress)} {progress.get('epoch')}/{progress.get('epochs')}".lstrip()
    return place if progress else None


def _pairs(job: Mapping[str, Any]) -> dict[str, object]:
    result = job.get("result") or {}
    return {
        "job": job.get("id"),
        "status": _status(job),
        "model": result.get("model") or job.get("model"),
        "version": result.get("version"),
        "epoch": _epoch(job),
        "stopped": (job.get("progress") or {}).get("stopped"),
        "verdict": result.get("verdict"),
        "error": None if job.get("status") in CANCELED else error_of(job),
        "created": job.get("created_at"),
        "started": job.get("started_at"),
        "ended": job.get("ended_at"),
        **{f"test {name}": short_number(float(value)) for name, value in (result.get("metrics") or {}).items()},
    }
