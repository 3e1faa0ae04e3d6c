import numpy as np
import pytest
from sklearn.metrics import auc, average_precision_score, precision_score, recall_score, roc_auc_score

from models.sources.class_labels import Labels
from models.spec.head import MULTILABEL, REGRESSION, SIGMOID, SOFTMAX
from trainer.data.head import Head
from trainer.evaluation.curves import MOST_CURVES, MOST_POINTS, score_curves
from trainer.evaluation.residuals import residual_facts

RNG = np.random.default_rng(5)
ROWS = 3000
HITS = RNG.random(ROWS) < 0.3
SCORES = np.clip(0.4 * HITS + 0.6 * RNG.random(ROWS), 0, 1).astype(np.float32)[:, None]
LABELS = Labels(HITS.astype(np.int64), ("no", "yes"))


def test_few_points_have_the_area_of_all() -> None:
    """Of thousands of rows at most sixty are kept, and a few at the ends."""
    found = score_curves(Head(SIGMOID, 1), LABELS, SCORES)
    (roc,), (recall) = found["roc"], found["precision_recall"][0]
    assert [roc["class"], recall["class"]] == ["yes", "yes"]
    assert max(len(roc["points"]), len(recall["points"])) <= MOST_POINTS + 2
    assert auc(*np.transpose(roc["points"])) == pytest.approx(roc_auc_score(HITS, SCORES), abs=0.003)
    assert roc["area"] == pytest.approx(roc_auc_score(HITS, SCORES))
    assert recall["area"] == pytest.approx(average_precision_score(HITS, SCORES))


def test_each_point_of_roc_says_its_threshold() -> None:
    """What reaches it counts: the rates of each are those of its point."""
    (roc,) = score_curves(Head(SIGMOID, 1), LABELS, SCORES)["roc"]
    assert roc["thresholds"][0] is None
    assert len(roc["thresholds"]) == len(roc["points"])
    for threshold, (false_rate, true_rate) in zip(roc["thresholds"][1:], roc["points"][1:], strict=True):
        taken = SCORES[:, 0] >= threshold - 1e-5
        assert [taken[~HITS].mean(), taken[HITS].mean()] == pytest.approx([false_rate, true_rate], abs=2e-3)


def test_the_threshold_is_where_its_precision_and_recall_are() -> None:
    """As scikit-learn computes them of what the version takes."""
    found = score_curves(Head(SIGMOID, 1, threshold=0.62), LABELS, SCORES)
    taken = SCORES[:, 0] > np.float32(0.62)
    assert found["precision_recall"][0]["threshold"] == 0.62
    assert found["precision_recall"][0]["chosen"] == pytest.approx(
        [recall_score(HITS, taken), precision_score(HITS, taken)]
    )
    assert found["roc"][0]["chosen"] == pytest.approx([taken[~HITS].mean(), recall_score(HITS, taken)])


def test_of_many_classes_the_largest_have_curves() -> None:
    """In their order; without a threshold, as none decides, and without a class that no row has."""
    labels = Labels(np.minimum(RNG.integers(0, 40, ROWS), 20).astype(np.int64), tuple(f"c{n}" for n in range(22)))
    found = score_curves(Head(SOFTMAX, 22), labels, RNG.dirichlet(np.ones(22), ROWS).astype(np.float32))
    assert len(found["roc"]) == len(found["precision_recall"]) == MOST_CURVES
    assert found["roc"][-1]["class"] == "c20"
    assert {curve["chosen"] for curve in found["roc"]} == {None}


def test_each_label_has_its_own_threshold() -> None:
    """Of several in one row."""
    head = Head(MULTILABEL, 2, exclusive=False, threshold=[0.3, 0.9])
    hits = (RNG.random((50, 2)) > 0.5).astype(np.float32)
    found = score_curves(head, Labels(hits, ("a", "b")), RNG.random((50, 2)).astype(np.float32))
    assert [one["threshold"] for one in found["roc"]] == [0.3, 0.9]


def test_numbers_have_residuals_in_the_place_of_curves() -> None:
    """R² of each output, all rows in the histogram, some of them as points."""
    true = RNG.normal(size=(ROWS, 2)).astype(np.float32)
    predicted = true + RNG.normal(size=true.shape).astype(np.float32) * [0.1, 1]
    assert score_curves(Head(REGRESSION, 2), Labels(true), predicted) is None
    first, second = residual_facts(true, predicted)
    assert first["r2"] == pytest.approx(0.99, abs=0.01)
    assert second["r2"] == pytest.approx(0, abs=0.1)
    assert sum(first["rows"]) == ROWS
    assert len(first["points"]) == 300
