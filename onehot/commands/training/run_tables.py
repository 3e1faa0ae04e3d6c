"""Runs as people read them in a terminal: a row of the list, all of one, several side by side."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from string import ascii_uppercase
from typing import Any

from models.runs.fold_summary import cross_validation_pairs
from models.runs.summary import summary_of
from onehot.output import print_line, print_table, short_number

__all__ = ["print_comparison", "run_pairs", "run_row"]

SHORT = 12
"""Characters of an id: enough to tell a million of them apart."""
BLOCKS = "▁▂▃▄▅▆▇█"
CURVE_WIDTH = 40
MOST_CURVES, MOST_PAIRS, MOST_CELLS, MOST_VALUE = 6, 12, 8, 40

Run = Mapping[str, Any]


def run_row(run: Run) -> tuple[object, ...]:
    """A run in the list."""
    outcome = _metrics(run["metrics"]) or (run["error"] or {}).get("message", "")[:60]
    tags, ended = " ".join(run["tags"]), (run["ended_at"] or "")[:16].replace("T", " ")
    took = _seconds(run["duration_s"])
    return run["id"][:SHORT], run["status"], run["model"], run["version"], ended, took, run["epochs"], outcome, tags


def run_pairs(run: Run) -> dict[str, object]:
    """Everything of one run that fits a line each."""
    line, data = summary_of(run), run["data"] or {}
    return {
        "run": run["id"],
        "status": run["status"],
        "model": run["model"],
        "version": run["version"],
        "verdict": line["verdict"],
        "error": None if run["error"] is None else f"{run['error'].get('type')}: {run['error'].get('message')}",
        "tags": ", ".join(run["tags"]),
        "note": run["note"],
        "search": None if run["search"] is None else f"{run['search'].get('id')}, trial {run['search'].get('trial')}",
        "started": run["started_at"],
        "ended": run["ended_at"],
        "took": _seconds(line["duration_s"]),
        "steps": ", ".join(f"{name} {_seconds(value)}" for name, value in (run["timings_s"] or {}).items()),
        "queue": run["queue"],
        "worker": run["worker"],
        "attempts": run["attempts"],
        "epochs": line["epochs"],
        **{f"test {name}": _with_interval(run, name, value) for name, value in line["metrics"].items()},
        **cross_validation_pairs(run["cross_validation"]),
        **{name: value for name, value in line["last_epoch"].items() if name.startswith("val_")},
        "data": data.get("source"),
        "data sha256": data.get("sha256"),
        "rows": ", ".join(f"{rows} {part}" for part, rows in (data.get("rows") or {}).items()),
        "seed": run["seed"],
        "backend": run["backend"],
        "packages": " ".join(f"{name} {version}" for name, version in (run["package_versions"] or {}).items()),
        **_changes(run["previous"]),
    }


def print_comparison(comparison: Run) -> None:
    """What differs between runs, in tables with a letter for each run."""
    runs, letters = comparison["runs"], ascii_uppercase[: len(comparison["runs"])]
    named = dict(zip((run["id"] for run in runs), letters, strict=True))
    print_table(("", "RUN", "STATUS", "MODEL", "VERSION", "ENDED", "TOOK", "EPOCHS", "TAGS"), map(_row, letters, runs))
    _print_spec(comparison["spec"], letters)
    _print_metrics(comparison["metrics"], letters)
    _print_curves(comparison["curves"], letters)
    _print_mcnemar(comparison, named)
    for one in comparison["confusion"]:
        _print_confusion(one, named)


def _row(letter: str, run: Run) -> tuple[object, ...]:
    *facts, _, tags = run_row(run)
    return letter, *facts, tags


def _print_spec(differences: Sequence[Run], letters: str) -> None:
    if not differences:
        print_line("\nTheir specs are the same.")
        return
    print_line("\nWhat differs")
    rows = ((one["path"], *(_value(value) for value in one["values"])) for one in differences)
    print_table(("PATH", *letters), rows)


def _print_metrics(metrics: Sequence[Run], letters: str) -> None:
    if not metrics:
        return
    print_line("\nOn the test rows, with intervals of 95 %; * is the best")
    rows = (
        (one["name"], *map(_measured, one["values"], one["intervals"], one["best"])) for one in metrics
    )  # fmt: skip
    print_table(("METRIC", *letters), rows)


def _measured(value: float | None, interval: Sequence[float] | None, is_best: bool) -> str:  # noqa: FBT001 -- a column
    if value is None:
        return ""
    bounds = "" if interval is None else f" [{short_number(interval[0])}, {short_number(interval[1])}]"
    return f"{short_number(value)}{bounds}{' *' if is_best else ''}"


def _print_curves(curves: Sequence[Run], letters: str) -> None:
    """Each metric of the epochs as a small picture, all runs in one scale; validation first."""
    ordered = sorted(curves, key=lambda one: (not one["name"].startswith("val_"), one["name"]))
    for one in islice(ordered, MOST_CURVES):
        values = [value for run in one["runs"] if run for value in run["values"] if value is not None]
        if values:
            print_line(f"\n{one['name']} by epoch, from {short_number(min(values))} to {short_number(max(values))}")
            for letter, run in zip(letters, one["runs"], strict=True):
                if run:
                    last = f"epoch {run['epochs'][-1]}: {short_number(run['values'][-1] or 0.0)}"
                    print_line(f"  {letter}  {_picture(run['values'], min(values), max(values))}  {last}")


def _picture(values: Sequence[float | None], low: float, high: float) -> str:
    """A line of blocks, at most 40 wide; a gap where nothing was measured."""
    step = max(1.0, len(values) / CURVE_WIDTH)
    chosen = [values[int(place * step)] for place in range(min(len(values), CURVE_WIDTH))]
    span = (high - low) or 1.0
    return "".join(" " if one is None else BLOCKS[int((one - low) / span * (len(BLOCKS) - 1))] for one in chosen)


def _print_mcnemar(comparison: Run, named: Mapping[str, str]) -> None:
    pairs = comparison["mcnemar"]
    if not pairs:
        same = comparison["test_rows"]["same"]
        print_line("\nMcNemar's test: " + ("not of these tasks" if same else "they were not measured on the same rows"))
        return
    print_line(f"\nMcNemar's exact test on the same {pairs[0]['rows']} test rows")
    shown = sorted(pairs, key=lambda one: one["p_value"])[:MOST_PAIRS]
    rows = (
        (" and ".join(named[run] for run in one["runs"]), one["only_first"], one["only_second"], one["p_value"],
         one["p_value_holm"]) for one in shown
    )  # fmt: skip
    print_table(("RUNS", "ONLY FIRST RIGHT", "ONLY SECOND RIGHT", "P", "P (HOLM)"), rows)


def _print_confusion(one: Run, named: Mapping[str, str]) -> None:
    first, second = (named[run] for run in one["runs"])
    print_line(f"\nConfusion: {second} against {first}")
    rows = ((cell["true"], cell["predicted"], cell["before"], cell["after"], f"{cell['after'] - cell['before']:+}")
            for cell in one["cells"][:MOST_CELLS])  # fmt: skip
    print_table(("CLASS", "TAKEN FOR", first, second, "CHANGE"), rows)


def _changes(previous: Run | None) -> dict[str, object]:
    if previous is None:
        return {}
    differs = {f"  {one['path']}": f"{_value(one['before'])} → {_value(one['after'])}" for one in previous["differs"]}
    return {"run before": previous["id"]} | (differs or {"  its spec": "is the same"})


def _with_interval(run: Run, name: str, value: float) -> str:
    return _measured(value, ((run["test"] or {}).get("intervals") or {}).get(name), False)  # noqa: FBT003


def _metrics(metrics: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {short_number(value)}" for name, value in metrics.items())


def _seconds(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} min"


def _value(value: Any) -> str:
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= MOST_VALUE else text[: MOST_VALUE - 1] + "…"
