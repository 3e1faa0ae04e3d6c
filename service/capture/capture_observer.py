"""Samples predictions as they are answered: in the request's own greenlet, which copies rows and waits for nothing."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from time import time
from typing import Any

from models.capture.capture_settings import OFF, CaptureSettings
from models.preprocessing.instances import Array
from service.capture.row_buffer import BoundedBuffer, SampledBatch
from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["CaptureObserver", "size_of"]

CELL_BYTES = 64
"""Of a number or a short text in a column of objects."""

SettingsOf = Callable[[str], Mapping[str, Any]]
OnDropped = Callable[[str, int], None]


class CaptureObserver:
    """Puts the rows of sampled requests into a buffer.

    Args:
        settings_of: The settings of a model as a document; the same object until they change.
        buffer: Where they go.
        on_dropped: Told the model and the number of rows for which there was no room.
    """

    def __init__(self, settings_of: SettingsOf, buffer: BoundedBuffer[SampledBatch], on_dropped: OnDropped) -> None:
        self._settings_of, self._buffer, self._on_dropped = settings_of, buffer, on_dropped
        self._read: dict[str, tuple[Mapping[str, Any], CaptureSettings]] = {}

    def observe(self, prediction: ObservedPrediction) -> None:
        """Copy the rows of a request that is sampled."""
        document = self._settings_of(prediction.predictor.model)
        if not document or prediction.predictions is None:
            return
        settings = self._settings(prediction.predictor.model, document)
        if settings.takes(prediction.request_id):
            self._keep(prediction, settings)

    def _settings(self, model: str, document: Mapping[str, Any]) -> CaptureSettings:
        known = self._read.get(model)
        if known is None or known[0] is not document:
            settings = OFF
            with suppress(ValueError):
                settings = CaptureSettings.of(document)
            if known is not None and known[1] == settings:
                settings = known[1]  # rows of the same settings make a segment: they are told by being the same
            known = self._read[model] = document, settings
        return known[1]

    def _keep(self, prediction: ObservedPrediction, settings: CaptureSettings) -> None:
        batch, outputs = prediction.batch, prediction.predictions
        if outputs is None:
            return
        size = size_of(batch, outputs)
        if not self._buffer.has_room(size):
            self._on_dropped(prediction.predictor.model, len(batch))
            return
        sampled = SampledBatch(
            settings, prediction.predictor.manifest, prediction.request_id, time(), batch.copy(), outputs.copy()
        )
        self._buffer.add(sampled, size)


def size_of(batch: Array, outputs: Array) -> int:
    """The bytes that rows take: `(rows, …)` of any dtype, and `(rows, outputs) float32`."""
    cells = batch.size * CELL_BYTES if batch.dtype == object else batch.nbytes
    return int(cells + outputs.nbytes)
