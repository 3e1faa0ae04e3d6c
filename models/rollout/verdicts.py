"""What the guards of a rollout say of the figures of a step.

Each guard has an equal part of the rollout's `alpha` (Bonferroni: a good candidate is stopped with a probability of at
most `alpha`, however often, and by however many guards, it is looked at), and splits its part between the two versions:
that holds also where both computed the same requests. A guard is *breached* when its bound, not its estimate, is beyond
the limit; it is *kept* when its estimate is not.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.rollout.confidence import mean_bounds, quantile_bounds_s
from models.rollout.figures import RolloutFigures, Shares, SideFigures
from models.rollout.latency_bins import lower_edge_s, quantile_bin

__all__ = ["Verdict", "verdicts"]

P99 = 0.99
CANDIDATE, DEFAULT = 0.9, 0.1
"""How they share the error of a guard: the default version has far more requests, and is well known soon."""
MOST_GROUPS = 50
"""Of classes, whose shares are compared."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard says.

    Args:
        guard: Its name.
        limit: As the plan sets it.
        value: The estimate; None while there is nothing to judge.
        bound: What is sure of it: the least it is where the limit is a most, the most where it is a least; None as
            `value`, or while nothing is sure.
        is_breached: Whether that is beyond the limit.
        is_kept: Whether the estimate is within the limit, or there is none.
        sentence: All this in words.
    """

    guard: str
    limit: float
    value: float | None
    bound: float | None
    is_breached: bool
    is_kept: bool
    sentence: str

    @property
    def document(self) -> dict[str, Any]:
        """It as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Judged:
    """An estimate with its sure bound, and the words for both."""

    value: float
    bound: float
    words: str


def verdicts(
    guards: Mapping[str, float], figures: RolloutFigures, *, alpha: float, is_alone: bool = False,
    is_shadow: bool = False,
) -> tuple[Verdict, ...]:  # fmt: skip
    """What each guard says.

    Args:
        guards: Its limit by its name, as `Guards.named` gives them.
        figures: Of the step.
        alpha: The probability that a candidate that keeps them all is called worse, over all guards and looks.
        is_alone: Whether the candidate answers every request: the default version's figures are earlier ones then, and
            only a collapse is told.
        is_shadow: Whether the candidate's answers are not sent.
    """
    each = alpha / max(len(guards), 1)
    judge = _judged_alone if is_alone else _judged
    judged = {name: judge(name, figures, each) for name in guards}
    return tuple(
        _verdict(name, limit, judged[name], "nothing to compare with" if is_alone else _lacks(name, figures, is_shadow))
        for name, limit in guards.items()
    )


def _judged(name: str, figures: RolloutFigures, alpha: float) -> _Judged | None:
    return JUDGES[name](figures, alpha)


def _judged_alone(name: str, figures: RolloutFigures, alpha: float) -> _Judged | None:
    return _collapse(figures, alpha) if name == "error_rate" else None


def _lacks(name: str, figures: RolloutFigures, is_shadow: bool) -> str:  # noqa: FBT001 -- as the step says it
    """What a guard without an estimate waits for, or why it never has one."""
    candidate = figures.candidate
    if name == "quality":
        return "judged in canary steps only" if is_shadow else "waits for true labels of both versions, by feedback"
    if name == "agreement" and not is_shadow:
        return "judged in shadow steps only"
    has_no_classes = name in BY_CLASS and candidate.requests > candidate.errors and figures.default.requests > 0
    return "nothing to judge, as the model predicts no classes" if has_no_classes else "no figures yet"


def _verdict(name: str, limit: float, judged: _Judged | None, lacks: str) -> Verdict:
    if judged is None:
        return Verdict(name, limit, None, None, is_breached=False, is_kept=True, sentence=f"{name}: {lacks}")
    sign = -1.0 if name in LEAST else 1.0
    return Verdict(
        name,
        limit,
        judged.value,
        judged.bound if math.isfinite(judged.bound) else None,
        is_breached=sign * judged.bound > sign * limit,
        is_kept=sign * judged.value <= sign * limit,
        sentence=f"{name}: {judged.words}; {'at least' if name in LEAST else 'at most'} {limit:g} is allowed",
    )


def _error_rate(figures: RolloutFigures, alpha: float) -> _Judged | None:
    """By how much the candidate's share of failed requests exceeds the default version's."""
    default, candidate = figures.default, figures.candidate
    if not (candidate.requests and default.requests):
        return None
    rate, least, _ = _rate(candidate.errors, candidate.requests, CANDIDATE * alpha)
    usual, _, most = _rate(default.errors, default.requests, DEFAULT * alpha)
    words = f"{rate:.2%} of {candidate.requests} requests failed (surely {least:.2%}), by default {usual:.2%} of "
    return _Judged(rate - usual, least - most, f"{words}{default.requests} (surely not above {most:.2%})")


def _collapse(figures: RolloutFigures, alpha: float) -> _Judged | None:
    """As `_error_rate`, where only the candidate answers: against twice what the default version had before.

    Rates change with time, and nothing is compared at the same time: no bound holds for false alarms here.
    """
    default, candidate = figures.default, figures.candidate
    if not candidate.requests:
        return None
    rate, least, _ = _rate(candidate.errors, candidate.requests, CANDIDATE * alpha)
    usual, _, most = _rate(default.errors, default.requests, DEFAULT * alpha) if default.requests else (0.0, 0.0, 0.0)
    words = f"{rate:.2%} of {candidate.requests} requests failed (surely {least:.2%}), by default before {usual:.2%}"
    return _Judged(rate - 2 * usual, least - 2 * most, f"{words}, which counts twice (surely not above {most:.2%})")


