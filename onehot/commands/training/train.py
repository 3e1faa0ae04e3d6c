"""`onehot train`: a spec to the queue, or straight to a trainer on this machine."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from models.sources.spec_paths import with_whole_paths
from models.spec import load_spec
from models.spec.yaml_text import load_document, set_path
from onehot.client import Service
from onehot.commands.options import json_option, settings_here
from onehot.direct import train_here
from onehot.failures import ServiceRefused, WrongUsage
from onehot.following import follow_job, print_result
from onehot.output import print_json, print_line, program
from onehot.progress import UNTRACKED, Tracker

__all__ = ["BAD_SPEC", "DATA_ROOTS", "read_spec", "submit", "train"]

BAD_SPEC = frozenset({400, 422})
TRACKED = "leaves before there is anything to track: leave out --track"
DATA_ROOTS = "ONEHOT_DATA_ROOTS"
"""In the message about a file that the service does not find, or must not read."""


@click.command()
@click.argument("spec", metavar="SPEC")
@click.option("--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Replace a value: --set fit.epochs=5.")
@click.option("--detach", is_flag=True, help="Print the job's id and leave.")
@click.option("--local", is_flag=True, help="Train in a process of this machine, without queue and service.")
@click.option("--track", metavar="URI", help="Record the training in this MLflow server too (extra mlflow).")
@json_option
def train(
    spec: str, assignments: tuple[str, ...], detach: bool, local: bool, track: str | None, as_json: bool,  # noqa: FBT001 -- click's flags
) -> None:  # fmt: skip
    """Train the model that SPEC (YAML or JSON) describes, show its progress, and publish it.

    It ends when the version answers, or says why it does not. Ctrl-C stops looking; the job goes on.
    Exit status: 0 promoted, 1 the training failed or the gate does not hold, 2 the spec or its data is wrong.
    """
    if detach and (local or track):
        raise click.UsageError("--detach " + ("needs the queue: leave out --local" if local else TRACKED))
    settings = settings_here()
    document = read_spec(spec, assignments)
    located = with_whole_paths(document, beside=Path() if spec == "-" else Path(spec).parent)
    with Service.from_settings(settings) as service:
        tracker = _tracker(track, document, store=settings.store)
        if local:
            result = train_here(located, as_json=as_json, tracker=tracker)
            print_result(service, result, as_json=as_json, poll_s=settings.poll_s)
            return
        job = _submit_located(service, document, located) if service.is_here else submit(service, document)
        if not detach:
            follow_job(service, str(job["id"]), as_json=as_json, poll_s=settings.poll_s, tracker=tracker)
        elif as_json:
            print_json(job)
        else:
            print_line(str(job["id"]))
            print_line(f"Next: {program()} jobs follow {job['id']}", err=True)


def _tracker(uri: str | None, document: dict[str, Any], *, store: str) -> Tracker:
    """What hears of the training: MLflow, where it is named."""
    if uri is None:
        return UNTRACKED
    from onehot.commands.sharing.mlflow_tracker import MlflowTracker  # noqa: PLC0415 -- few trainings need it

    return MlflowTracker(uri, document, store=store)


def read_spec(path: str, assignments: tuple[str, ...]) -> dict[str, Any]:
    """Read a spec, apply the assignments, and check all of it.

    Raises:
        WrongUsage: When there is no such file.
        SpecError: With every problem.
    """
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}") from error
    document = load_document(content, name="standard input" if path == "-" else path)
    for assignment in assignments:
        document = set_path(document, assignment)
    load_spec(document)
    return document


def _submit_located(service: Service, document: dict[str, Any], located: dict[str, Any]) -> dict[str, Any]:
    """Queue a spec with the paths of this machine; as it is written where the service has others, as in a container."""
    try:
        return submit(service, located)
    except WrongUsage as wrong:
        if located == document or DATA_ROOTS not in str(wrong):
            raise
        with suppress(WrongUsage):
            return submit(service, document)
        raise


def submit(service: Service, document: dict[str, Any]) -> dict[str, Any]:
    """Queue a spec; returns the job's document.

    Raises:
        WrongUsage: When the service finds problems in the spec, one line for each.
        ServiceUnreachable, ServiceRefused: As every call of `Service`.
    """
    try:
        return dict(service.train(document).document)
    except ServiceRefused as refused:
        if refused.status in BAD_SPEC:
            problems = [f"{path}: {message}" for path, message in refused.details]
            raise WrongUsage.from_problems("the spec", problems or [refused.reason]) from refused
        raise
