"""`onehot captured`: sampled requests, of the service that ONEHOT_URL names or of the store itself."""

import json
from pathlib import Path
from typing import Any

import click

from models.capture.capture_settings import DEFAULT_KEEP_DAYS, MOST_DAYS
from onehot.access.captured_access import RowQuery
from onehot.commands.options import captured_here, json_option, store_option
from onehot.output import print_json, print_line, print_pairs, print_table

__all__ = ["captured"]

since_option = click.option("--since", metavar="WHEN", help="Only rows computed then or later: 2026-05-31, or 7d.")
version_option = click.option("--version", type=click.IntRange(1), help="Only of this version.")


@click.group()
def captured() -> None:
    """Sample requests into the store; show, export and erase what was captured; say how good predictions were.

    With ONEHOT_URL it is that service that is asked; without it, or with --store, the store, ONEHOT_STORE.
    """


@captured.command()
@click.argument("model")
@click.option("--sample", type=click.FloatRange(0, 1, min_open=True), required=True, help="The share of the requests.")
@click.option(
    "--keep-days", type=click.IntRange(1, MOST_DAYS), default=DEFAULT_KEEP_DAYS, show_default=True,
    help="How long rows and labels are kept.",
)  # fmt: skip
@click.option(
    "--drop", multiple=True, metavar="COLUMN", help="A column that is never kept; may be given several times."
)
@store_option
@json_option
def on(model: str, from_store: bool, as_json: bool, **settings: Any) -> None:  # noqa: FBT001 -- click's flags
    """Capture requests of MODEL from now on."""
    with captured_here(from_store=from_store) as found:
        _show(found.set(model, {**settings, "drop": list(settings["drop"])}), as_json=as_json)


@captured.command()
@click.argument("model")
@store_option
def off(model: str, from_store: bool) -> None:  # noqa: FBT001
    """Capture no more; what was captured stays until its days are over."""
    with captured_here(from_store=from_store) as found:
        found.switch_off(model)
    print_line(f"capture of {model} is off")


@captured.command()
@click.argument("model")
@store_option
@json_option
def show(model: str, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Show what is captured of MODEL."""
    with captured_here(from_store=from_store) as found:
        _show(found.settings(model), as_json=as_json)


def _show(settings: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(settings)
        return
    state = f"on, {settings['sample']:.4g} of the requests" if settings["enabled"] else "off"
    print_pairs({"model": settings["model"], "capture": state, "kept": f"{settings['keep_days']} days",
                 "dropped": ", ".join(settings["drop"]), "columns": ", ".join(settings["columns"] or ())})  # fmt: skip


@captured.command()
@click.argument("model")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--least-sure-first", is_flag=True, help="What is most worth a label first; else the newest.")
@click.option("--labelled/--unlabelled", default=None, help="Only rows with a label, or only rows without.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many at most.")
@since_option
@version_option
@store_option
def export(model: str, file: Path | None, from_store: bool, **query: Any) -> None:  # noqa: FBT001
    """Write captured rows of MODEL to FILE, or to the output: one JSON object a line.

    `onehot feedback FILE` takes the same lines back, once each has its label.
    """
    with captured_here(from_store=from_store) as found:
        rows = found.rows(model, RowQuery(**query))
    lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    if file is None:
        click.echo(lines, nl=False)
    else:
        file.write_text(lines, encoding="utf-8")
        print_line(f"{len(rows)} rows in {file}")


@captured.command()
@click.argument("model")
@click.argument("request_id", metavar="REQUEST_ID")
@store_option
@json_option
def erase(model: str, request_id: str, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Erase what was captured of one request: its rows, and its labels."""
    with captured_here(from_store=from_store) as found:
        erased = found.erase(model, request_id)
    if as_json:
        print_json(erased)
    else:
        print_line(f"erased of {request_id}: {erased['rows']} rows, {erased['labels']} labels")


@captured.command()
@click.argument("model")
@since_option
@version_option
@store_option
@json_option
def quality(model: str, from_store: bool, as_json: bool, **query: Any) -> None:  # noqa: FBT001
    """Say how good the predictions of MODEL were, as far as true labels are known."""
    with captured_here(from_store=from_store) as found:
        document = found.quality(model, RowQuery(**query))
    if as_json:
        print_json(document)
        return
    unknown = document["unknown_labels"]
    print_pairs({"rows": document["rows"], "labelled": document["labelled"], "of no class": unknown or None,
                 **_figures(document)})  # fmt: skip
    print_line()
    versions = document.get("versions") or []
    if versions:
        names = [*_figures(versions[0])]
        rows = [(one["version"], one["rows"], one["labelled"], *_figures(one).values()) for one in versions]
        print_table(("VERSION", "ROWS", "LABELLED", *(name.upper() for name in names)), rows)


def _figures(document: dict[str, Any]) -> dict[str, str]:
    """Each figure with its interval, in words."""
    known = {"accuracy": "interval", "mean_absolute_error": "mean_absolute_error_interval",
             "root_mean_squared_error": "root_mean_squared_error_interval"}  # fmt: skip
    return {
        name.replace("_", " "): "-" if document[name] is None else _with_interval(document[name], document[interval])
        for name, interval in known.items()
        if name in document
    }


def _with_interval(value: float, interval: list[float]) -> str:
    return f"{value:.4g} ({interval[0]:.4g} to {interval[1]:.4g})"
