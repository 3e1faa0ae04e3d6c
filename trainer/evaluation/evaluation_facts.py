"""What the record of a run keeps of an evaluation: metrics of every part, and what comparisons of test rows need."""

import base64
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.store.manifest import finite
from trainer.data.preparation import Prepared
from trainer.data.row_digest import rows_digest
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.intervals import metric_intervals

__all__ = ["evaluation_facts", "packed_bits"]

MOST_ROWS, MOST_CLASSES = 10**6, 100


def evaluation_facts(prepared: Prepared, evaluation: Evaluation) -> dict[str, Any]:
    """The facts `metrics` and `test` of a run, as plain JSON values.

    Args:
        prepared: The data.
        evaluation: Of all its parts.
    """
    metrics = {part: finite(values) for part, values in evaluation.metrics.items()}
    return {"metrics": metrics, "test": _test(prepared, evaluation)}


def _test(prepared: Prepared, evaluation: Evaluation) -> dict[str, Any]:
    test, names, confusion = prepared.test, prepared.class_names, evaluation.confusion
    return {
        "sha256": rows_digest(test),
        "rows": test.rows,
        "right": packed_bits(_right(prepared, evaluation.predictions)),
        "class_names": list(names[:MOST_CLASSES]) or None,
        "confusion": confusion.tolist() if confusion is not None and len(names) <= MOST_CLASSES else None,
        "intervals": metric_intervals(prepared.head, test.labels, evaluation),
    }


def _right(prepared: Prepared, predictions: Array) -> Array | None:
    """Whether each row was predicted as it is, `(rows,) bool`; None for regression."""
    head, labels = prepared.head, prepared.test.labels
    if not labels.class_names:
        return None
    if labels.are_classes:
        right: Array = head.predicted_classes(predictions) == labels.values
        return right
    return np.asarray((head.taken(predictions) == (labels.values > 0.5)).all(axis=1))


def packed_bits(right: Array | None) -> str | None:
    """One bit for each of `(rows,) bool`, in base64; None of none, and beyond a million rows."""
    if right is None or len(right) > MOST_ROWS:
        return None
    return base64.b64encode(np.packbits(right).tobytes()).decode()
