"""What Prometheus sees of drift: three gauges for each version that has live rows."""

import math

from service.telemetry.metrics import Metrics

__all__ = ["DriftMetrics"]


class DriftMetrics:
    """The families of drift on a service's page.

    Args:
        metrics: The page.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        version = ("model", "version")
        self._drift = metrics.gauge(
            "drift", "Largest PSI beyond chance of the last hour's rows, to the training rows", *version, across="max"
        )
        self._alarms = metrics.gauge("drift_alarms", "What has drifted in the last hour", *version, across="max")
        self._rows = metrics.gauge("drift_rows", "Rows of the last hour that were compared", *version, across="max")

    def show(self, model: str, version: int, *, drift: float, alarms: float, rows: float) -> None:
        """Show a version's figures."""
        for gauge, value in ((self._drift, drift), (self._alarms, alarms), (self._rows, rows)):
            self._metrics.show(gauge, value, model, str(version))

    def hide(self, model: str, version: int) -> None:
        """Take a version's gauges off the page."""
        self.show(model, version, drift=math.nan, alarms=math.nan, rows=math.nan)
