"""Cross-validation and repeats through a whole training: what is published, reported, recorded, and resumed."""

import json

import numpy as np
import pytest

from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from trainer.backends.choice import choose_backend
from trainer.fit.progress import NullObserver, TrainingCanceled, TrainingPaused

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
FOLDS = {"folds": 2, "repeats": 2}


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store beside a table of three blobs, eight rows of each of fifteen patients."""
    rng = np.random.default_rng(3)
    labels = np.arange(120) % 3
    features = rng.normal(size=(120, 2)) + 3 * np.eye(3)[labels][:, :2]
    rows = "\n".join(f"{a:.4f},{b:.4f},p{row // 8},{'abc'[label]}"
                     for row, ((a, b), label) in enumerate(zip(features, labels, strict=True)))  # fmt: skip
    (tmp_path / "blobs.csv").write_text(f"a,b,patient,kind\n{rows}\n", encoding="utf-8")
    return Store.open(tmp_path / "store")


def document(fit, **more) -> dict:
    return {
        "model": "blobs", "seed": 7,
        "data": {"source": "blobs.csv", "target": "kind", "validation": 0.2, "test": 0.2, "groups": "patient"},
        "preprocessing": ["standardize"],
        "layers": [{"Dense": {"units": 6, "activation": "relu"}}, {"Dropout": {"rate": 0.1}},
                   {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 2, "batch_size": 16, **fit}, **more,
    }  # fmt: skip


class Watching(NullObserver):
    """Hears of everything, and ends the training after so many epochs where that is asked for."""

    def __init__(self, *, after: int | None = None, error=TrainingPaused) -> None:
        self.epochs, self.facts, self.after, self.error = [], {}, after, error

    def on_epoch(self, progress) -> None:
        """Keep it."""
        self.epochs.append(progress.document)

    def on_facts(self, facts) -> None:
        """Keep them."""
        self.facts.update(facts)

    def check(self) -> None:
        """Go on for so many epochs."""
        if self.after is not None and len(self.epochs) >= self.after:
            raise self.error


def publish(store, root, fit, job_id: str, observer=None):
    return train(
        load_spec(document(fit)), store=store, settings=Settings(data_roots=(str(root),)), job_id=job_id,
        observer=observer,
    )  # fmt: skip


def test_the_published_version_is_the_same_with_and_without_folds(tmp_path, store) -> None:
    """Bit by bit; report, manifest, result and record say what the folds measured, and progress which one trains."""
    plain, watching = publish(store, tmp_path, {}, "plain"), Watching()
    folded = publish(store, tmp_path, FOLDS, "folded", watching)
    assert folded.weights_sha256 == plain.weights_sha256
    assert folded.metrics == plain.metrics
    found = json.loads(store.read(folded, "report.json"))["cross_validation"]
    assert (found["folds"], found["repeats"], found["groups"], found["rows"]) == (2, 2, "patient", 96)
    assert len(found["scores"]) == 4
    assert found["metrics"]["accuracy"]["lower"] <= found["metrics"]["accuracy"]["mean"]
    assert watching.facts["cross_validation"] == found
    assert folded.cross_validation == {name: value for name, value in found.items() if name != "scores"}
    assert folded.summary["cross_validation"]["metrics"] == found["metrics"]
    assert store.manifest("blobs", folded.version) == folded
    assert plain.cross_validation is None
    told = [(one.get("fold", {}).get("repeat"), one.get("fold", {}).get("fold"), one["epoch"])
            for one in watching.epochs]  # fmt: skip
    assert told == [(r, f, e) for r in (1, 2) for f in (1, 2) for e in (1, 2)] + [(None, None, 1), (None, None, 2)]
    assert [one.get("trained_before", 0) for one in watching.epochs] == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]


def test_a_resumed_job_trains_no_finished_fold_again(tmp_path, store) -> None:
    """Killed in the third training, it goes on there; the outcome is that of a job that was never killed."""
    with pytest.raises(TrainingPaused):
        publish(store, tmp_path, FOLDS, "job", first := Watching(after=5))
    resumed = publish(store, tmp_path, FOLDS, "job", second := Watching())
    whole = publish(store, tmp_path, FOLDS, "whole")
    assert len(first.epochs) == 5
    assert second.epochs[0]["trained_before"] == 4
    assert second.epochs[0]["fold"] == {"repeat": 2, "repeats": 2, "fold": 1, "folds": 2}
    assert resumed.weights_sha256 == whole.weights_sha256
    assert resumed.cross_validation == whole.cross_validation


def test_a_cancel_ends_the_folds(tmp_path, store) -> None:
    """Nothing is published."""
    with pytest.raises(TrainingCanceled):
        publish(store, tmp_path, FOLDS, "job", Watching(after=3, error=TrainingCanceled))
    assert store.versions("blobs") == []
