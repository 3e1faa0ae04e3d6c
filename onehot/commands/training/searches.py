"""`onehot searches`: searches in the store, asked from the service."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from onehot.client import Service
from onehot.commands.options import json_option, settings_here
from onehot.failures import WorkFailed
from onehot.output import print_json, print_line, print_list, print_pairs, print_table
from onehot.searching.following_search import follow_search, print_best
from onehot.searching.search_screen import table_rows
from onehot.searching.study_page import study_page

__all__ = ["searches"]


@click.group()
def searches() -> None:
    """List, show, follow and cancel searches; write one as a page with pictures."""


@searches.command("list")
@json_option
def list_searches(as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """List the searches, the newest first."""
    with Service.from_settings(settings_here()) as service:
        document = service.get("/v1/searches")
    headings = ("SEARCH", "STATUS", "MODEL", "TRIALS", "BEST", "CREATED")
    empty = "No searches yet: onehot search SPEC starts one."
    print_list(document, headings, map(_row, document["searches"]), as_json=as_json, empty=empty)


@searches.command()
@click.argument("search_id", metavar="ID")
@json_option
def show(search_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Show one search with its trials, the best first."""
    with Service.from_settings(settings_here()) as service:
        search = service.get(f"/v1/searches/{search_id}")
    if as_json:
        print_json(search)
        return
    print_pairs({"search": search["id"], "status": search["status"], "model": search["model"],
                 "error": (search["error"] or {}).get("message"), "created": search["created_at"],
                 "ended": search["ended_at"], "version": (search["result"] or {}).get("version")})  # fmt: skip
    if search["trials"]:
        print_table(("TRIAL", "STATUS", "EPOCHS", search["objective"].upper(), "VALUES"), table_rows(search))
    print_best(search)


@searches.command()
@click.argument("search_id", metavar="ID")
@json_option
def follow(search_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Follow a search to its end."""
    settings = settings_here()
    with Service.from_settings(settings) as service:
        follow_search(service, search_id, as_json=as_json, poll_s=settings.poll_s)


@searches.command()
@click.argument("search_id", metavar="ID")
@json_option
def cancel(search_id: str, as_json: bool) -> None:  # noqa: FBT001
    """Cancel a search: trials that wait never start, those that train stop within a second or so."""
    with Service.from_settings(settings_here()) as service:
        answer = service.call("DELETE", f"/v1/searches/{search_id}").json()
    if as_json:
        print_json(answer)
    else:
        print_line(f"Search {search_id} is canceled.")


@searches.command()
@click.argument("search_id", metavar="ID")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the page goes; default: search-ID.html."
)
def report(search_id: str, out: Path | None) -> None:
    """Write a search as one HTML page: history of the best, parameters, their importance, learning curves."""
    with Service.from_settings(settings_here()) as service:
        search = service.get(f"/v1/searches/{search_id}")
    path = out or Path(f"search-{search_id}.html")
    try:
        path.write_text(study_page(search), encoding="utf-8")
    except OSError as error:
        raise WorkFailed(f"{path}: {error.strerror}") from error
    print_line(str(path))


def _row(search: Mapping[str, Any]) -> tuple[object, ...]:
    best = search["best"]
    trials = f"{search['begun']}/{search['trial_count']}"
    return search["id"], search["status"], search["model"], trials, best and best["value"], search["created_at"]
