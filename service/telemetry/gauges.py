"""What is read off now and then rather than counted: the loaded versions and the requests in flight."""

from service.admission import Admission
from service.registry.registry import Registry
from service.telemetry.metrics import Metrics

__all__ = ["Gauges"]


class Gauges:
    """Brings the gauges of one process up to date.

    Args:
        metrics: Where they are shown.
        registry: Whose versions.
        admission: Whose requests.
    """

    def __init__(self, metrics: Metrics, registry: Registry, admission: Admission) -> None:
        self._metrics = metrics
        self._registry = registry
        self._admission = admission
        self._loaded: frozenset[tuple[str, int]] = frozenset()

    def read(self) -> None:
        """Look, and note what has changed."""
        self._metrics.note_in_flight(self._admission.in_flight)
        loaded = self._registry.snapshot.loaded_versions
        for model, version in loaded - self._loaded:
            self._metrics.version_loaded(model, version)
        for model, version in self._loaded - loaded:
            self._metrics.version_unloaded(model, version)
        self._loaded = loaded
