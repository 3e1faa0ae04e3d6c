"""`report.json`: all that a training measured, for people and for pages of pictures."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.spec import Spec
from trainer.data import Dataset
from trainer.data.preparation import Prepared
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.gate import GateOutcome
from trainer.evaluation.scores import Mistake
from trainer.export.parity import Parity

__all__ = ["Outcomes", "make_report", "mistake_document", "report_bytes"]

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of the steps of a training beside its metrics."""

    history: list[dict[str, float]]
    parity: Parity
    gate: GateOutcome | None


def make_report(
    spec: Spec, prepared: Prepared, evaluation: Evaluation, *, outcomes: Outcomes, timings_s: Mapping[str, float]
) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "format_version": FORMAT_VERSION,
        "model": spec.model,
        "task": prepared.head.task,
        "class_names": list(prepared.class_names),
        "data": {"source": spec.data.source, "sha256": prepared.sha256},
        "parts": {name: _part(name, prepared, evaluation) for name in prepared.pieces},
        "confusion_matrix": None if evaluation.confusion is None else evaluation.confusion.tolist(),
        "classes": [asdict(score) for score in evaluation.classes],
        "roc_auc": _mean([score.roc_auc for score in evaluation.classes]),
        "calibration": None if evaluation.calibration is None else asdict(evaluation.calibration),
        "mistakes": [mistake_document(mistake, prepared.test.raw) for mistake in evaluation.mistakes],
        "history": outcomes.history,
        "parity": asdict(outcomes.parity),
        "gate": None if outcomes.gate is None else outcomes.gate.document,
        "timings_s": {name: round(seconds, 4) for name, seconds in timings_s.items()},
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def mistake_document(mistake: Mistake, raw: Dataset) -> dict[str, Any]:
    """A mistake with the place of its row in the source that it was read from, both counted from 0."""
    (source_row,) = raw.source_rows(np.array([mistake.row])).tolist()
    return {**asdict(mistake), "source": raw.source, "source_row": source_row}


def _part(name: str, prepared: Prepared, evaluation: Evaluation) -> dict[str, Any]:
    piece = prepared.pieces[name]
    return {"rows": piece.rows, "metrics": evaluation.metrics[name], "class_counts": piece.labels.counts()}


def report_bytes(report: dict[str, Any]) -> bytes:
    """The report as JSON; a number that is none becomes null."""
    return json.dumps(_finite(report), indent=1, allow_nan=False, ensure_ascii=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
