"""`report.json`: everything that was measured of a version, for people and for pages of pictures."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from models.class_ranking import threshold_of
from models.store.manifest import Manifest
from trainer.data import Dataset
from trainer.data.preparation import Piece
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.scores import Mistake
from trainer.evaluation.shown_rows import shown_row
from trainer.export.parity import Parity

__all__ = ["make_report"]

FORMAT_VERSION = 1


def make_report(
    draft: Manifest, pieces: Mapping[str, Piece], evaluation: Evaluation, *, parity: Parity, **more: Any
) -> bytes:
    """The report as JSON; a number that is not finite becomes null.

    Args:
        draft: The manifest of what is reported on.
        pieces: The evaluated parts by name; empty for a network that was not measured.
        evaluation: Of those parts.
        parity: The comparison with the exported graph.
        more: `history`, `timings_s`, `baseline`, `imported` and what `details.py` gives, where there are any.
    """
    report = {
        "format_version": FORMAT_VERSION,
        "model": draft.model,
        "task": draft.task,
        "class_names": list(draft.class_names),
        "added_activation": draft.added_activation,
        "threshold": threshold_of(draft.task, draft.threshold),
        "data": {key: draft.data[key] for key in ("source", "sha256", "passed_over") if key in draft.data},
        "parts": {name: _part(piece, evaluation.metrics[name]) for name, piece in pieces.items()},
        "confusion_matrix": None if evaluation.confusion is None else evaluation.confusion.tolist(),
        "classes": [asdict(score) for score in evaluation.classes],
        "roc_auc": _mean([score.roc_auc for score in evaluation.classes]),
        "calibration": None if evaluation.calibration is None else asdict(evaluation.calibration),
        "mistakes": [_mistake(mistake, pieces["test"].raw) for mistake in evaluation.mistakes],
        "cell_rows": [_mistake(row, pieces["test"].raw) for row in evaluation.cell_rows],
        "parity": asdict(parity),
        "gate": draft.gate,
        "warnings": list(draft.warnings),
        "baseline": None,
        "curves": None,
        "intervals": {},
        "residuals": None,
        "importance": None,
        "occlusion": None,
        "label_errors": None,
        "network": None,
        "best_epoch": None,
        "cross_validation": None,
        "history": [],
        "timings_s": {},
    }
    return json.dumps(_finite(report | more), indent=1, allow_nan=False, ensure_ascii=False).encode()


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _mistake(mistake: Mistake, raw: Dataset) -> dict[str, Any]:
    """A mistake with the place of its row in its source, both counted from 0 and in words, and the row itself."""
    (source_row,) = raw.source_rows(np.array([mistake.row])).tolist()
    row_name = raw.row_name(mistake.row)
    return {
        **asdict(mistake),
        "source": raw.source,
        "source_row": source_row,
        "row_name": row_name,
        **shown_row(raw, mistake.row),
    }


def _part(piece: Piece, metrics: Mapping[str, float]) -> dict[str, Any]:
    return {"rows": piece.rows, "metrics": metrics, "class_counts": piece.labels.counts()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
