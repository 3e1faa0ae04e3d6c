from dataclasses import replace

import numpy as np
import pytest

import trainer.fit.checkpoints
import trainer.fit.epochs
from models.errors import StoreUnavailable
from models.store.checkpoints import JobCheckpoints
from models.store.store import Store
from trainer.data.preparation import prepare
from trainer.fit.checkpoints import Checkpointer, DataChanged, Origin, Snapshot
from trainer.fit.epochs import fit
from trainer.fit.keras_internals import CALLBACK_STATE
from trainer.fit.progress import NullObserver, TrainingPaused
from trainer.publication import weights_digest
from trainer.training import make_network

ORIGIN = Origin("spec", "data")
SOFTMAX = {"Dense": {"units": 3, "activation": "softmax"}}
PLATEAU = {"ReduceLROnPlateau": {"monitor": "val_loss", "patience": 1, "min_delta": 10.0, "cooldown": 1}}
STOPPING = {"EarlyStopping": {"monitor": "val_loss", "patience": 4, "min_delta": 0.5, "restore_best_weights": True}}
SCHEDULE = {"ExponentialDecay": {"initial_learning_rate": 0.05, "decay_steps": 3, "decay_rate": 0.7}}

CASES = {
    "Dropout, BatchNormalization and shuffling": {
        "layers": [{"Dense": {"units": 8}}, "BatchNormalization", {"Dropout": {"rate": 0.5}}, SOFTMAX]
    },
    "noise": {"layers": [{"GaussianNoise": {"stddev": 0.3}}, {"GaussianDropout": {"rate": 0.2}}, SOFTMAX]},
    "augmentation": {
        "preprocessing": [{"reshape": [2, 2, 1]}],
        "layers": [{"RandomFlip": {"mode": "horizontal"}}, {"RandomRotation": {"factor": 0.3}}, "Flatten", SOFTMAX],
    },
    "EarlyStopping": {"fit": {"callbacks": [STOPPING]}},
    "ReduceLROnPlateau": {"fit": {"callbacks": [PLATEAU]}},
    "a schedule": {"compile": {"optimizer": {"SGD": {"learning_rate": SCHEDULE, "momentum": 0.9}}}},
    "averaged weights": {
        "compile": {"optimizer": {"Adam": {"use_ema": True, "ema_momentum": 0.9}}},
        "fit": {"callbacks": [{"SwapEMAWeights": {"swap_on_epoch": True}}]},
    },
    "accumulated gradients": {"compile": {"optimizer": {"Adam": {"gradient_accumulation_steps": 3}}}},
    "mixed precision": {"fit": {"precision": "mixed_float16"}},
    "class weights": {"fit": {"class_weight": {"1": 3.0}}},
}


