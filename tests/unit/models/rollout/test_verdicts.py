import json

import numpy as np
import pytest

from models.rollout.figures import PairFigures, RolloutFigures
from models.rollout.shown_figures import shown_figures
from models.rollout.verdicts import verdicts

ALPHA = 0.0025


def verdict(guard, limit, figures, **how):
    (found,) = verdicts({guard: limit}, figures, alpha=ALPHA, **how)
    return found


def test_failures_count_once_they_are_sure(figures_of, side_of):
    """A few in a few requests say little; as many in a hundred are a breach."""
    few = verdict("error_rate", 0.01, figures_of(candidate=side_of(4, 1)))
    assert (few.is_breached, few.is_kept) == (False, False)
    many = verdict("error_rate", 0.01, figures_of(candidate=side_of(400, 40)))
    assert many.is_breached
    assert many.value == pytest.approx(0.1)
    assert 0.01 < many.bound < 0.1
    assert many.sentence.startswith("error_rate: 10.00% of 400 requests failed (surely ")
    assert not verdict(
        "error_rate", 0.01, figures_of(default=side_of(4000, 400), candidate=side_of(400, 40))
    ).is_breached


def test_of_a_candidate_that_answers_alone_a_collapse_is_told(figures_of, side_of):
    """Against twice what the default version had before, as rates change; nothing else has what it is compared with."""
    before = side_of(2000, 200)
    worse, collapsed = side_of(1000, 180), side_of(1000, 500)
    assert not verdict("error_rate", 0.01, figures_of(default=before, candidate=worse), is_alone=True).is_breached
    assert verdict("error_rate", 0.01, figures_of(default=before, candidate=collapsed), is_alone=True).is_breached
    slow = figures_of(default=side_of(5000), candidate=side_of(5000, ms=60.0))
    found = verdict("p99_ratio", 1.5, slow, is_alone=True)
    assert (found.is_breached, found.is_kept, found.sentence) == (False, True, "p99_ratio: nothing to compare with")


def test_a_candidate_without_any_comparison_must_not_fail(figures_of, side_of):
    """A plan that begins with all requests; elsewhere it waits for the default version's figures."""
    alone = figures_of(default=side_of(0), candidate=side_of(400, 40))
    assert verdict("error_rate", 0.01, alone, is_alone=True).is_breached
    assert verdict("error_rate", 0.01, alone).value is None


def test_slow_answers_are_compared_at_the_99th_percentile(figures_of, side_of):
    """Three times as slow breaches 1.5 once there are enough."""
    slow = side_of(5000, ms=6.0)
    found = verdict("p99_ratio", 1.5, figures_of(default=side_of(5000), candidate=slow))
    assert found.is_breached
    assert found.value == pytest.approx(3.0, rel=0.05)
    assert 1.5 < found.bound <= found.value
    few = verdict("p99_ratio", 1.5, figures_of(default=side_of(50), candidate=side_of(50, ms=6.0)))
    assert (few.is_breached, few.is_kept) == (False, False)
    assert verdict("p99_ratio", 1.5, figures_of(default=side_of(0))).value is None


def test_other_classes_breach_the_guard_of_shadow_steps(figures_of):
    """The share of rows with the same class, against the least that is allowed."""
    pairs = PairFigures(1000, 900.0, np.array([1000.0]), np.array([900.0]), np.array([-50.0]))
    found = verdict("agreement", 0.95, figures_of(pairs=pairs))
    assert found.is_breached
    assert found.value == 0.9 < found.bound < 0.95
    assert not verdict("agreement", 0.85, figures_of(pairs=pairs)).is_breached
    canary = verdict("agreement", 0.95, figures_of())
    assert (canary.value, canary.is_kept, canary.sentence) == (None, True, "agreement: judged in shadow steps only")


@pytest.mark.parametrize(
    ("guard", "is_shadow", "words"),
    [
        ("quality", True, "judged in canary steps only"),
        ("quality", False, "waits for true labels of both versions, by feedback"),
        ("agreement", True, "nothing to judge, as the model predicts no classes"),
        ("drift", False, "nothing to judge, as the model predicts no classes"),
    ],
)
def test_a_guard_without_figures_says_why(figures_of, side_of, guard, is_shadow, words):
    """What it waits for, or that it never has anything to judge; before the first request, that there are none yet."""
    found = verdict(guard, 0.5, figures_of(default=side_of(100), candidate=side_of(100)), is_shadow=is_shadow)
    assert (found.value, found.is_kept, found.sentence) == (None, True, f"{guard}: {words}")
    assert verdict("drift", 0.5, RolloutFigures()).sentence == "drift: no figures yet"


def test_live_accuracy_is_compared_by_true_labels(figures_of, side_of):
    """One point worse is allowed, twenty are not."""
    default, candidate = side_of(labelled=2000, correct=1900), side_of(labelled=500, correct=375)
    found = verdict("quality", -0.01, figures_of(default=default, candidate=candidate))
    assert found.is_breached
    assert found.value == pytest.approx(-0.2)
    assert found.value < found.bound < -0.01
    alike = figures_of(default=default, candidate=side_of(labelled=500, correct=474))
    assert not verdict("quality", -0.01, alike).is_breached
    assert verdict("quality", -0.01, alike).is_kept
    assert verdict("quality", -0.01, figures_of(default=default)).value is None


def test_predicted_classes_drift_from_the_default_versions(figures_of, side_of):
    """By the PSI of the shares of requests; alike ones have none, though no two samples are equal."""
    default = side_of(class_shares=np.array([500.0, 480.0, 20.0]))
    other = verdict("drift", 0.25, figures_of(default=default, candidate=side_of(class_shares=np.array([50.0, 950.0]))))
    assert other.is_breached
    assert other.value > other.bound > 0.25
    alike = verdict(
        "drift", 0.25, figures_of(default=default, candidate=side_of(class_shares=np.array([520.0, 465, 15])))
    )
    assert (alike.is_breached, alike.is_kept, alike.bound) == (False, True, 0.0)
    assert alike.value < 0.01
    assert verdict("drift", 0.25, figures_of()).value is None


def test_figures_are_shown_as_json(figures_of, side_of):
    """Also those of nothing, and a bound that is not known yet."""
    pairs = PairFigures(3, 2.5, np.array([4.0, 0.0, 2.0]), np.array([3.0, 0, 2]), np.array([-0.5, 0, 0.1]), 1)
    figures = figures_of(pairs=pairs, candidate=side_of(10, 1, labelled=4, correct=3))
    found = shown_figures(figures, verdicts({"p99_ratio": 1.5, "drift": 0.2}, figures, alpha=ALPHA))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["candidate"]["error_rate"], found["candidate"]["accuracy"], found["default"]["accuracy"]) == (
        0.1,
        0.75,
        None,
    )
    assert [one["class"] for one in found["agreement"]["classes"]] == [0, 2]
    assert found["agreement"]["classes"][0]["score_shift"] == -0.125
    assert shown_figures(RolloutFigures())["default"]["p99_s"] is None
