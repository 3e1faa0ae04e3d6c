import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, r2_score, roc_auc_score

from models.sources.class_labels import Labels
from models.spec.head import REGRESSION, SIGMOID, SOFTMAX
from trainer.data.head import Head
from trainer.evaluation import bootstrap
from trainer.evaluation.bootstrap import bootstrap_intervals, score_statistics

REPEATS = 300


def two_classes(rows: int, rng: np.random.Generator):
    hits = rng.random(rows) < 0.4
    scores = 1 / (1 + np.exp(-(1.5 * hits + rng.normal(size=rows) - 0.75)))
    return Labels(hits.astype(np.int64), ("no", "yes")), scores.astype(np.float32)[:, None]


def numbers(rows: int, rng: np.random.Generator):
    true = rng.normal(size=(rows, 1))
    return Labels(true), true + 0.7 * rng.normal(size=(rows, 1))


def intervals(head: Head, labels: Labels, predictions: np.ndarray) -> dict[str, list[float]]:
    return bootstrap_intervals(score_statistics(head, labels, predictions), len(predictions))


def test_the_values_are_scikit_learn_s() -> None:
    """Of all rows, also where only some of them are resampled; equal scores count half."""
    rng = np.random.default_rng(2)
    labels = Labels(rng.integers(0, 3, 2500), ("a", "b", "c"))
    scores = (rng.dirichlet(np.ones(3), 2500) + 0.3 * np.eye(3)[labels.values]).round(2).astype(np.float32)
    scores /= scores.sum(axis=1, keepdims=True)
    found = {name: value for name, (value, *_) in intervals(Head(SOFTMAX, 3), labels, scores).items()}
    predicted = scores.argmax(axis=1)
    assert found == pytest.approx({
        "macro_f1": f1_score(labels.values, predicted, average="macro"),
        "balanced_accuracy": balanced_accuracy_score(labels.values, predicted),
        "roc_auc": np.mean([roc_auc_score(labels.values == one, scores[:, one]) for one in range(3)]),
    })  # fmt: skip
    labels, predicted = numbers(300, rng)
    assert intervals(Head(REGRESSION, 1), labels, predicted)["r2"][0] == pytest.approx(
        r2_score(labels.values, predicted)
    )


@pytest.mark.parametrize(
    ("make", "head", "metrics"),
    [
        (two_classes, Head(SIGMOID, 1), {"roc_auc", "macro_f1"}),
        (numbers, Head(REGRESSION, 1), {"r2", "root_mean_squared_error"}),
    ],
)
def test_intervals_hold_the_true_value_as_often_as_they_say(make, head, metrics, monkeypatch) -> None:
    """95 of 100 simulated test sets, give or take three."""
    monkeypatch.setattr(bootstrap, "RESAMPLES", 300)
    truth = intervals(head, *make(100_000, np.random.default_rng(0)))
    held = dict.fromkeys(metrics, 0)
    for repeat in range(REPEATS):
        labels, predictions = make(250, np.random.default_rng([1, repeat]))
        statistics = score_statistics(head, labels, predictions)
        found = bootstrap_intervals({name: statistics[name] for name in metrics}, 250, seed=repeat)
        for name, (_, lower, upper) in found.items():
            held[name] += lower <= truth[name][0] <= upper
    assert {name: count / REPEATS for name, count in held.items()} == pytest.approx(
        dict.fromkeys(metrics, 0.95), abs=0.03
    )


def test_many_rows_have_a_narrower_interval_at_the_same_cost() -> None:
    """A hundred times as many: a tenth as wide, though no more rows are resampled."""
    wide, narrow = (intervals(Head(SIGMOID, 1), *two_classes(rows, np.random.default_rng(3)))["roc_auc"]
                    for rows in (1000, 100_000))  # fmt: skip
    assert (narrow[2] - narrow[1]) * 10 == pytest.approx(wide[2] - wide[1], rel=0.25)


def test_without_a_second_class_there_is_no_area() -> None:
    """And no interval of it."""
    labels = Labels(np.zeros(30, np.int64), ("no", "yes"))
    assert "roc_auc" not in intervals(Head(SIGMOID, 1), labels, np.full((30, 1), 0.2, np.float32))
