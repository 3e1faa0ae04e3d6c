"""Two to twenty runs side by side: what differs, metrics with intervals, curves, McNemar's test, confusion."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.runs.record import complete_record
from models.runs.spec_changes import differing_values
from models.runs.statistics import holm, mcnemar
from models.runs.summary import summary_of

__all__ = ["FEWEST", "MOST", "compare_runs", "is_loss"]

FEWEST, MOST = 2, 20
MOST_POINTS = 200
MOST_CELLS = 50
LOSS_WORDS = ("loss", "error", "crossentropy", "divergence", "poisson", "hinge", "false_", "mse", "mae", "mape", "msle")

Record = Mapping[str, Any]


def compare_runs(records: Sequence[Record]) -> dict[str, Any]:
    """Compare runs; the first is what the others' confusion is compared with.

    Args:
        records: 2 to 20, as they are in the store.

    Returns:
        Plain JSON values: `runs`, `spec`, `metrics`, `curves`, `test_rows`, `mcnemar`, `confusion`.
    """
    runs = [{**complete_record(record), "test": _test(record)} for record in records]
    return {
        "runs": [summary_of(run) for run in runs],
        "spec": [{"path": path, "values": values} for path, values in _differences(runs).items()],
        "metrics": list(_metrics(runs)),
        "curves": list(_curves(runs)),
        "test_rows": _test_rows(runs),
        "mcnemar": _mcnemar(runs),
        "confusion": [one for run in runs[1:] if (one := _confusion(runs[0], run)) is not None],
    }


def is_loss(metric: str) -> bool:
    """Whether less of a metric is better, as far as its name tells."""
    return any(word in metric for word in LOSS_WORDS)


def _differences(runs: Sequence[Record]) -> dict[str, list[Any]]:
    """What differs in the specs, and in the data that they name."""
    digests = [{"data": {"sha256": (run["data"] or {}).get("sha256")}} for run in runs]
    specs = differing_values([run["spec"] or {} for run in runs])
    return specs | (differing_values(digests) if all(one["data"]["sha256"] for one in digests) else {})


def _metrics(runs: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """Each metric of the test rows: its value in each run with the interval of 95 % where it is known, and the best."""
    values = [summary_of(run)["metrics"] for run in runs]
    intervals = [(run["test"].get("intervals") or {}) for run in runs]
    for name in dict.fromkeys(name for one in values for name in one):
        known = [one[name] for one in values if name in one]
        less_is_better = is_loss(name)
        best = min(known) if less_is_better else max(known)
        yield {
            "name": name,
            "higher_is_better": not less_is_better,
            "best": [one.get(name) == best for one in values],
            "values": [one.get(name) for one in values],
            "intervals": [one.get(name) for one in intervals],
        }


def _curves(runs: Sequence[Record]) -> Iterator[dict[str, Any]]:
    """Each metric of the epochs: epoch and value in each run, thinned where there are very many."""
    histories = [run["history"] or {} for run in runs]
    for name in dict.fromkeys(name for history in histories for name in history):
        columns = [history.get(name) for history in histories]
        yield {"name": name, "runs": [_thinned(run, column) for run, column in zip(runs, columns, strict=True)]}


def _thinned(run: Record, column: Sequence[float | None] | None) -> dict[str, list[Any]] | None:
    if column is None:
        return None
    first, count = run["first_epoch"] or 1, len(column)
    places = sorted({round(place) for place in np.linspace(0, count - 1, min(count, MOST_POINTS)).tolist()})
    return {"epochs": [first + place for place in places], "values": [column[place] for place in places]}


def _test(record: Record) -> Mapping[str, Any]:
    """What a record says of its test rows; nothing where that is not as it was written."""
    test = record.get("test")
    return test if isinstance(test, Mapping) and _is_right(test) else {}


def _is_right(test: Mapping[str, Any]) -> bool:
    names, confusion = test.get("class_names"), test.get("confusion")
    lists = (names, confusion, *(confusion if isinstance(confusion, list) else ()))
    return (
        isinstance(test.get("rows"), int)
        and all(isinstance(one, list | None) for one in lists)
        and isinstance(test.get("intervals"), dict | None)
        and (confusion is None or [len(row) for row in confusion] == [len(names or ())] * len(confusion))
        and all(isinstance(cell, int) for row in confusion or () for cell in row)
    )


def _test_rows(runs: Sequence[Record]) -> dict[str, Any]:
    digests = [run["test"].get("sha256") for run in runs]
    return {"same": None not in digests and len(set(digests)) == 1, "sha256": digests}


def _mcnemar(runs: Sequence[Record]) -> list[dict[str, Any]]:
    """The exact test for each two runs that were measured on the same rows, and corrected for their number."""
    pairs = [_pair(one, other) for one, other in combinations([*zip(runs, map(_bits, runs), strict=True)], 2)]
    found = [pair for pair in pairs if pair is not None]
    corrected = holm([pair["p_value"] for pair in found])
    return [{**pair, "p_value_holm": value} for pair, value in zip(found, corrected, strict=True)]


def _pair(first: tuple[Record, Array | None], second: tuple[Record, Array | None]) -> dict[str, Any] | None:
    (one, right), (other, other_right) = first, second
    rows = one["test"].get("rows")
    is_same = (rows, one["test"].get("sha256")) == (other["test"].get("rows"), other["test"].get("sha256"))
    if right is None or other_right is None or not is_same or right.shape != other_right.shape:
        return None
    only_first, only_second = _count(right & ~other_right), _count(other_right & ~right)
    p_value = mcnemar(only_first, only_second)
    return {"runs": [one["id"], other["id"]], "rows": rows, "only_first": only_first, "only_second": only_second,
            "both": _count(right & other_right), "statistic": min(only_first, only_second),
            "p_value": p_value}  # fmt: skip


def _bits(run: Record) -> Array | None:
    """Which test rows a run was right on, `(bytes,) uint8`; None where that is not known."""
    try:
        packed = np.frombuffer(base64.b64decode(run["test"]["right"], validate=True), np.uint8)
    except (LookupError, TypeError, ValueError, binascii.Error):
        return None
    return packed if len(packed) == -(-run["test"]["rows"] // 8) else None


def _count(bits: Array) -> int:
    return int(np.bitwise_count(bits).sum())


def _confusion(base: Record, run: Record) -> dict[str, Any] | None:
    """The cells of the confusion matrix that differ the most between two runs of the same rows and classes."""
    before, after = base["test"], run["test"]
    names = before.get("class_names")
    keys = ("sha256", "rows", "class_names")
    if not names or not before.get("confusion") or not after.get("confusion") or _other(before, after, keys):
        return None
    old, new = np.array(before["confusion"]), np.array(after["confusion"])
    order = np.argsort(-np.abs(new - old), axis=None, kind="stable")[:MOST_CELLS]
    cells = [divmod(int(place), len(names)) for place in order]
    return {
        "runs": [base["id"], run["id"]],
        "cells": [
            {"true": names[i], "predicted": names[j], "before": int(old[i, j]), "after": int(new[i, j])}
            for i, j in cells
            if old[i, j] != new[i, j]
        ],
    }


def _other(before: Mapping[str, Any], after: Mapping[str, Any], keys: Sequence[str]) -> bool:
    return any(before.get(key) != after.get(key) for key in keys)
