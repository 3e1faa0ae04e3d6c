"""Proof that what a spec may name is trained and served: build, fit two epochs, export, compare with Keras.

    python -m trainer.keras_catalog.proving [TEXT …]

runs every case (or those whose title holds a TEXT) and, when all were run, writes
`models/keras_catalog/keras_proofs.json`: what `onehot layers` prints. A test fails while that
file says something else than the cases do.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import OnehotError
from models.keras_catalog.objects import keras_version
from models.keras_catalog.proofs import PROOFS
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import fit_steps
from models.sources.class_labels import Labels
from models.spec import Spec, load_spec
from trainer.backends.choice import import_keras
from trainer.keras_catalog.proof_cases import Case, all_cases, split_case
from trainer.keras_catalog.signatures import json_text

__all__ = ["Proof", "Unproved", "proofs_document", "prove", "run_cases"]

ROWS = 64
BATCHES = (1, 7, 64)
CLASSES = 3
TOLERANCE = 1e-5


class Unproved(OnehotError):
    """A case that did not go through."""

    def __init__(self, case: Case, reason: str) -> None:
        self.case = case
        self.reason = reason
        super().__init__(f"{case.title}: {reason}")


@dataclass(frozen=True, slots=True)
class Proof:
    """A case that went through: the largest difference between Keras and what is served, and how long it took."""

    case: Case
    largest_difference: float
    took_s: float


def prove(case: Case) -> Proof:
    """Run one case, or raise `Unproved` with what went wrong."""
    started_s = time.monotonic()
    try:
        difference = _difference(case)
    except Exception as error:
        raise Unproved(case, f"{type(error).__name__}: {_last_line(error)}") from error
    if not difference <= TOLERANCE:
        raise Unproved(case, f"expected at most {TOLERANCE:g} from Keras; received {difference:g}")
    return Proof(case, difference, time.monotonic() - started_s)


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _difference(case: Case) -> float:
    """The largest difference for 1, 7 and 64 rows between Keras and what ONNX Runtime computes."""
    from trainer.export.onnx_export import export_onnx  # noqa: PLC0415 -- it imports Keras, whose backend the caller chooses
    from trainer.export.parity import graph_predictions  # noqa: PLC0415

    spec = load_spec(case.document)
    raw = rows_of(case)
    inputs = fit_steps(spec.preprocessing, raw).apply(raw)
    network, head = _trained(spec, inputs)
    graph = export_onnx(network, head)
    answers = [(inputs[:rows], np.asarray(network(inputs[:rows], training=False))) for rows in BATCHES]
    return max(float(np.abs(graph_predictions(graph, some) - answer).max()) for some, answer in answers)


def _trained(spec: Spec, inputs: Array) -> tuple[Any, Any]:
    """A network after two epochs, as it would be published, and its head."""
    import keras  # noqa: PLC0415

    from trainer.backends.seeds import seed_everything  # noqa: PLC0415
    from trainer.data.head import choose_head, task_of  # noqa: PLC0415
    from trainer.data.part import Part  # noqa: PLC0415
    from trainer.fit.epochs import fit  # noqa: PLC0415
    from trainer.fit.progress import NullObserver  # noqa: PLC0415
    from trainer.network.build import adapt_network, build_network, compile_network  # noqa: PLC0415
    from trainer.network.single_device_copy import single_device_copy  # noqa: PLC0415

    keras.utils.clear_session(free_memory=False)
    seed_everything(spec.seed)
    labels = labels_of(task_of(spec))
    head = choose_head(spec, labels, task=task_of(spec))
    network = build_network(spec, inputs.shape[1:])
    adapt_network(network, inputs)
    compile_network(network, spec, head)
    part = Part(inputs, head.targets(labels))
    fit(network, spec, training=part, validation=part, observer=NullObserver())
    return single_device_copy(network, spec, head), head


def rows_of(case: Case) -> Array:
    """Instances from a fixed seed: `(64, *shape) float32`."""
    rng = np.random.default_rng(11)
    if case.vocabulary:
        return rng.integers(0, case.vocabulary, (ROWS, *case.shape)).astype(np.float32)
    return rng.random((ROWS, *case.shape), dtype=np.float32)


def labels_of(task: str) -> Labels:
    """Targets from a fixed seed."""
    rng = np.random.default_rng(12)
    if task == "regression":
        return Labels(rng.random((ROWS, 2), dtype=np.float32))
    if task == "multilabel":
        return Labels(rng.integers(0, 2, (ROWS, CLASSES)).astype(np.float32), ("a", "b", "c"))
    classes = 2 if task == "sigmoid" else CLASSES
    return Labels(rng.integers(0, classes, ROWS), ("a", "b", "c")[:classes])


def run_cases(cases: Iterable[Case]) -> tuple[list[Proof], list[Unproved]]:
    """Run cases one by one; of a case of several names that fails, each name alone."""
    proofs: list[Proof] = []
    failures: list[Unproved] = []
    for case in cases:
        try:
            proofs.append(prove(case))
        except Unproved as failure:
            singles = split_case(case) if len(case.names) > 1 else []
            more_proofs, more_failures = run_cases(singles)
            proofs += more_proofs
            failures += more_failures or [failure]
    return proofs, failures


def proofs_document(proofs: Iterable[Proof], keras_version: str) -> dict[str, Any]:
    """The proofs, for `keras_proofs.json`: family → name → how many cases, and the largest difference."""
    served: dict[str, dict[str, dict[str, Any]]] = {}
    for proof in proofs:
        for name in proof.case.names:
            entry = served.setdefault(proof.case.family, {}).setdefault(name, {"cases": 0, "largest_difference": 0.0})
            entry["cases"] += 1
            entry["largest_difference"] = max(entry["largest_difference"], float(f"{proof.largest_difference:.0e}"))
    return {"keras": keras_version, "tolerance": TOLERANCE, "rows": list(BATCHES), "served": served}


def main(texts: Sequence[str]) -> int:
    """Run cases, say how each went; 1 when one failed."""
    import_keras("tensorflow")
    chosen = [case for case in all_cases() if not texts or any(text in case.title for text in texts)]
    proofs, failures = run_cases(_said(chosen))
    for failure in failures:
        sys.stdout.write(f"FAILED {failure}\n")
    took_s = sum(proof.took_s for proof in proofs)
    sys.stdout.write(f"{len(proofs)} of {len(proofs) + len(failures)} cases in {took_s:.0f} s\n")
    if not texts and not failures:
        PROOFS.write_text(json_text(proofs_document(proofs, keras_version())) + "\n", "utf-8")
    return 1 if failures else 0


def _said(cases: Iterable[Case]) -> Iterator[Case]:
    for case in cases:
        sys.stdout.write(f"{case.title}\n")
        sys.stdout.flush()
        yield case


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
