"""A rollout in words and tables."""

from collections.abc import Mapping
from typing import Any

from onehot.output import print_line, print_pairs, print_table

__all__ = ["event_line", "print_rollout", "progress_line"]

Document = Mapping[str, Any]


def event_line(rollout: Document, event: Document) -> str:
    """One thing that happened, in a line."""
    steps = rollout["plan"]["steps"]
    return f"{event['at'][:19]}  {event['event']:<11} {_step(steps[event['step']])}: {event['reason']}"


def progress_line(rollout: Document) -> str:
    """What a rollout waits for, in a line."""
    state = rollout["frozen"] and f"frozen: {rollout['frozen']}"
    return f"{_step(rollout['current'])}: {state or rollout['waits_for'] or rollout['reason']}"


def print_rollout(rollout: Document) -> None:
    """Print all of a rollout: where it stands, its figures, its guards, its story."""
    print_pairs({
        "rollout": rollout["id"], "model": rollout["model"],
        "candidate": rollout["candidate"], "default": rollout["baseline"], "state": rollout["state"],
        "step": f"{rollout['step'] + 1} of {len(rollout['plan']['steps'])}: {_step(rollout['current'])}",
        "frozen": rollout["frozen"], "waits for": rollout["waits_for"], "reason": rollout["reason"],
        "sticky": rollout["plan"].get("sticky"), "by": rollout["by"], "created": rollout["created_at"],
        "ended": rollout["ended_at"],
    })  # fmt: skip
    figures = rollout["figures"] or next((one["figures"] for one in reversed(rollout["story"]) if one["figures"]), None)
    if figures is not None:
        _print_figures(figures)
    for event in rollout["story"]:
        print_line(event_line(rollout, event))


def _print_figures(figures: Document) -> None:
    headings = ("VERSION", "REQUESTS", "ROWS", "ERRORS", "P50 MS", "P99 MS", "ACCURACY")
    print_line()
    print_table(headings, [_side(name, figures[name]) for name in ("default", "candidate")])
    if figures["guards"]:
        print_line()
        print_table(("GUARD", "LIMIT", "VALUE", "SURE", "VERDICT"), map(_guard, figures["guards"]))
    print_line()


def _side(name: str, side: Document) -> list[object]:
    times = (None if side[field] is None else f"{1000 * side[field]:.2f}" for field in ("p50_s", "p99_s"))
    return [name, side["requests"], side["rows"], side["errors"], *times, side["accuracy"]]


def _guard(guard: Document) -> tuple[object, ...]:
    return guard["guard"], guard["limit"], guard["value"], guard["bound"], _verdict(guard)


def _verdict(guard: Document) -> str:
    """In a word; of one without an estimate, what it lacks."""
    if guard["value"] is None:
        return str(guard["sentence"]).partition(": ")[2]
    return "breached" if guard["is_breached"] else "kept" if guard["is_kept"] else "unsure"


def _step(step: Document) -> str:
    ((kind, percent),) = step.items()
    return f"{kind} {percent:g} %"
