"""The leader's look at every version now and then: gauges for Prometheus, a line and a message where it drifts."""

import math
import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from models.errors import OnehotError
from models.statistics.drift import WindowDrift
from models.store.manifest import Manifest
from service.blocking_calls import run_in_thread
from service.monitoring.drift_metrics import DriftMetrics
from service.monitoring.monitor import Monitor

__all__ = ["WINDOW_S", "DriftWatch"]

WINDOW_S = 3600.0
LOOK_S = 15.0
AGAIN_S = 3600.0
"""Between two messages of a version that goes on drifting."""

log = structlog.get_logger("service")

OnDrift = Callable[[Manifest, float, Sequence[str]], bool]
"""Called when a version begins to drift, and once an hour while it does, with its drift and its alarms; where it gives
False, it is called again at the next look."""


class DriftWatch:
    """Compares the last hour of every loaded version.

    Args:
        monitor: Knows the windows.
        metrics: Shows them.
        leads: Whether this process leads its service; may block.
        manifests: Of all versions that answer.
        on_drift: Passes an alarm on.
    """

    def __init__(
        self, monitor: Monitor, metrics: DriftMetrics, *, leads: Callable[[], bool],
        manifests: Callable[[], Iterable[Manifest]], on_drift: OnDrift = lambda *_: True,
    ) -> None:  # fmt: skip
        self._monitor = monitor
        self._metrics = metrics
        self._leads = leads
        self._manifests = manifests
        self._on_drift = on_drift
        self._due_s = -math.inf
        self._shown: set[tuple[str, int]] = set()
        self._alarmed: set[tuple[str, int]] = set()
        self._told_s: dict[tuple[str, int], float] = {}

    def turn(self) -> None:
        """Look, where it is time and this process leads; called in the event loop."""
        if time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + LOOK_S
        compared = set()
        if run_in_thread(self._leads):
            compared = {(one.model, one.version) for one in self._manifests() if self._look(one)}
        for gone in self._shown - compared:
            self._metrics.hide(*gone)
        self._shown = compared

    def _look(self, manifest: Manifest) -> bool:
        """Compare one version; whether there is something to show of it."""
        if not self._monitor.is_watched(manifest.model, manifest.version):
            return False
        try:
            _, window, _ = self._monitor.compared(manifest, window_s=WINDOW_S)
        except OnehotError:
            return False
        found, key = window.drift, (manifest.model, manifest.version)
        self._metrics.show(*key, drift=found.drift, alarms=len(found.alarms), rows=found.rows)
        if found.alarms:
            self._tell(manifest, key, found)
        (self._alarmed.add if found.alarms else self._alarmed.discard)(key)
        return True

    def _tell(self, manifest: Manifest, key: tuple[str, int], found: WindowDrift) -> None:
        if key not in self._alarmed:
            log.warning("drift", model=key[0], version=key[1], drift=round(found.drift, 4), alarms=found.alarms[:5])
        is_due = time.monotonic() >= self._told_s.get(key, -math.inf) + AGAIN_S
        if is_due and self._on_drift(manifest, found.drift, found.alarms):
            self._told_s[key] = time.monotonic()
