"""What a process knows of the store, as metric families."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric

__all__ = ["StoreState"]


@dataclass(frozen=True, slots=True)
class StoreState:
    """The store at the last look.

    Args:
        is_up: Whether the look succeeded.
        unserved: Model and label where the label's version cannot be loaded.
    """

    is_up: bool
    unserved: Collection[tuple[str, str]] = ()

    def families(self) -> Iterator[Metric]:
        """Its metrics; only labels that do not answer as they should have a series."""
        yield GaugeMetricFamily("onehot_store_up", "1 when the last look at the store succeeded", value=self.is_up)
        meaning = "1 where the version that a label names cannot be loaded"
        family = GaugeMetricFamily("onehot_label_unserved", meaning, labels=("model", "label"))
        for labels in self.unserved:
            family.add_metric(labels, 1.0)
        yield family