class Pausing(NullObserver):
    """Says stop at one of the looks."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.checkpoints = 0

    def check(self) -> None:
        """Count down."""
        self.left -= 1
        if self.left == 0:
            raise TrainingPaused

    def on_checkpoint(self) -> None:
        """Count."""
        self.checkpoints += 1


@pytest.fixture
def kept(tmp_path) -> JobCheckpoints:
    """Where the checkpoints go."""
    return JobCheckpoints(Store.open(tmp_path / "store"), "blobs", "job")


@pytest.fixture
def attempt(make_spec, data_root, kept):
    """One attempt of a training, with a network of its own: its digest and history."""

    def train(observer=None, *, interval_s=3600.0, **changes):
        spec = make_spec(**{**changes, "fit": {"epochs": 6, "batch_size": 8, **changes.get("fit", {})}})
        prepared = prepare(spec, roots=(str(data_root),))
        network, observer = make_network(spec, prepared), observer or NullObserver()
        checkpointer = Checkpointer(kept, Origin.of(spec, prepared), interval_s=interval_s, observer=observer)
        fitted = fit(
            network, spec, training=prepared.train.part, validation=prepared.validation.part, observer=observer,
            checkpointer=checkpointer,
        )  # fmt: skip
        return weights_digest(network), fitted.history

    return train


@pytest.mark.parametrize("case", CASES)
def test_an_interrupted_training_ends_as_one_that_was_not(attempt, kept, monkeypatch, case) -> None:
    """The same weights and the same history, after stops between two epochs and in the middle of two."""
    monkeypatch.setattr(trainer.fit.epochs, "CALL_S", 0.0)
    monkeypatch.setattr(trainer.fit.epochs, "FIRST_CALL_STEPS", 2)
    undisturbed = attempt(**CASES[case])
    for looks in (2, 4, 5):
        with pytest.raises(TrainingPaused):
            attempt(Pausing(looks), **CASES[case])
    assert kept.newest() is not None
    assert attempt(**CASES[case]) == undisturbed


def test_checkpoints_come_with_time_and_short_trainings_have_none(attempt, kept) -> None:
    """The classic case pays nothing."""
    attempt()
    assert kept.newest() is None
    observer = Pausing(0)
    attempt(observer, interval_s=0.0)
    assert kept.newest() is not None
    assert observer.checkpoints == 1


def test_a_killed_training_goes_on_from_its_last_checkpoint(attempt, monkeypatch) -> None:
    """Without a word, so from wherever the last one was written."""
    monkeypatch.setattr(trainer.fit.checkpoints, "SHARE", 1e9)
    undisturbed = attempt()

    class Killed(NullObserver):
        def on_epoch(self, progress) -> None:
            """Vanish."""
            if progress.epoch == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(Killed(), interval_s=0.0)
    seen = []
    monkeypatch.setattr(NullObserver, "on_epoch", lambda _, progress: seen.append(progress.epoch))
    assert attempt() == undisturbed
    assert seen == [4, 5, 6]


def test_changed_data_ends_the_job(attempt, data_root) -> None:
    """It would be neither the old training nor a new one."""
    with pytest.raises(TrainingPaused):
        attempt(Pausing(3))
    rng = np.random.default_rng(9)
    np.savez(data_root / "blobs.npz", x=rng.random((60, 4), dtype=np.float32), y=np.arange(60) % 3)
    with pytest.raises(DataChanged, match=r"the data changed .* as in epoch \d; .*: submit the spec again"):
        attempt()


def test_another_spec_begins_anew(attempt) -> None:
    """Its job id is a coincidence."""
    fresh = attempt(seed=9)
    with pytest.raises(TrainingPaused):
        attempt(Pausing(3))
    assert attempt(seed=9) == fresh


def test_time_spent_counts_over_all_attempts(attempt, kept) -> None:
    """`fit.timeout_s` is the job's, not the attempt's."""
    with pytest.raises(TrainingPaused):
        attempt(Pausing(3), fit={"timeout_s": 3600})
    snapshot, origin = Snapshot.from_bytes(kept.newest())
    kept.save(replace(snapshot, spent_s=3601.0).to_bytes(origin))
    with pytest.raises(trainer.fit.progress.TrainingTimedOut):
        attempt(fit={"timeout_s": 3600})


def test_a_store_that_takes_no_checkpoint_does_not_end_the_training(attempt, monkeypatch, caplog) -> None:
    """It is told in the log."""

    def refuse(*_) -> None:
        raise StoreUnavailable("no such host")

    monkeypatch.setattr(JobCheckpoints, "save", refuse)
    assert len(attempt(interval_s=0.0)[1]) == 6
    assert "no checkpoint: the store does not answer: no such host" in caplog.text


def test_a_snapshot_comes_back_as_it_was() -> None:
    """Exactly: floats, infinities, arrays of every shape, and lists of arrays that callbacks hold."""
    variables = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(3, np.int64), np.zeros((0, 2), np.uint32)]
    callbacks = [{"best": 0.1 + 0.2, "best_weights": [np.eye(2), np.array(1.5)]}, {}, {"best": float("inf"), "w": None}]
    snapshot = Snapshot(24, 1.25, [{"loss": 1 / 3}], variables, callbacks)
    again, origin = Snapshot.from_bytes(snapshot.to_bytes(ORIGIN))
    assert origin == ORIGIN
    assert (again.rows_done, again.spent_s, again.history) == (24, 1.25, [{"loss": 1 / 3}])
    for one, other in zip(
        [*again.variables, *again.callbacks[0]["best_weights"]],
        [*variables, *callbacks[0]["best_weights"]],
        strict=True,
    ):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert again.callbacks[0]["best"] == 0.1 + 0.2
    assert again.callbacks[1:] == callbacks[1:]


def test_every_callback_that_a_spec_may_name_is_remembered() -> None:
    """A new one must say what it keeps."""
    from models.keras_catalog.objects import known_names

    assert set(CALLBACK_STATE) == set(known_names("callbacks"))
