"""One training from spec to published version. Importing this module imports Keras: `trainer.launch` does it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras

from models.manifest import Manifest
from models.settings import Settings
from models.spec import Spec
from models.store import Store
from trainer.evaluation import evaluate
from trainer.export import export_keras, export_onnx
from trainer.fitting import fit
from trainer.gate import pass_gate
from trainer.heads import check_output
from trainer.network import build_network, compile_network
from trainer.parity import check_parity
from trainer.preparation import Prepared, prepare
from trainer.publication import Candidate, publish, weights_digest
from trainer.report import Outcomes, make_report, report_bytes
from trainer.seeds import seed_everything
from trainer.watching import Onlooker, Watcher

__all__ = ["train"]


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step."""
        started_s = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started_s


def train(spec: Spec, *, store: Store, settings: Settings, job_id: str, watcher: Watcher | None = None) -> Manifest:
    """Train, evaluate, export, compare, gate and publish.

    Args:
        spec: What to train.
        store: Where the version goes.
        settings: For the folders that data may be read from.
        job_id: Whose version it is: a job publishes once, however often it runs.
        watcher: Hears of each epoch.

    Returns:
        The manifest of the published version.

    Raises:
        SpecError: When the spec does not fit the data, or its layers not each other.
        DataError: When the data cannot be used.
        TrainingError: When there is no model at the end.
        StoreUnavailable: When the store does not answer.
    """
    published = store.published_by(spec.model, job_id)
    if published is not None:
        holds = published.gate is None or bool(published.gate["holds"])
        return store.publish(published, {}, promote=holds)
    watch = Stopwatch()
    with watch.step("data"):
        prepared = prepare(spec, roots=settings.data_roots)
    candidate = make_candidate(spec, prepared, store=store, watcher=watcher or Onlooker(), watch=watch)
    return publish(candidate, store=store, job_id=job_id)


def make_candidate(spec: Spec, prepared: Prepared, *, store: Store, watcher: Watcher, watch: Stopwatch) -> Candidate:
    """Everything between the data and the store."""
    with watch.step("build"):
        network = make_network(spec, prepared)
    with watch.step("fit"):
        validation = prepared.validation.part if prepared.validation is not None else None
        fitted = fit(network, spec, training=prepared.train.part, validation=validation, watcher=watcher)
    with watch.step("evaluate"):
        evaluation = evaluate(network, fitted.stepper, prepared)
    with watch.step("export"):
        onnx = export_onnx(network, prepared.head)
        parity = check_parity(onnx, prepared.test.part.inputs, evaluation.predictions, precision=spec.fit.precision)
    with watch.step("gate"):
        gate = pass_gate(spec, prepared, evaluation.predictions, store=store)
    outcomes = Outcomes(fitted.history, parity, gate)
    report = make_report(spec, prepared, evaluation, outcomes=outcomes, timings_s=watch.seconds)
    return Candidate(
        spec, prepared, evaluation, gate, weights_digest(network), onnx, export_keras(network), report_bytes(report)
    )


def make_network(spec: Spec, prepared: Prepared) -> keras.Sequential:
    """A compiled network with the seed's first weights, its output checked against the head."""
    keras.utils.clear_session(free_memory=False)
    seed_everything(spec.seed)
    network = build_network(spec, prepared.preprocessing.output_shape)
    check_output(spec, prepared.head, network.output_shape, prepared.class_names)
    compile_network(network, spec, prepared.head)
    return network
