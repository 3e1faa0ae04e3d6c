import keras
import numpy as np
import pytest

import trainer.fit.epochs
from models.errors import SpecError, TrainingDiverged
from trainer.data.part import Part
from trainer.data.preparation import prepare
from trainer.fit.epochs import epoch_order, fit
from trainer.fit.keras_stepper import BatchStepper
from trainer.fit.progress import NullObserver, Progress, TrainingCanceled, TrainingTimedOut
from trainer.publication import weights_digest
from trainer.training import make_network


class Recorder(NullObserver):
    """Keeps the progress; cancels after some epochs."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.seen: list[Progress] = []
        self.cancel_after = cancel_after

    def on_epoch(self, progress: Progress) -> None:
        """Keep it."""
        self.seen.append(progress)

    def check(self) -> None:
        """After so many epochs."""
        if self.cancel_after is not None and len(self.seen) >= self.cancel_after:
            raise TrainingCanceled


@pytest.fixture
def run(make_spec, data_root):
    """Train a spec with changes; the network and its history."""

    def run_changed(observer=None, *, validated=True, **changes):
        spec = make_spec(**changes)
        prepared = prepare(spec, roots=(str(data_root),))
        network = make_network(spec, prepared)
        validation = prepared.validation.part if validated else None
        fitted = fit(
            network, spec, training=prepared.train.part, validation=validation, observer=observer or NullObserver()
        )
        return network, fitted, prepared

    return run_changed


def test_the_order_differs_from_epoch_to_epoch_and_not_from_run_to_run() -> None:
    """Where Keras repeats one permutation once a seed is set."""
    orders = [epoch_order(50, seed=7, epoch=epoch, shuffle=True).tolist() for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]
    assert sorted(orders[1]) == list(range(50))
    assert epoch_order(5, seed=7, epoch=3, shuffle=False).tolist() == [0, 1, 2, 3, 4]


def test_every_epoch_is_told(run) -> None:
    """With metrics of training and validation, and how long the rest takes."""
    observer = Recorder()
    _, fitted, _ = run(observer, fit={"epochs": 3})
    assert [progress.epoch for progress in observer.seen] == [1, 2, 3]
    assert set(observer.seen[0].metrics) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert observer.seen[-1].eta_s == 0
    assert [dict(progress.metrics) for progress in observer.seen] == fitted.history


def test_one_seed_gives_one_result(run) -> None:
    """With shuffling and Dropout."""
    layers = [{"Dense": {"units": 6}}, {"Dropout": {"rate": 0.5}}, {"Dense": {"units": 3, "activation": "softmax"}}]
    digests = [weights_digest(run(layers=layers, seed=seed)[0]) for seed in (7, 7, 8)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="Keras' own train function takes its state there")
def test_both_steppers_train_alike(run, monkeypatch) -> None:
    """Many steps in one graph are the same as one call of Keras for each batch, with class weights."""
    changes = {"fit": {"epochs": 2, "batch_size": 7, "class_weight": {"1": 3.0}}}
    quick, fitted, prepared = run(**changes)
    monkeypatch.setattr(trainer.fit.epochs, "make_stepper", BatchStepper)
    plain, plainly_fitted, _ = run(**changes)
    for one, other in zip(quick.get_weights(), plain.get_weights(), strict=True):
        assert np.allclose(one, other, atol=1e-5)
    for one, other in zip(fitted.history, plainly_fitted.history, strict=True):
        assert one == pytest.approx(other, abs=1e-5)
    assert fitted.stepper.evaluate(prepared.test.part) == pytest.approx(
        plainly_fitted.stepper.evaluate(prepared.test.part), abs=1e-5
    )


def test_a_long_epoch_is_cut_into_calls_without_changing_the_result(run, monkeypatch) -> None:
    """A cancel is noticed between two calls."""
    whole = weights_digest(run()[0])
    monkeypatch.setattr(trainer.fit.epochs, "CALL_S", 0.0)
    monkeypatch.setattr(trainer.fit.epochs, "FIRST_CALL_STEPS", 1)
    assert weights_digest(run()[0]) == whole


def test_callbacks_stop_and_restore(run) -> None:
    """Keras' own, with validation metrics and the learning rate in the history."""
    callbacks = [
        {"EarlyStopping": {"monitor": "val_loss", "patience": 1, "min_delta": 10.0, "restore_best_weights": True}},
        {"ReduceLROnPlateau": {"monitor": "val_loss", "patience": 1}},
    ]
    _, fitted, prepared = run(fit={"epochs": 9, "callbacks": callbacks})
    assert len(fitted.history) == 2
    assert "learning_rate" in fitted.history[0]
    restored = fitted.stepper.evaluate(prepared.validation.part)
    assert restored["loss"] == pytest.approx(fitted.history[0]["val_loss"], abs=1e-5)


