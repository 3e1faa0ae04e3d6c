"""Trials of a search: paused and resumed bit for bit, and blind to the held-out rows until one of them has won."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import TrainingError
from models.queue.search_step import SearchStep
from models.settings import Settings, read_settings
from models.spec import Spec, load_spec
from models.store.store import Store
from trainer.data import preparation
from trainer.fit.progress import NullObserver
from trainer.launch.subprocess_training import train_trial_in_subprocess
from trainer.search.trial_training import train_trial
from trainer.training import train

BACKEND = os.environ.get("TRAINER_BACKEND", "tensorflow")
EPOCHS = 9


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Data and store in this test's folder."""
    rng = np.random.default_rng(5)
    features = rng.random((120, 8), dtype=np.float32)
    np.savez(tmp_path / "classic.npz", x=features, y=np.digitize(features[:, 0], [0.3, 0.7]))
    return read_settings({"ONEHOT_STORE": str(tmp_path / "store"), "ONEHOT_DATA_ROOTS": str(tmp_path)})


@pytest.fixture
def store(settings: Settings) -> Store:
    """Where checkpoints and versions go."""
    return Store.open(settings.store)


def spec(**changes: Any) -> Spec:
    """A training with everything that has a state."""
    document = {
        "model": "searched", "backend": BACKEND, "seed": 3, "data": {"source": "classic.npz"},
        "layers": [{"Dense": {"units": 12, "activation": "relu"}}, "BatchNormalization", {"Dropout": {"rate": 0.3}},
                   {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": EPOCHS, "batch_size": 16, "callbacks": [{"ReduceLROnPlateau": {"patience": 1}}]},
    }  # fmt: skip
    return load_spec({**document, **changes})


def step(epochs: int | None, *, trial: int = 0, **changes: Any) -> SearchStep:
    """A step of a trial up to an epoch."""
    return SearchStep(id="5" * 32, trial=trial, objective="val_accuracy", epochs=epochs, **changes)


STOPPING = {"EarlyStopping": {"monitor": "val_loss", "patience": 1, "min_delta": 1.0, "restore_best_weights": True}}


@pytest.mark.parametrize("callbacks", [[], [STOPPING]], ids=["to the end", "stopped early"])
def test_a_trial_that_paused_twice_equals_one_that_was_trained_through(
    settings: Settings, store: Store, tmp_path: Path, callbacks: list[Any]
) -> None:
    """Weights, objective and every epoch; also where a callback ends the training, and in the version of the winner."""
    wanted = spec(fit={"epochs": EPOCHS, "batch_size": 16, "callbacks": callbacks})
    through = train_trial(wanted, step(EPOCHS, trial=1), store=store, settings=settings)
    pauses = [train_trial(wanted, step(epochs), store=store, settings=settings) for epochs in (1, 4, EPOCHS)]
    assert [pause["epochs"] for pause in pauses] == ([1, 2, 2] if callbacks else [1, 4, EPOCHS])
    assert [pause["is_complete"] for pause in pauses] == [False, bool(callbacks), True]
    same = "weights_sha256", "value", "history", "metrics"
    assert {name: pauses[-1][name] for name in same} == {name: through[name] for name in same}
    winner = step(None, value=through["value"], trials=2)
    manifest = train(wanted, store=store, settings=settings, job_id="a" * 32, winner=winner)
    assert manifest.weights_sha256 == through["weights_sha256"]
    report = json.loads((tmp_path / "store" / "searched" / "1" / "report.json").read_bytes())
    assert report["search"] == {"id": "5" * 32, "trial": 0, "objective": "val_accuracy", "value": through["value"],
                                "trials": 2}  # fmt: skip
    assert len(report["history"]) == pauses[-1]["epochs"]


def test_a_trial_of_another_backend_s_process_equals_one_of_this(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that keeps another framework warm trains it so."""
    monkeypatch.setenv("ONEHOT_STORE", settings.store)
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", ":".join(settings.data_roots))
    here = train_trial(spec(), step(2), store=store, settings=settings)
    there = train_trial_in_subprocess(spec(), step(2, trial=1), observer=NullObserver())
    same = "weights_sha256", "value", "history", "epochs", "is_complete"
    assert {name: there[name] for name in same} == {name: here[name] for name in same}


def test_a_trial_equals_the_same_training_without_a_search(settings: Settings, store: Store) -> None:
    """The winner could be trained again from its spec alone."""
    trial = train_trial(spec(), step(EPOCHS), store=store, settings=settings)
    assert train(spec(), store=store, settings=settings, job_id="b" * 32).weights_sha256 == trial["weights_sha256"]


def test_a_repeat_has_another_seed_and_the_same_split(settings: Settings, store: Store) -> None:
    """Otherwise a row that is held out would be trained on."""
    first, again = (
        train_trial(spec(), step(EPOCHS, repeat=repeat), store=store, settings=settings) for repeat in (0, 1)
    )
    assert first["weights_sha256"] != again["weights_sha256"]
    assert first["data_sha256"] == again["data_sha256"]


def test_a_trial_never_sees_the_held_out_rows(
    settings: Settings, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source of its own is not opened; a share of the rows is dropped before anything is made of it."""
    wanted = spec(data={"source": "classic.npz", "test": "missing.npz"})
    result = train_trial(wanted, step(2), store=store, settings=settings)
    assert "test" not in json.dumps(result)
    prepared = preparation.prepare(spec(), roots=(str(tmp_path),), drops_test=True)
    assert sorted(prepared.pieces) == ["train", "validation"]
    with pytest.raises(TrainingError, match="never sees them"):
        _ = prepared.test
    pieces: list[str] = []
    made = preparation._piece
    monkeypatch.setattr(preparation, "_piece", lambda name, *rest: pieces.append(name) or made(name, *rest))
    train_trial(spec(), step(2, trial=1), store=store, settings=settings)
    assert pieces == ["train", "validation"]
