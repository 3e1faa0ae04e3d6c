"""A trial from one rung to the next: trained and validated, never tested. Importing this module imports Keras."""

import math
from dataclasses import replace
from typing import Any

from models.errors import TrainingError
from models.queue.search_step import SearchStep
from models.settings import Settings
from models.spec import Spec
from models.store.datasets import Datasets
from models.store.manifest import finite
from models.store.store import Store
from trainer.backends.devices import Devices, claim_devices
from trainer.data.preparation import Prepared, prepare
from trainer.data.profile import data_facts
from trainer.fit.epochs import Fitted
from trainer.fit.progress import NullObserver, TrainingObserver
from trainer.publication import package_versions, weights_digest
from trainer.training import Stopwatch, TrainingRun, search_checkpointer

__all__ = ["train_trial"]

VALIDATION = "val_"


def train_trial(
    spec: Spec, step: SearchStep, *, store: Store, settings: Settings, observer: TrainingObserver | None = None,
    devices: Devices | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train a trial up to its rung, from where its last job left it, and measure its objective.

    The observer is told what a record tells of a training, apart from test rows.

    The split is that of the spec's seed in every repeat, so that no row that is held out is trained on.

    Args:
        spec: Of the trial.
        step: What this job does of it.
        store: Where the checkpoints are.
        settings: For the folders that data may be read from.
        observer: Notified of each epoch, and of the facts of the run.
        devices: What it is computed on; by default those that the spec asks for.

    Returns:
        `{"model", "value", "epochs", "is_complete", "history", "metrics", "weights_sha256", "data_sha256",
        "timings_s"}`; the history is that of the objective, epoch by epoch.

    Raises:
        TrainingError: When the objective is no number, and as `trainer.training.train`.
    """
    observer, watch = observer or NullObserver(), Stopwatch()
    devices = devices or claim_devices(spec.resources.gpus)
    observer.on_facts({"package_versions": dict(package_versions())})
    try:
        run = _prepared_run(
            spec, step, store=store, settings=settings, observer=observer, devices=devices, watch=watch
        )  # fmt: skip
        with devices.in_use():
            network, fitted = run.train_network()
            with watch.step("evaluate"):
                metrics = _validated(fitted, run.prepared)
        observer.on_facts({"metrics": {"validation": _of_validation(metrics)}})
    finally:
        observer.on_facts({"timings_s": watch.document})
    return {
        "model": spec.model,
        "value": _objective(metrics, step.objective, epoch=len(fitted.history)),
        "epochs": len(fitted.history),
        "is_complete": fitted.is_complete,
        "history": [finite(epoch).get(step.objective) for epoch in fitted.history],
        "metrics": finite(metrics),
        "weights_sha256": weights_digest(network),
        "data_sha256": run.prepared.sha256,
        "timings_s": watch.document,
    }


def _prepared_run(  # noqa: PLR0913 -- as `trainer.training.train`
    spec: Spec, step: SearchStep, *, store: Store, settings: Settings, observer: TrainingObserver, devices: Devices,
    watch: Stopwatch,
) -> TrainingRun:  # fmt: skip
    """A trial whose data is read, without the held-out rows."""
    with watch.step("data"):
        prepared = prepare(
            spec, roots=settings.data_roots, datasets=Datasets(store.objects), most_bytes=settings.max_data_bytes,
            drops_test=True,
        )  # fmt: skip
    observer.on_facts({"data": data_facts(spec.data.source, prepared)})
    observer.check()
    repeated = replace(spec, seed=step.seed_of(spec.seed))
    checkpointer = search_checkpointer(
        repeated, prepared, step, store=store, settings=settings, observer=observer
    )  # fmt: skip
    return TrainingRun(repeated, prepared, store, devices, observer, checkpointer, watch, step=step)


def _of_validation(metrics: dict[str, float]) -> dict[str, float]:
    """Those of the validation rows, under the names that they have in records."""
    known = {name: value for name, value in finite(metrics).items() if name.startswith(VALIDATION)}
    return {name.removeprefix(VALIDATION): value for name, value in known.items()}


def _validated(fitted: Fitted, prepared: Prepared) -> dict[str, float]:
    """The metrics of the last epoch; of a training that has ended, of the network that it leaves.

    Raises:
        TrainingError: When there are no validation rows.
    """
    if prepared.validation is None:
        raise TrainingError("a search compares its trials on validation rows; received none: see data.validation")
    if not fitted.is_complete:
        return dict(fitted.history[-1])
    measured = fitted.stepper.evaluate(prepared.validation.part)
    return {**fitted.history[-1], **{f"{VALIDATION}{name}": value for name, value in measured.items()}}


def _objective(metrics: dict[str, float], name: str, *, epoch: int) -> float:
    value = metrics.get(name, math.nan)
    if not math.isfinite(value):
        raise TrainingError(f"expected {name} to be a number; received {value} after epoch {epoch}")
    return value
