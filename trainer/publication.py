"""A trained network as a version: files, golden rows and manifest, published once for each job."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np

from models.spec import Spec
from models.spec.yaml_text import dump_document
from models.store.manifest import GoldenRows, Manifest, TensorInfo, finite
from models.store.store import Store
from trainer.data.preparation import Piece, Prepared
from trainer.data.row_digest import rows_digest
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.gate import GateOutcome
from trainer.export.parity import TOLERANCES
from trainer.export.tensor_names import INPUT, output_name

__all__ = ["UNNUMBERED", "Candidate", "golden_rows", "package_versions", "publish", "weights_digest"]

GOLDEN_ROWS = 8
PACKAGES = (
    "keras",
    "tensorflow",
    "tensorflow-cpu",
    "jax",
    "torch",
    "numpy",
    "onnx",
    "tf2onnx",
    "onnxruntime",
    "onehot",
)
UNNUMBERED = 0
"""The store gives a version its number."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """All that is published."""

    spec: Spec
    prepared: Prepared
    evaluation: Evaluation
    gate: GateOutcome | None
    weights_sha256: str
    onnx: bytes
    keras: bytes
    report: bytes


def publish(candidate: Candidate, *, store: Store, job_id: str) -> Manifest:
    """Publish a candidate; a job that did so before gets the same version again.

    Raises:
        StoreUnavailable: When the store does not answer; trying again may help.
    """
    files = {
        "model.onnx": candidate.onnx,
        "model.keras": candidate.keras,
        "report.json": candidate.report,
        "spec.yaml": dump_document(candidate.spec.document),
    }
    promote = candidate.gate is None or candidate.gate.holds
    return store.publish(_manifest(candidate, job_id), files, promote=promote)


def _manifest(candidate: Candidate, job_id: str) -> Manifest:
    spec, prepared = candidate.spec, candidate.prepared
    outputs = TensorInfo(output_name(prepared.head), "float32", (None, prepared.head.outputs))
    return Manifest(
        model=spec.model,
        version=UNNUMBERED,
        job_id=job_id,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        task=prepared.head.task,
        inputs=(TensorInfo(INPUT, "float32", (None, *prepared.preprocessing.output_shape)),),
        outputs=(outputs,),
        instance=prepared.instance,
        preprocessing=prepared.preprocessing.document,
        class_names=prepared.class_names,
        metrics=finite(candidate.evaluation.metrics["test"]),
        golden_rows=golden_rows(prepared.test, candidate.evaluation, tolerance=TOLERANCES[spec.fit.precision]),
        files={},
        data=_data(spec, prepared),
        seed=spec.seed,
        backend=spec.backend,
        package_versions=dict(package_versions()),
        weights_sha256=candidate.weights_sha256,
        gate=None if candidate.gate is None else candidate.gate.document,
    )


def _data(spec: Spec, prepared: Prepared) -> dict[str, Any]:
    rows = {name: piece.rows for name, piece in prepared.pieces.items()}
    test_sha256 = rows_digest(prepared.test)
    return {"source": spec.data.source, "sha256": prepared.sha256, "test_sha256": test_sha256, "rows": rows}


def golden_rows(test: Piece, evaluation: Evaluation, *, tolerance: float) -> GoldenRows:
    """A few raw held-out instances, of as many classes as there is room for, with what Keras computed for them."""
    if test.labels.are_classes:
        _, first = np.unique(test.labels.values, return_index=True)
        rows = np.sort(first)[:GOLDEN_ROWS]
    else:
        rows = np.arange(min(GOLDEN_ROWS, test.rows))
    instances, predictions = test.raw.features[rows].tolist(), evaluation.predictions[rows].tolist()
    return GoldenRows(instances, predictions, tolerance)


@cache
def package_versions() -> Mapping[str, str]:
    """Versions of Python and of the packages that made the model."""
    installed = {distribution.name.lower().replace("_", "-") for distribution in metadata.distributions()}
    return {"python": platform.python_version()} | {
        name: metadata.version(name) for name in PACKAGES if name in installed
    }


def weights_digest(network: Any) -> str:
    """sha-256 of all weights, in the network's order: their types, shapes and bytes."""
    digest = hashlib.sha256()
    for weights in network.get_weights():
        digest.update(f"{weights.dtype.str}{weights.shape}".encode())
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()
