"""The figures of a step as they are shown and kept: counts, rates, and the guards' verdicts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.rollout.figures import PairFigures, RolloutFigures, SideFigures
from models.rollout.latency_bins import lower_edge_s, quantile_bin
from models.rollout.verdicts import Verdict

__all__ = ["shown_figures"]

MOST_CLASSES = 50
"""Classes whose agreement is shown: those with most rows."""


def shown_figures(figures: RolloutFigures, verdicts: Sequence[Verdict] = ()) -> dict[str, Any]:
    """The figures as plain JSON values.

    Args:
        figures: Of one step.
        verdicts: What the guards say of them.

    Returns:
        `seconds`, `default` and `candidate` (requests, errors, rows, error_rate, p50_s, p99_s, labelled, accuracy),
        `agreement` in shadow steps, and `guards`.
    """
    return {
        "seconds": round(figures.seconds, 3),
        "default": _side(figures.default),
        "candidate": _side(figures.candidate),
        "agreement": _agreement(figures.pairs) if figures.pairs.requests or figures.pairs.shed else None,
        "guards": [verdict.document for verdict in verdicts],
    }


def _side(side: SideFigures) -> dict[str, Any]:
    return {
        "requests": side.requests,
        "errors": side.errors,
        "rows": side.rows,
        "error_rate": _share(side.errors, side.requests),
        "p50_s": _quantile_s(side, 0.5),
        "p99_s": _quantile_s(side, 0.99),
        "labelled": side.labelled,
        "accuracy": _share(side.correct, side.labelled),
    }


def _agreement(pairs: PairFigures) -> dict[str, Any]:
    most = sorted(np.flatnonzero(pairs.rows).tolist(), key=lambda index: (-pairs.rows[index], index))[:MOST_CLASSES]
    return {
        "requests": pairs.requests,
        "shed": pairs.shed,
        "share": _share(pairs.agreement, pairs.requests),
        "classes": [
            {
                "class": index,
                "rows": int(pairs.rows[index]),
                "share": _share(pairs.agreed[index], pairs.rows[index]),
                "score_shift": _share(pairs.shift[index], pairs.rows[index]),
            }
            for index in sorted(most)
        ],
    }


def _share(part: float, whole: float) -> float | None:
    return round(float(part / whole), 6) if whole else None


def _quantile_s(side: SideFigures, share: float) -> float | None:
    found = quantile_bin(side.latencies, share)
    return None if found is None else float(f"{lower_edge_s(found + 1):.4g}")
