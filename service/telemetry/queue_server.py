"""What the queue's server says of itself and of the jobs in it, as metric families."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

__all__ = ["QueueServer"]


@dataclass(frozen=True, slots=True)
class QueueServer:
    """The queue's server at one moment.

    Args:
        oldest_waiting_s: Queue → for how long the oldest of its next jobs has waited; 0 when none waits.
        ended: Queue and status → how many jobs ended so, since the server is there.
        memory_bytes: What counts against its limit; None where it does not say.
        memory_limit_bytes: The limit; None without one.
        webhooks: Outcome of an attempt (`delivered`, `refused`, `dead`) → how many there were; empty without webhooks.
        webhooks_waiting: How many deliveries wait to be sent.
    """

    oldest_waiting_s: Mapping[str, float]
    ended: Mapping[tuple[str, str], int]
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    webhooks: Mapping[str, int] = field(default_factory=dict)
    webhooks_waiting: int = 0

    def families(self) -> Iterator[Metric]:
        """Its metrics; memory only where it is known."""
        name = "onehot_queue_oldest_waiting_seconds"
        oldest = GaugeMetricFamily(name, "How long the oldest of the next jobs has waited", labels=("queue",))
        ended = CounterMetricFamily("onehot_queue_jobs_ended", "Jobs that ended", labels=("queue", "status"))
        for queue, waiting_s in self.oldest_waiting_s.items():
            oldest.add_metric((queue,), waiting_s)
        for labels, count in self.ended.items():
            ended.add_metric(labels, count)
        yield from (oldest, ended)
        if self.memory_bytes is not None:
            yield GaugeMetricFamily("onehot_queue_memory_bytes", "Memory in use", value=self.memory_bytes)
        if self.memory_limit_bytes is not None:
            yield GaugeMetricFamily(
                "onehot_queue_memory_limit_bytes", "Where the queue is full", value=self.memory_limit_bytes
            )
        if self.webhooks:
            attempts = CounterMetricFamily("onehot_webhook_attempts", "Attempts to send webhooks", labels=("outcome",))
            for outcome, count in self.webhooks.items():
                attempts.add_metric((outcome,), count)
            yield attempts
            yield GaugeMetricFamily("onehot_webhooks_waiting", "Webhooks that wait", value=self.webhooks_waiting)
