"""`onehot search`: trials of a spec's `search` on the queue, of which the best is published."""

from pathlib import Path
from typing import Any

import click

from models.sources.spec_paths import with_whole_paths
from onehot.client import Service
from onehot.commands.options import json_option, settings_here
from onehot.commands.training.train import BAD_SPEC, DATA_ROOTS, read_spec
from onehot.failures import ServiceRefused, WrongUsage
from onehot.output import print_json, print_line, program
from onehot.searching.following_search import follow_search

__all__ = ["search"]


@click.command()
@click.argument("spec", metavar="SPEC")
@click.option(
    "--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Replace a value: --set search.trials=50."
)
@click.option("--detach", is_flag=True, help="Print the search's id and leave.")
@json_option
def search(spec: str, assignments: tuple[str, ...], detach: bool, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """Try the values that the `search` of SPEC names, and publish the best trial.

    Trials are compared on validation rows; the winner alone is measured on the held-out rows. Ctrl-C stops looking; the
    search goes on. Exit status: 0 promoted, 1 the search failed or the gate does not hold, 2 the spec is wrong.
    """
    settings = settings_here()
    document = read_spec(spec, assignments)
    if "search" not in document:
        raise WrongUsage("search: expected what is searched, at least `space`; received nothing")
    located = with_whole_paths(document, beside=Path() if spec == "-" else Path(spec).parent)
    with Service.from_settings(settings) as service:
        started = _submit(service, located if service.is_here else document, document)
        if not detach:
            follow_search(service, str(started["id"]), as_json=as_json, poll_s=settings.poll_s)
        elif as_json:
            print_json(started)
        else:
            print_line(str(started["id"]))
            print_line(f"Next: {program()} searches follow {started['id']}", err=True)


def _submit(service: Service, document: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """Start a search; with the paths as they are written where the service has others, as in a container."""
    try:
        found: dict[str, Any] = service.call("POST", "/v1/searches", json=document).json()
    except ServiceRefused as refused:
        if refused.status not in BAD_SPEC:
            raise
        problems = [f"{path}: {message}" for path, message in refused.details] or [refused.reason]
        if document != written and DATA_ROOTS in "".join(problems):
            return _submit(service, written, written)
        raise WrongUsage.from_problems("the spec", problems) from refused
    return found
