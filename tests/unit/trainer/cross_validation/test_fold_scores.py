import numpy as np
import pytest
from scipy import stats

from trainer.cross_validation.fold_scores import CORRECTED, STUDENT, FoldScore, mean_interval_of, summarize


def scores_of(values, folds: int) -> list[FoldScore]:
    return [FoldScore(index // folds + 1, index % folds + 1, 10, 4, {"loss": 1 - one, "accuracy": one})
            for index, one in enumerate(values)]  # fmt: skip


def test_without_shared_rows_the_interval_is_students() -> None:
    """As scipy computes it."""
    values = [0.9, 0.8, 0.85, 0.95]
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert mean_interval_of(values, share=0.0) == pytest.approx(expected)


def test_the_interval_of_folds_is_wider_by_what_they_share() -> None:
    """The variance of the mean is (1 / n + measured / trained) s², as Nadeau and Bengio derive it."""
    values = [0.9, 0.8, 0.85, 0.95, 0.9]
    (low, high), (narrow_low, narrow_high) = (mean_interval_of(values, share=share) for share in (1 / 4, 0.0))
    assert (high - low) / (narrow_high - narrow_low) == pytest.approx(np.sqrt((1 / 5 + 1 / 4) * 5))


def test_the_summary_names_its_method_and_has_every_score() -> None:
    """A metric that is a share stays within 0 and 1; rows count once."""
    found = summarize(scores_of([0.99, 1.0, 0.95, 1.0], 2), folds=2, repeats=2, groups="patient")
    assert (found["method"], found["rows"], found["groups"]) == (CORRECTED, 20, "patient")
    accuracy = found["metrics"]["accuracy"]
    assert accuracy["mean"] == pytest.approx(0.985)
    assert accuracy["lower"] < accuracy["mean"] < accuracy["upper"] == 1.0
    assert [(one["repeat"], one["fold"]) for one in found["scores"]] == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_repeats_of_one_split_have_students_interval() -> None:
    """A metric that is no number in one of them is left out."""
    scores = scores_of([0.9, 0.8, 0.7], 1)
    scores[1].metrics["auc"] = float("nan")
    found = summarize(scores, folds=None, repeats=3, groups=None)
    assert (found["method"], found["rows"], set(found["metrics"])) == (STUDENT, 10, {"loss", "accuracy"})
