"""A trained network as a version: files, golden rows and manifest, published once for each job."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

import numpy as np

from models.names import STABLE
from models.preprocessing.instances import UPRIGHT, Array, InstanceSpec
from models.preprocessing.pipeline import Preprocessing
from models.rollout.rollout_course import roll_out_published
from models.spec.head import Head
from models.spec.rollout.rollout_plan import RolloutPlan
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from models.store.store import Store
from trainer.data.preparation import Piece
from trainer.data.row_digest import rows_digest
from trainer.export.tensor_names import INPUT, output_name

__all__ = [
    "GOLDEN_ROWS",
    "Candidate",
    "describe_data",
    "draft_manifest",
    "golden_rows",
    "package_versions",
    "passes_gate",
    "publish",
    "release",
    "weights_digest",
]

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
    """All that is published: a manifest without job, version and file digests, and the files."""

    manifest: Manifest
    files: Mapping[str, bytes]


def publish(candidate: Candidate, *, store: Store, job_id: str, rollout: RolloutPlan | None = None) -> Manifest:
    """Publish a candidate; a job that did so before gets the same version again.

    Args:
        candidate: What is published.
        store: Where.
        job_id: Whose version it is.
        rollout: How the version comes to be `stable` where its gate holds; at once without.

    Raises:
        StoreUnavailable: When the store does not answer; trying again may help.
    """
    return release(replace(candidate.manifest, job_id=job_id), candidate.files, store=store, rollout=rollout)


def release(
    manifest: Manifest, files: Mapping[str, bytes], *, store: Store, rollout: RolloutPlan | None
) -> Manifest:  # fmt: skip
    """Publish a manifest, and let `stable` come to it, at once or by a rollout against the version that it names.

    Where `stable` names no version yet there is nothing to compare with: it moves at once.
    """
    if rollout is None or not passes_gate(manifest) or STABLE not in store.labels(manifest.model):
        return store.publish(manifest, files, promote=passes_gate(manifest))
    published = store.publish(manifest, files, promote=False)
    roll_out_published(store, published.model, published.version, rollout, job_id=published.job_id)
    return published


def passes_gate(manifest: Manifest) -> bool:
    """Whether the default label may move to a version."""
    return manifest.gate is None or bool(manifest.gate["holds"])


def draft_manifest(
    network: Any, head: Head, preprocessing: Preprocessing, instance: InstanceSpec, **fields: Any
) -> Manifest:
    """The manifest of a network that is not published yet.

    Args:
        network: A Keras network.
        head: Its head.
        preprocessing: What comes before it.
        instance: One instance before that.
        fields: The manifest's other fields, as they are.
    """
    return Manifest(
        version=UNNUMBERED,
        job_id="",
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        task=head.task,
        inputs=(TensorInfo(INPUT, "float32", (None, *preprocessing.output_shape)),),
        outputs=(TensorInfo(output_name(head), "float32", (None, head.units)),),
        instance=instance,
        preprocessing=preprocessing.document,
        files={},
        package_versions=dict(package_versions()),
        weights_sha256=weights_digest(network),
        added_activation=head.added_activation,
        image_orientation=UPRIGHT,
        **fields,
    )


def describe_data(source: str, sha256: str, pieces: Mapping[str, Piece]) -> dict[str, Any]:
    """The manifest's `data`: digests of source and held-out rows, rows of each part, files passed over."""
    rows = {name: piece.rows for name, piece in pieces.items()}
    passed_over = {piece.raw.source: dict(piece.raw.passed_over) for piece in pieces.values() if piece.raw.passed_over}
    document = {"source": source, "sha256": sha256, "test_sha256": rows_digest(pieces["test"]), "rows": rows}
    return document | ({"passed_over": passed_over} if passed_over else {})


def golden_rows(
    test: Piece, predictions: Array, *, tolerance: float, preprocessing: Preprocessing | None = None
) -> GoldenRows:  # fmt: skip
    """A few raw held-out instances, of as many classes as there is room for, with what Keras computed for them.

    Args:
        test: The held-out part.
        predictions: `(rows, units) float32`.
        tolerance: How far a prediction may be off when it is computed again.
        preprocessing: Makes sequences of different lengths one array, where they are such.
    """
    if test.labels.are_classes:
        _, first = np.unique(test.labels.values, return_index=True)
        rows = np.sort(first)[:GOLDEN_ROWS]
    else:
        rows = np.arange(min(GOLDEN_ROWS, test.rows))
    raw = test.raw.features[rows]
    instances = raw if preprocessing is None else preprocessing.whole_rows(raw)
    return GoldenRows(instances.tolist(), predictions[rows].tolist(), tolerance)


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
