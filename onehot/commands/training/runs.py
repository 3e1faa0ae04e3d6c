"""`onehot runs`: the records of trainings, of the service that ONEHOT_URL names or of the store itself."""

from collections.abc import Mapping
from typing import Any

import click

from models.runs.comparison import FEWEST, MOST
from models.runs.person_fields import check_note, check_tags
from models.runs.run_list import ENDED_STATUSES
from onehot.access.run_access import RunQuery, full_id
from onehot.commands.options import json_option, runs_here, store_option
from onehot.commands.training.run_tables import print_comparison, run_pairs, run_row
from onehot.output import print_json, print_line, print_list, print_pairs

__all__ = ["runs"]

HEADINGS = ("RUN", "STATUS", "MODEL", "VERSION", "ENDED", "TOOK", "EPOCHS", "TEST METRICS", "TAGS")


@click.group()
def runs() -> None:
    """List, show, compare and tag the trainings that have ended, also those that the queue has forgotten.

    With ONEHOT_URL they are those of that service; without it, or with --store, those of the store, ONEHOT_STORE.
    The beginning of an ID is enough where no other begins so.
    """


@runs.command("list")
@click.option("--model", metavar="NAME", help="Only trainings of this model.")
@click.option("--status", type=click.Choice(ENDED_STATUSES), help="Only those that ended so.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only those with this tag; with all of several.")
@click.option(
    "--sort", default="-created_at", show_default=True, metavar="KEY",
    help="created_at, ended_at, duration_s, model, status, version, epochs or metrics.NAME; with - the largest first.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
@store_option
@json_option
def list_runs(from_store: bool, as_json: bool, **query: Any) -> None:  # noqa: FBT001 -- click's flags
    """List trainings that have ended, the newest first."""
    with runs_here(from_store=from_store) as known:
        found = known.rows(RunQuery(**query))
    empty = f"No such runs in {known.place}: onehot train SPEC makes one."
    print_list({"runs": found}, HEADINGS, map(run_row, found), as_json=as_json, empty=empty)


@runs.command()
@click.argument("run_id", metavar="ID")
@store_option
@json_option
def show(run_id: str, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show one run: what was trained, on what, with which outcome, and what differs from the run before."""
    with runs_here(from_store=from_store) as known:
        run = known.show(full_id(known, run_id))
    if as_json:
        print_json(run)
    else:
        print_pairs(run_pairs(run))


@runs.command()
@click.argument("ids", metavar="ID ID…", nargs=-1)
@store_option
@json_option
def compare(ids: tuple[str, ...], from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Compare 2 to 20 runs: what differs in their specs, metrics with intervals, curves, McNemar's test, confusion."""
    if not FEWEST <= len(set(ids)) == len(ids) <= MOST:
        raise click.UsageError(f"expected {FEWEST} to {MOST} different runs; received {len(ids)}")
    with runs_here(from_store=from_store) as known:
        comparison = known.compare([full_id(known, one) for one in ids])
    if as_json:
        print_json(comparison)
    else:
        print_comparison(comparison)


@runs.command()
@click.argument("run_id", metavar="ID")
@click.argument("tags", metavar="[TAG]…", nargs=-1)
@click.option("--remove", "removed", multiple=True, metavar="TAG", help="Take this tag away.")
@click.option("--note", metavar="TEXT", help="Replace the note; an empty one takes it away.")
@store_option
@json_option
def tag(
    run_id: str, tags: tuple[str, ...], removed: tuple[str, ...], note: str | None,
    from_store: bool, as_json: bool,  # noqa: FBT001
) -> None:  # fmt: skip
    """Add tags to a run, take tags away, or write a note."""
    if not tags and not removed and note is None:
        raise click.UsageError("give a TAG, --remove TAG, or --note TEXT")
    with runs_here(from_store=from_store) as known:
        run_id = full_id(known, run_id)
        run = known.change(run_id, _changes(known.show(run_id), tags, removed, note))
    if as_json:
        print_json(run)
    else:
        print_line(f"{run_id}: {', '.join(run['tags']) or 'no tags'}{_note(run)}")


def _changes(
    run: Mapping[str, Any], tags: tuple[str, ...], removed: tuple[str, ...], note: str | None
) -> dict[str, Any]:
    """What changes of a run; wrong tags and notes are wrong usage."""
    kept = [one for one in [*run["tags"], *tags] if one not in removed]
    try:
        changes: dict[str, Any] = {"tags": check_tags(kept)} if tags or removed else {}
        return changes | ({} if note is None else {"note": check_note(note)})
    except ValueError as error:
        raise click.UsageError(f"expected {error}; received {', '.join(tags) or 'a longer one'}") from error


def _note(run: Mapping[str, Any]) -> str:
    return f" ({run['note']})" if run["note"] else ""
