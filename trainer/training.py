"""One training from spec to published version. Importing this module imports Keras: `trainer.launch.launch` does it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from models.queue.search_step import SearchStep
from models.settings import Settings
from models.spec import Spec
from models.spec.yaml_text import dump_document
from models.statistics.version_statistics import STATISTICS
from models.store.checkpoints import JobCheckpoints
from models.store.datasets import Datasets
from models.store.manifest import Manifest, finite
from models.store.store import Store
from trainer.backends.devices import Devices, claim_devices
from trainer.backends.seeds import seed_everything
from trainer.cross_validation.fold_training import CrossValidated, FoldObserver, cross_validate
from trainer.data.head import check_output
from trainer.data.preparation import Prepared, prepare
from trainer.data.profile import data_facts
from trainer.evaluation.baseline import compare, find_warnings
from trainer.evaluation.details import training_details
from trainer.evaluation.evaluate import Evaluation, evaluate
from trainer.evaluation.evaluation_facts import evaluation_facts
from trainer.evaluation.gate import GateOutcome, pass_gate
from trainer.evaluation.report import make_report
from trainer.export.onnx_export import export_keras, export_onnx
from trainer.export.parity import Parity, check_parity
from trainer.fit.checkpoints import Checkpointer, Origin
from trainer.fit.choose_stepper import make_stepper
from trainer.fit.epochs import Fitted, fit
from trainer.fit.progress import NullObserver, TrainingObserver
from trainer.fit.store_retry import retry_store
from trainer.network.build import adapt_network, build_network, compile_network
from trainer.network.single_device_copy import single_device_copy
from trainer.publication import (
    Candidate,
    describe_data,
    draft_manifest,
    golden_rows,
    package_versions,
    publish,
    release,
)
from trainer.training_statistics import make_statistics

__all__ = ["Stopwatch", "TrainingRun", "make_network", "search_checkpointer", "train"]


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step, also one that fails."""
        started_s = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started_s

    @property
    def document(self) -> dict[str, float]:
        """Seconds by step, for the report and the record."""
        return {name: round(seconds, 4) for name, seconds in self.seconds.items()}


def train(  # noqa: PLR0913 -- each is one thing that a training depends on
    spec: Spec, *, store: Store, settings: Settings, job_id: str, observer: TrainingObserver | None = None,
    resumes: bool = True, devices: Devices | None = None, warnings: tuple[str, ...] = (),
    winner: SearchStep | None = None,
) -> Manifest:  # fmt: skip
    """Train, evaluate, export, compare, gate and publish.

    Args:
        spec: What to train.
        store: Where the version goes.
        settings: For the folders that data may be read from.
        job_id: Whose version it is: a job publishes once, however often it runs.
        observer: Notified of each epoch.
        resumes: Whether checkpoints are kept, and an earlier attempt of the job is resumed.
        devices: What it is computed on; by default those that the spec asks for, claimed for this process.
        warnings: What a person should be told of the version, beside what is found in it.
        winner: Of a search, where this publishes it: it goes on from the trial's last checkpoint.

    Returns:
        The manifest of the published version.

    Raises:
        SpecError: When the spec does not fit the data, or its layers not each other.
        DataError: When the data cannot be used.
        TooFewGpus: When the spec asks for more than there are.
        TrainingError: When there is no model at the end.
        StoreUnavailable: When the store does not answer.
    """
    observer = observer or NullObserver()
    published = retry_store(lambda: store.published_by(spec.model, job_id), observer=observer)
    if published is not None:
        return release(published, {}, store=store, rollout=spec.rollout)
    devices, watch = devices or claim_devices(spec.resources.gpus), Stopwatch()
    observer.on_facts({"package_versions": dict(package_versions())})
    try:
        run = _prepare(
            spec, store=store, settings=settings, job_id=job_id, observer=observer, devices=devices, watch=watch,
            warnings=warnings, resumes=resumes, winner=winner,
        )  # fmt: skip
        candidate = run.make_candidate()
    finally:
        observer.on_facts({"timings_s": watch.document})
    observer.check_before_publishing()
    return retry_store(
        lambda: publish(candidate, store=store, job_id=job_id, rollout=spec.rollout), observer=NullObserver()
    )


