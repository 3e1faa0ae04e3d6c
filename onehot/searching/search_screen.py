"""A search while it runs: a live table of its trials on a terminal, a line for each end of a trial's job elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

import click

from onehot.output import short_number

__all__ = ["ShowSearch", "search_screen", "shown_value", "table_rows"]

MOST_ROWS = 12
"""Of trials in the live table: those that run, then the best."""
LONGEST_VALUES = 100
AHEAD = frozenset({"waiting", "running"})

ShowSearch = Callable[[Mapping[str, Any]], None]
"""Shows a search as `GET /v1/searches/{id}` answers it."""


def shown_value(value: object) -> str:
    """A parameter's value, or a trial's."""
    return short_number(value) if isinstance(value, float) else "-" if value is None else str(value)


def _in_words(parameters: Mapping[str, Any]) -> str:
    """Parameters by the ends of their paths."""
    text = "  ".join(f"{_name(path)} {shown_value(value)}" for path, value in parameters.items())
    return text if len(text) <= LONGEST_VALUES else f"{text[: LONGEST_VALUES - 1]}…"


def _name(path: str) -> str:
    """The last key of a path; all of it where that is the number of a layer."""
    last = path.rsplit(".", 1)[-1]
    return path if last.isdecimal() else last


def table_rows(search: Mapping[str, Any], *, most: int | None = None) -> list[tuple[object, ...]]:
    """Trial, status, epochs, value and parameters of each: those that train first, then the best first."""
    sign = -1 if search["direction"] == "maximize" else 1

    def place(trial: Mapping[str, Any]) -> tuple[bool, bool, float]:
        value = trial["value"]
        return trial["status"] not in AHEAD, value is None, 0.0 if value is None else sign * value

    trials = sorted(search["trials"], key=place)
    return [
        (trial["number"], trial["status"], trial["epochs"], trial["value"], _in_words(trial["parameters"]))
        for trial in trials[:most]
    ]


def _headline(search: Mapping[str, Any]) -> str:
    best = search["best"]
    done = sum(trial["status"] not in AHEAD for trial in search["trials"])
    text = f"{done} of {search['trial_count']} trials"
    if search.get("winner"):
        text += "; the winner is measured on the held-out rows and published"
    if best is not None:
        text += f"; best so far: trial {best['trial']}, {search['objective']} {shown_value(best['value'])}"
    return text


@contextmanager
def search_screen(stream: IO[str], search_id: str) -> Iterator[ShowSearch]:
    """Open what fits the stream: a live table on a terminal, else lines.

    Args:
        stream: Where it goes.
        search_id: Shown until there is a trial.
    """
    if stream.isatty():
        with _live(stream) as live:
            yield lambda search: live.update(_table(search))
        return
    click.echo(f"search {search_id}: waiting for its first trial", file=stream)
    seen: set[str] = set()
    yield lambda search: _print_new(search, seen, stream)


def _live(stream: IO[str]) -> Any:
    from rich.console import Console  # noqa: PLC0415 -- only a terminal needs it
    from rich.live import Live  # noqa: PLC0415

    return Live(console=Console(file=stream), refresh_per_second=4)


def _table(search: Mapping[str, Any]) -> Any:
    from rich.table import Table  # noqa: PLC0415 -- as above
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(_headline(search)), title_justify="left", box=None, pad_edge=False)
    for heading in ("TRIAL", "STATUS", "EPOCHS", search["objective"].upper()):
        table.add_column(heading, justify="left" if heading == "STATUS" else "right", no_wrap=True)
    table.add_column("VALUES", overflow="ellipsis", no_wrap=True)
    for row in table_rows(search, most=MOST_ROWS):
        table.add_row(*(Text(shown_value(cell)) for cell in row))
    return table


def _print_new(search: Mapping[str, Any], seen: set[str], stream: IO[str]) -> None:
    """A line for each job that has ended since."""
    for trial in search["trials"]:
        for job in trial["jobs"]:
            if job["status"] == "open" or job["id"] in seen:
                continue
            seen.add(job["id"])
            click.echo(_job_line(search, trial, job), file=stream)


def _job_line(search: Mapping[str, Any], trial: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    if job["status"] != "finished":
        reason = (job.get("error") or {}).get("message") or job["status"]
        return f"trial {trial['number']}: {reason}"
    told: Sequence[str] = (
        f"trial {trial['number']}", f"epoch {job['epochs']}", f"{search['objective']} {shown_value(job['value'])}",
        _in_words(trial["parameters"]),
    )  # fmt: skip
    best = search["best"]
    return "  ".join(told) + (f"  (best: trial {best['trial']})" if best else "")