def _p99_ratio(figures: RolloutFigures, alpha: float) -> _Judged | None:
    """How many times the default version's 99th percentile of computing time the candidate's is."""
    slow, usual = _p99_s(figures.candidate), _p99_s(figures.default)
    if slow is None or usual is None:
        return None
    least, _ = quantile_bounds_s(figures.candidate.latencies, P99, CANDIDATE * alpha)
    _, most = quantile_bounds_s(figures.default.latencies, P99, DEFAULT * alpha)
    words = (
        f"{1000 * slow:.3g} ms (surely {1000 * least:.3g}) at the 99th percentile, by default {1000 * usual:.3g} ms "
    )
    return _Judged(slow / usual, least / most, f"{words}(surely not above {1000 * most:.3g})")


def _agreement(figures: RolloutFigures, alpha: float) -> _Judged | None:
    """The share of rows to which both versions give the same class, in the mean of the requests."""
    pairs = figures.pairs
    if not pairs.requests:
        return None
    share, _, most = _rate(pairs.agreement, pairs.requests, alpha)
    return _Judged(
        share, most, f"{share:.2%} the same class in {pairs.requests} requests (surely not above {most:.2%})"
    )


def _quality(figures: RolloutFigures, alpha: float) -> _Judged | None:
    """The candidate's accuracy on rows with a true label, less the default version's."""
    default, candidate = figures.default, figures.candidate
    if not (candidate.labelled and default.labelled):
        return None
    accuracy, _, most = _rate(candidate.correct, candidate.labelled, CANDIDATE * alpha)
    usual, least, _ = _rate(default.correct, default.labelled, DEFAULT * alpha)
    words = f"{accuracy:.2%} of {candidate.labelled} labelled rows right (surely not above {most:.2%}), by default "
    return _Judged(accuracy - usual, most - least, f"{words}{usual:.2%} of {default.labelled} (surely {least:.2%})")


def _drift(figures: RolloutFigures, alpha: float) -> _Judged | None:
    """How far the classes that the candidate predicts are from the default version's, as their PSI."""
    sides = (figures.candidate, figures.default)
    counts = [side.requests - side.errors for side in sides]
    classes = max(len(side.class_shares) for side in sides)
    if not classes or min(counts) <= 0:
        return None
    groups = min(classes, MOST_GROUPS)
    shares = [_grouped(side.class_shares, groups) for side in sides]
    bounds = [_bounds(one, count, alpha / (2 * groups)) for one, count in zip(shares, counts, strict=True)]
    value = _psi_estimate(shares, counts)
    least = _least_psi(*bounds)
    return _Judged(value, least, f"PSI {value:.3f} (surely {least:.3f}) between the predicted classes of both versions")


def _psi_estimate(shares: list[Shares], counts: list[int]) -> float:
    """The population stability index of smoothed shares, less what it is in the mean where both are alike.

    Source:
        Yurdakul 2018, "Statistical properties of population stability index": `(classes - 1) (1/n + 1/m)` in the mean.
    """
    classes = len(shares[0])
    ours, theirs = ((one + 0.5) / (count + classes / 2) for one, count in zip(shares, counts, strict=True))
    psi = float(np.sum((ours - theirs) * np.log(ours / theirs)))
    return max(0.0, psi - (classes - 1) * sum(1 / count for count in counts))


def _least_psi(ours: tuple[Shares, Shares], theirs: tuple[Shares, Shares]) -> float:
    """The least PSI of shares within bounds: `(p - q) ln(p / q)` grows with the distance of p and q."""
    (our_least, our_most), (their_least, their_most) = ours, theirs
    above, below = our_least > their_most, their_least > our_most
    p = np.where(above, our_least, our_most)[above | below]
    q = np.where(above, their_most, their_least)[above | below]
    return float(np.sum((p - q) * np.log(p / q)))


def _rate(part: float, whole: int, alpha: float) -> tuple[float, float, float]:
    """A share with its sure bounds."""
    return (part / whole, *mean_bounds(part, whole, alpha))


def _p99_s(side: SideFigures) -> float | None:
    found = quantile_bin(side.latencies, P99)
    return None if found is None else lower_edge_s(found + 1)


def _grouped(shares: Shares, groups: int) -> Shares:
    """Classes put together by their remainder: a PSI of groups is at most that of their classes."""
    return np.bincount(np.arange(len(shares)) % groups, weights=shares, minlength=groups).astype(np.float64)


def _bounds(sums: Shares, count: int, alpha: float) -> tuple[Shares, Shares]:
    """The lower and the upper bounds of several shares."""
    found = np.array([mean_bounds(one, count, alpha) for one in sums.tolist()])
    return found[:, 0], found[:, 1]


JUDGES: Mapping[str, Callable[[RolloutFigures, float], _Judged | None]] = {
    "error_rate": _error_rate,
    "p99_ratio": _p99_ratio,
    "agreement": _agreement,
    "quality": _quality,
    "drift": _drift,
}
BY_CLASS = frozenset({"agreement", "drift"})
"""Guards that compare predicted classes, which a regression has none of."""
LEAST = frozenset({"agreement", "quality"})
"""Guards whose limit is the least that is allowed."""
