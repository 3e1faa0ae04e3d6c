"""Gauges that are read now and then rather than counted: the loaded versions and the requests in flight."""

from collections.abc import Callable

from service.telemetry.metrics import Metrics

__all__ = ["Gauges"]

Versions = frozenset[tuple[str, int]]


class Gauges:
    """Brings the gauges of one process up to date.

    Args:
        metrics: Where they are shown.
        loaded: The loaded versions, as model and number.
        in_flight: How many requests are being answered.
    """

    def __init__(self, metrics: Metrics, *, loaded: Callable[[], Versions], in_flight: Callable[[], int]) -> None:
        self._metrics = metrics
        self._loaded = loaded
        self._in_flight = in_flight
        self._shown: Versions = frozenset()

    def read(self) -> None:
        """Read them, and show what has changed."""
        self._metrics.note_in_flight(self._in_flight())
        loaded = self._loaded()
        for model, version in loaded - self._shown:
            self._metrics.version_loaded(model, version)
        for model, version in self._shown - loaded:
            self._metrics.version_unloaded(model, version)
        self._shown = loaded