def test_a_training_that_a_callback_stopped_says_so(run) -> None:
    """With the epoch, what was watched and how long; one that ran to its last epoch says nothing."""
    recorder = Recorder()
    callbacks = [{"EarlyStopping": {"monitor": "val_loss", "patience": 2, "min_delta": 10.0}}]
    run(recorder, fit={"epochs": 9, "callbacks": callbacks})
    last = recorder.seen[-1]
    assert last.document["stopped"] == "stopped after epoch 3 of 9: val_loss did not improve for 2 epochs"
    assert last.document["eta_s"] == 0
    assert "stopped" not in recorder.seen[0].document
    recorder = Recorder()
    run(recorder, fit={"epochs": 3, "callbacks": callbacks})
    assert "stopped" not in recorder.seen[-1].document


def test_nothing_can_monitor_a_validation_that_there_is_not(run) -> None:
    """Keras would only warn."""
    with pytest.raises(SpecError, match=r"fit\.callbacks\.0\.EarlyStopping\.monitor"):
        run(validated=False, fit={"callbacks": ["EarlyStopping"]})
    with pytest.raises(SpecError, match="expected one of loss, accuracy, val_loss, val_accuracy; received 'val_acc'"):
        run(fit={"callbacks": [{"ReduceLROnPlateau": {"monitor": "val_acc"}}]})


def test_a_loss_that_is_no_number_ends_the_training(run) -> None:
    """And names the epoch."""
    layers = [{"Dense": {"units": 8}}, {"Dense": {"units": 1}}]
    compiled = {"optimizer": {"SGD": {"learning_rate": 9.0}}, "loss": "mean_squared_error", "metrics": []}
    with pytest.raises(TrainingDiverged) as error:
        run(layers=layers, compile=compiled, fit={"epochs": 40})
    assert 1 <= error.value.epoch <= 40


def test_a_canceled_training_stops_in_the_next_epoch(run) -> None:
    """The observer says so."""
    observer = Recorder(cancel_after=2)
    with pytest.raises(TrainingCanceled):
        run(observer, fit={"epochs": 50})
    assert len(observer.seen) == 2


def test_a_training_over_its_time_stops(run) -> None:
    """`fit.timeout_s`, with the epoch that was under way."""
    with pytest.raises(TrainingTimedOut, match=r"at most 1e-06 s \(fit.timeout_s\); received more, in epoch 1"):
        run(fit={"timeout_s": 1e-6})


def test_a_part_gives_weights_only_where_it_has_them() -> None:
    """As Keras' `(x, y[, sample_weight])`."""
    assert len(Part(np.ones((2, 1)), np.ones((2, 1))).arrays()) == 2


def test_parts_of_one_length_are_evaluated_with_weights_and_without(run) -> None:
    """One after the other, by the same stepper."""
    _, fitted, prepared = run()
    part = prepared.test.part
    weighted = Part(part.inputs, part.targets, np.ones(part.rows, np.float32))
    assert fitted.stepper.evaluate(weighted) == pytest.approx(fitted.stepper.evaluate(part), abs=1e-6)