def _prepare(  # noqa: PLR0913 -- as `train`
    spec: Spec, *, store: Store, settings: Settings, job_id: str, observer: TrainingObserver, devices: Devices,
    watch: Stopwatch, warnings: tuple[str, ...], resumes: bool, winner: SearchStep | None,
) -> "TrainingRun":  # fmt: skip
    """A training whose data is read."""
    with watch.step("data"):
        prepared = prepare(
            spec, roots=settings.data_roots, datasets=Datasets(store.objects), most_bytes=settings.max_data_bytes
        )
    observer.on_facts({"data": data_facts(spec.data.source, prepared)})
    observer.check()
    checkpointer = None
    if winner is not None:
        checkpointer = search_checkpointer(spec, prepared, winner, store=store, settings=settings, observer=observer)
    elif resumes:
        stored, origin = JobCheckpoints(store, spec.model, job_id), Origin.of(spec, prepared)
        checkpointer = Checkpointer(stored, origin, interval_s=settings.checkpoint_s, observer=observer)
    return TrainingRun(spec, prepared, store, devices, observer, checkpointer, watch, warnings, winner)


def search_checkpointer(
    spec: Spec, prepared: Prepared, step: SearchStep, *, store: Store, settings: Settings, observer: TrainingObserver
) -> Checkpointer:
    """The checkpoints of a trial, which its next job goes on from; the held-out rows have no part in them."""
    stored, origin = JobCheckpoints(store, spec.model, step.checkpoints), Origin.of(spec, prepared, without={"test"})
    return Checkpointer(stored, origin, interval_s=settings.checkpoint_s, observer=observer, outlives_job=True)


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """All that happens between the data and the store.

    Args:
        spec: What to train.
        prepared: The data.
        store: Where the version is that the gate compares with.
        devices: What it is computed on.
        observer: Notified of each epoch.
        checkpointer: Writes and finds the checkpoints, where there are any.
        watch: Measures each step.
        warnings: Beside what is found in the version.
        step: Of a search, where it is one.
    """

    spec: Spec
    prepared: Prepared
    store: Store
    devices: Devices
    observer: TrainingObserver = field(default_factory=NullObserver)
    checkpointer: Checkpointer | None = None
    watch: Stopwatch = field(default_factory=Stopwatch)
    warnings: tuple[str, ...] = ()
    step: SearchStep | None = None

    def make_candidate(self) -> Candidate:
        """Train, evaluate, export, compare and gate."""
        spec, prepared, watch = self.spec, self.prepared, self.watch
        with self.devices.in_use():
            validated = self._cross_validate()
            network, fitted = self._after(validated).train_network()
            with watch.step("evaluate"):
                evaluation = evaluate(fitted.stepper, prepared)
            self.observer.on_facts(evaluation_facts(prepared, evaluation))
            with watch.step("baseline"):
                is_weighted = spec.fit.class_weight is not None
                baseline = compare(prepared, evaluation.predictions, is_weighted=is_weighted)
            self.observer.check()
            with watch.step("export"):
                onnx = export_onnx(network, prepared.head)
                inputs = prepared.test.part.inputs
                parity = check_parity(onnx, inputs, evaluation.predictions, precision=spec.fit.precision)
        with watch.step("details"):
            details = training_details(prepared, evaluation, network=network, graph=onnx, history=fitted.history)
        with watch.step("gate"):
            gate = retry_store(
                lambda: pass_gate(spec, prepared, evaluation.predictions, store=self.store), observer=self.observer
            )
        warnings = self.warnings + find_warnings(baseline, evaluation.recalls)
        draft = self._draft(
            network, evaluation, parity, gate, warnings, None if validated is None else validated.summary
        )  # fmt: skip
        with watch.step("statistics"):
            statistics = make_statistics(draft, onnx, prepared.train.raw, part="train")
        report = make_report(
            draft, prepared.pieces, evaluation, parity=parity, history=fitted.history, timings_s=watch.document,
            baseline=baseline.document, cross_validation=None if validated is None else validated.document,
            **details, **({} if self.step is None else {"search": self.step.choice}),
        )  # fmt: skip
        files = {"model.onnx": onnx, "model.keras": export_keras(network), "report.json": report,
                 "spec.yaml": dump_document(spec.document), STATISTICS: statistics.to_json()}  # fmt: skip
        return Candidate(draft, files)

    def _cross_validate(self) -> CrossValidated | None:
        """Train and measure folds and repeats, where the spec asks for them; the held-out rows have no part in it."""
        if not self.spec.fit.is_cross_validated:
            return None
        with self.watch.step("cross_validation"):
            validated = cross_validate(
                self.spec, self.prepared, train=self._train_fold, observer=self.observer,
                checkpointer=self.checkpointer,
            )  # fmt: skip
        self.observer.on_facts({"cross_validation": validated.document})
        return validated

    def _train_fold(
        self, spec: Spec, prepared: Prepared, observer: TrainingObserver
    ) -> tuple[dict[str, float], int]:  # fmt: skip
        run = replace(self, spec=spec, prepared=prepared, observer=observer, watch=Stopwatch())
        _, fitted = run.train_network()
        return fitted.stepper.evaluate(prepared.test.part), len(fitted.history)

    def _after(self, validated: CrossValidated | None) -> "TrainingRun":
        """The same, whose epochs come after those of folds and repeats."""
        return self if validated is None else replace(self, observer=FoldObserver(self.observer, validated.epochs))

    def train_network(self) -> tuple[Any, Fitted]:
        """A network as it is evaluated and published, and what fit left beside it."""
        spec, prepared = self.spec, self.prepared
        training = prepared.train.part
        validation = None if prepared.validation is None else prepared.validation.part
        with self.devices.replicating():
            with self.watch.step("build"):
                network = make_network(spec, prepared)
            with self.watch.step("fit"):
                fitted = fit(
                    network, spec, training=training, validation=validation, observer=self.observer,
                    checkpointer=self.checkpointer, pause_after=None if self.step is None else self.step.epochs,
                )  # fmt: skip
        plain = single_device_copy(
            network, spec, prepared.head, replicas=len(self.devices.names), scale=prepared.target_scale
        )
        if plain is network:
            return network, fitted
        return plain, replace(fitted, stepper=make_stepper(plain, training, spec.fit.batch_size))

    def _draft(
        self, network: Any, evaluation: Evaluation, parity: Parity, gate: GateOutcome | None, warnings: tuple[str, ...],
        cross_validation: dict[str, Any] | None,
    ) -> Manifest:  # fmt: skip
        spec, prepared = self.spec, self.prepared
        return draft_manifest(
            network, prepared.head, prepared.preprocessing, prepared.instance,
            model=spec.model, class_names=prepared.class_names, metrics=finite(evaluation.metrics["test"]),
            golden_rows=golden_rows(
                prepared.test, evaluation.predictions, tolerance=parity.tolerance, preprocessing=prepared.preprocessing
            ),
            data=describe_data(spec.data.source, prepared.sha256, prepared.pieces),
            seed=spec.seed, backend=spec.backend, gate=None if gate is None else gate.document, warnings=warnings,
            target=None if prepared.target_scale is None else prepared.target_scale.document,
            threshold=spec.threshold, cross_validation=cross_validation,
        )  # fmt: skip


def make_network(spec: Spec, prepared: Prepared) -> keras.Sequential:
    """A compiled network with the seed's first weights, its output checked against the head."""
    seed_everything(spec.seed)
    network = build_network(spec, prepared.preprocessing.output_shape, prepared.target_scale)
    check_output(spec, prepared.head, network.output_shape, prepared.class_names)
    adapt_network(network, prepared.train.part.inputs)
    compile_network(network, spec, prepared.head, prepared.target_scale)
    return network
