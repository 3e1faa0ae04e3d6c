"""The gate: whether the label `stable` may move to a new version."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from models.errors import LabelNotFound, ModelNotFound, OnehotError, StoreUnavailable
from models.preprocessing.instances import Array, InstanceSpec
from models.spec import Gate, Spec
from models.spec.keras_metrics import higher_is_better, metric_name
from models.store.manifest import Manifest
from models.store.store import Store
from trainer.data.head import Head
from trainer.data.preparation import Prepared
from trainer.data.row_digest import rows_digest
from trainer.data.rows import preprocessed
from trainer.export.parity import graph_predictions
from trainer.network.build import keras_object

__all__ = ["Check", "GateOutcome", "pass_gate"]

LOSS = "loss"

Score = Callable[[Array, Array], float]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of the gate.

    Args:
        rule: `minimum`, or `not_worse_than LABEL (version N)`; of a class where it says so.
        expected: The least (or, for losses, the most) that passes; None when there was nothing to compare with.
        received: The new version's.
        holds: Whether it passes.
        note: Why, where the numbers do not say it.
    """

    rule: str
    expected: float | None
    received: float
    holds: bool
    note: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The check for the manifest."""
        named = {"rule": self.rule, "expected": self.expected, "received": self.received, "holds": self.holds}
        return {**named, "note": self.note} if self.note else named


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """Every check of a gate.

    Args:
        metric: The metric that was compared.
        checks: Each comparison.
        rows_sha256: Digest of the held-out rows that all of them were made on.
    """

    metric: str
    checks: tuple[Check, ...]
    rows_sha256: str

    @property
    def holds(self) -> bool:
        """Whether all of them pass."""
        return all(check.holds for check in self.checks)

    @property
    def document(self) -> dict[str, Any]:
        """The outcome with its numbers, for the manifest."""
        checks = [check.document for check in self.checks]
        return {"metric": self.metric, "holds": self.holds, "rows_sha256": self.rows_sha256, "checks": checks}


def pass_gate(spec: Spec, prepared: Prepared, predictions: Array, *, store: Store) -> GateOutcome | None:
    """Check a candidate's held-out predictions.

    Args:
        spec: The spec with its gate.
        prepared: The data; the held-out rows are scored.
        predictions: The candidate's, of the held-out rows: `(rows, units) float32`.
        store: Where the version to compare with is.

    Returns:
        The outcome, or None when the spec has no gate.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    gate = spec.gate
    if gate is None:
        return None
    ours = _scores(spec, gate, prepared, predictions)
    checks: list[Check] = []
    if gate.minimum is not None:
        checks += [Check(f"minimum{group}", gate.minimum, got, got >= gate.minimum) for group, got in ours.items()]
    if gate.not_worse_than is not None:
        checks += _against_label(spec, gate, prepared, ours, store)
    return GateOutcome(gate.metric, tuple(checks), rows_digest(prepared.test))


def _scores(spec: Spec, gate: Gate, prepared: Prepared, predictions: Array) -> dict[str, float]:
    """The gate's metric by group of held-out rows, as `_row_groups` names them."""
    score, targets = _metric(spec, gate, prepared.head), prepared.test.part.targets
    return {group: score(targets[rows], predictions[rows]) for group, rows in _row_groups(gate, prepared)}


def _row_groups(gate: Gate, prepared: Prepared) -> list[tuple[str, Array]]:
    """All held-out rows; for a gate per class, the rows of each class as well."""
    labels = prepared.test.labels
    groups = [("", np.arange(prepared.test.rows))]
    if gate.per_class and labels.are_classes:
        groups += [(f" of class {name}", np.flatnonzero(labels.values == index)) for index, name in
                   enumerate(labels.class_names)]  # fmt: skip
    return [(suffix, rows) for suffix, rows in groups if len(rows)]


def _metric(spec: Spec, gate: Gate, head: Head) -> Score:
    """The gate's metric as a function of targets and predictions."""
    if gate.metric == LOSS:
        loss = keras_object("losses", head.loss(spec.compile.loss))
        return lambda targets, predictions: float(loss(targets, predictions))
    chosen = next(head.metric(one) for one in spec.compile.metrics if metric_name(one) == gate.metric)

    def score(targets: Array, predictions: Array) -> float:
        metric = keras_object("metrics", chosen)
        metric.update_state(targets, predictions)
        return float(keras.ops.convert_to_numpy(metric.result()))

    return score


def _against_label(spec: Spec, gate: Gate, prepared: Prepared, ours: Mapping[str, float], store: Store) -> list[Check]:
    """Compare our scores with those of the version that has the gate's label."""
    label, everything = str(gate.not_worse_than), ours[""]
    try:
        rival = store.manifest(spec.model, store.resolve(spec.model, label=label))
    except (ModelNotFound, LabelNotFound):
        return [Check(f"not_worse_than {label}", None, everything, holds=True, note="no version has this label yet")]
    rule = f"not_worse_than {label} (version {rival.version})"
    try:
        predictions = _rival_predictions(store, rival, prepared)
    except StoreUnavailable:
        raise
    except (OnehotError, ValueError) as error:
        return [Check(rule, None, everything, holds=False, note=f"cannot be compared: {error}")]
    theirs = _scores(spec, gate, prepared, predictions)
    checks = [_not_worse(rule + group, ours[group], theirs[group], spec=spec, gate=gate) for group in theirs]
    if rival.data.get("test_sha256") == rows_digest(prepared.test):
        return checks
    note = f"version {rival.version} had other held-out rows, and may have been trained on some of these"
    return [replace(check, note=note) for check in checks]


def _rival_predictions(store: Store, rival: Manifest, prepared: Prepared) -> Array:
    """What another version predicts for our held-out rows.

    Raises:
        ValueError: When its instances or classes are others.
        OnehotError: When it does not take these rows: a category that it did not see, a gap that it does not fill.
    """
    if rival.class_names != prepared.class_names or _form(rival.instance) != _form(prepared.instance):
        raise ValueError("its instances or classes are others")
    inputs = preprocessed(prepared.test.raw.features, rival.fitted_preprocessing)
    return graph_predictions(store.read(rival, "model.onnx"), inputs)


def _form(instance: InstanceSpec) -> tuple[Any, ...]:
    """What two versions must have in common to be given the same rows: columns in another order are other rows."""
    return instance.shape, [(feature.name, feature.kind) for feature in instance.features or ()]


def _not_worse(rule: str, received: float, theirs: float, *, spec: Spec, gate: Gate) -> Check:
    if higher_is_better(gate.metric, spec.compile.metrics):
        return Check(rule, theirs, received, received >= theirs - gate.tolerance)
    return Check(rule, theirs, received, received <= theirs + gate.tolerance)
