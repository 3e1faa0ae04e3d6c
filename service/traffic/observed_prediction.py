"""One computed batch, as its observers see it."""

from dataclasses import dataclass

from models.preprocessing.instances import Array
from service.inference.predictor import Predictor

__all__ = ["ObservedPrediction"]


@dataclass(slots=True)  # one is made for every prediction, and a frozen one takes five times as long
class ObservedPrediction:
    """A batch that a version computed, or failed to compute.

    Args:
        request_id: Of the request that brought the batch.
        key_id: Of the key that it came with; None without one.
        is_default: Whether the request named neither version nor label.
        predictor: The version that computed.
        batch: `(batch, *instance shape)` as it came, before the version's preprocessing: float32, or object where
            columns hold text. Observers do not change it, and copy what they keep.
        predictions: float32 `(batch, outputs)`; None when the version failed.
        infer_s: How long it computed.
        error: Why it failed; None when it did not. An `InputError` is of a value that this version does not take;
            input that cannot be read is not observed.
    """

    request_id: str
    key_id: str | None
    is_default: bool
    predictor: Predictor
    batch: Array
    predictions: Array | None
    infer_s: float
    error: Exception | None = None
