"""How often the report's bootstrap intervals hold the true value: the long form of `test_bootstrap.py`.

    python bench/interval_coverage.py [--repeats 1000] [--rows 100 250 1500]

Test sets are drawn from a distribution whose metrics are known from two million rows. An interval of 95 % holds them in
95 of 100 test sets; the exit status says whether each does so within 3 points and the error of so many repeats.
"""

import argparse
import sys
from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from models.sources.class_labels import Labels  # noqa: E402
from models.spec.head import REGRESSION, SIGMOID, SOFTMAX  # noqa: E402
from trainer.data.head import Head  # noqa: E402
from trainer.evaluation.bootstrap import bootstrap_intervals, score_statistics  # noqa: E402

TRUE_ROWS, LEVEL, WITHIN = 2_000_000, 0.95, 0.03
Draw = Callable[[int, np.random.Generator], tuple[Labels, Any]]


def two_classes(rows: int, rng: np.random.Generator) -> tuple[Labels, Any]:
    """Scores of two overlapping classes, 40 % of the second."""
    hits = rng.random(rows) < 0.4
    scores = 1 / (1 + np.exp(-(1.5 * hits + rng.normal(size=rows) - 0.75)))
    return Labels(hits.astype(np.int64), ("no", "yes")), scores.astype(np.float32)[:, None]


def three_classes(rows: int, rng: np.random.Generator) -> tuple[Labels, Any]:
    """Probabilities of three classes, one of them rare."""
    labels = rng.choice(3, rows, p=[0.5, 0.35, 0.15])
    logits = 1.5 * np.eye(3)[labels] + rng.normal(size=(rows, 3))
    odds = np.exp(logits)
    return Labels(labels, ("a", "b", "c")), (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def numbers(rows: int, rng: np.random.Generator) -> tuple[Labels, Any]:
    """Predictions with normal errors."""
    true = rng.normal(size=(rows, 1))
    return Labels(true), true + 0.7 * rng.normal(size=(rows, 1))


CASES: dict[str, tuple[Draw, Head]] = {
    "two classes": (two_classes, Head(SIGMOID, 1)),
    "three classes": (three_classes, Head(SOFTMAX, 3)),
    "regression": (numbers, Head(REGRESSION, 1)),
}


def coverage(draw: Draw, head: Head, rows: int, repeats: int) -> dict[str, float]:
    """Metric → the share of test sets of so many rows whose interval holds its true value."""
    every = np.arange(TRUE_ROWS)
    truth = {name: float(one(every, np.ones((1, TRUE_ROWS)))[0])
             for name, one in statistics(draw, head, TRUE_ROWS, [0]).items()}  # fmt: skip
    held = dict.fromkeys(truth, 0)
    for repeat in range(repeats):
        found = bootstrap_intervals(statistics(draw, head, rows, [1, repeat]), rows, seed=repeat)
        for name, (_, lower, upper) in found.items():
            held[name] += lower <= truth[name] <= upper
    return {name: count / repeats for name, count in held.items()}


def statistics(draw: Draw, head: Head, rows: int, seed: list[int]) -> dict[str, Any]:
    """The metrics of a test set, as the report resamples them."""
    return dict(score_statistics(head, *draw(rows, np.random.default_rng(seed))))


def main() -> int:
    """Print the table; the exit status says whether all of it holds."""
    parser = argparse.ArgumentParser(description="How often bootstrap intervals hold the true value.")
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[250, 1500])
    options = parser.parse_args()
    margin = WITHIN + 2 * sqrt(LEVEL * (1 - LEVEL) / options.repeats)
    failed = 0
    print(f"{'simulated':14} {'rows':>6} {'metric':24} {'held':>7}   (95 % ± 3 points, {options.repeats} test sets)")
    for case, (draw, head) in CASES.items():
        for rows in options.rows:
            for name, share in coverage(draw, head, rows, options.repeats).items():
                holds = abs(share - LEVEL) <= margin
                failed += not holds
                print(f"{case:14} {rows:6} {name:24} {100 * share:6.1f}%   {'ok' if holds else 'FAILS'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
