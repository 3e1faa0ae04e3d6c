"""Metrics of all processes of the service as one Prometheus page.

Each process counts in memory that all of them share (`service.telemetry.shared_counts`), and whichever process is asked
adds it up; the counts of a dead process stay, and its gauges go.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.errors import QueueUnavailable
from service.telemetry.answered_request import AnsweredRequest
from service.telemetry.families import Across, Family, observe
from service.telemetry.metrics_page import KeptPage, Page, PageWriter
from service.telemetry.queue_server import QueueServer
from service.telemetry.shared_counts import Place, SharedCounts
from service.telemetry.store_state import StoreState

__all__ = ["CONTENT_TYPE", "Metrics", "QueueState"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
OTHER = "other"
# A version has about 20 series; after so many versions in the life of a process the next are counted as `other`.
MOST_VERSIONS = 1_000
# From a one-row dense network to a large batch of a convolutional one.
PHASE_BUCKETS_S = (1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
REQUEST_BUCKETS_S = (1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)

log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class QueueState:
    """What the job queue says of one of its queues: how many jobs wait in it, and how many workers listen to it."""

    queue: str
    jobs: int
    workers: int


Queues = Callable[[], Iterable[QueueState | QueueServer]]
"""Asks the job queue; raises QueueUnavailable when it does not answer."""


class Metrics:
    """What one process counts.

    Only names of models that were loaded here become labels: requests for invented names make no series. A model's
    version is a label of few series only: of histograms, which are long, that of the inference names the model.

    Args:
        shared: With the other processes, each of which calls `enter`; else this process is alone.
    """

    def __init__(self, shared: SharedCounts | None = None) -> None:
        alone = SharedCounts(1)
        self._places = (shared or alone).places
        self._families: dict[str, Family] = {}
        self._versions: set[tuple[str, str]] = set()
        self._shown: frozenset[tuple[str, int]] = frozenset()
        self._kept_page = KeptPage()
        model = ("model", "version")
        self._requests = self.counter("requests", "HTTP requests answered", "method", "route", "status", *model)
        self._errors = self.counter("errors", "Requests that ended in an error, by its class", "error", *model)
        self._rows = self.counter("rows", "Instances predicted", *model)
        self._captured = self.counter("captured_rows", "Sampled instances in the store", "model")
        self._dropped = self.counter("captured_rows_dropped", "Sampled instances that were lost", "model")
        self._feedback = self.counter("feedback_labels", "True labels in the store")
        self._phase = self._histogram("phase", "Of a prediction, split", PHASE_BUCKETS_S, "phase", "model")
        self._request = self._histogram("request", "From the first byte to the last", REQUEST_BUCKETS_S, "route")
        self._in_flight = self.gauge("requests_in_flight", "Requests being answered")
        self._loaded = self.gauge("version_loaded", "1 when every process has the version loaded", *model, across="min")
        self._writer = PageWriter(self._families, self._places)
        self._count_in(alone.places[0])

    def counter(self, name: str, meaning: str, *labels: str) -> Family:
        """Declare a counter, before the page is asked for: `onehot_NAME_total`."""
        return self._declared(Family("counter", f"onehot_{name}_total", meaning, labels))

    def _histogram(self, name: str, meaning: str, bounds: tuple[float, ...], *labels: str) -> Family:
        return self._declared(Family("histogram", f"onehot_{name}_duration_seconds", meaning, labels, bounds))

    def gauge(self, name: str, meaning: str, *labels: str, across: Across = "sum") -> Family:
        """Declare a gauge, before the page is asked for: `onehot_NAME`."""
        return self._declared(Family("gauge", f"onehot_{name}", meaning, labels, across=across))

    def _declared(self, family: Family) -> Family:
        self._families[family.name] = family
        return family

    def enter(self, place: int | None) -> None:
        """Count in a place of the shared ones from now on, after the fork; without one, on no page."""
        if place is None:
            log.warning("no place to count in: what this process does is on no page", places=len(self._places))
        else:
            self._count_in(self._places[place])

    def _count_in(self, place: Place) -> None:
        place.counts.catch_up()
        place.gauges.catch_up()
        self._place, self._numbers = place, place.counts.numbers
        self._phases: dict[tuple[str, str], tuple[int, int, int, int]] = {}
        self._routes: dict[tuple[str, str, int, str | None, int | None], tuple[int, int]] = {}

    def _start(self, family: Family, *labels: str) -> int:
        """Where the numbers of a series begin."""
        return self._place.counts.start_of(family.key(labels), family.width)

    def count(self, counter: Family, *labels: str, amount: float = 1) -> None:
        """Count something that happens seldom."""
        self._numbers[self._start(counter, *labels)] += amount

    def show(self, gauge: Family, value: float, *labels: str) -> None:
        """What this process shows; not a number takes its series off the page, where no other process has it."""
        gauges = self._place.gauges
        gauges.numbers[gauges.start_of(gauge.key(labels), gauge.width)] = value

    def version_loaded(self, model: str, version: int) -> None:
        """A version became ready in this process."""
        if (model, str(version)) not in self._versions and len(self._versions) >= MOST_VERSIONS:
            return
        self._versions.add((model, str(version)))
        self.show(self._loaded, 1, model, str(version))

    def version_unloaded(self, model: str, version: int) -> None:
        """A version left this process; its counts stay."""
        if (model, str(version)) in self._versions:
            self.show(self._loaded, 0, model, str(version))

    def _labels(self, model: str | None, version: int | None) -> tuple[str, str]:
        """The labels of what is about a model; empty where it is about none, `other` for one that was never loaded."""
        if model is None:
            return "", ""
        labels = (model, str(version))
        return labels if labels in self._versions else (OTHER, OTHER)

    def record(self, answered: AnsweredRequest) -> None:
        """Count a request: its answer, and its error or its prediction. A version that answers is loaded."""
        model, version, ended_s = answered.model, answered.version, answered.ended_s
        if model is not None and version is not None and (model, str(version)) not in self._versions:
            self.version_loaded(model, version)
        self.request_answered(
            answered.route, method=answered.method, status=answered.status, duration_s=ended_s - answered.started_s,
            model=model, version=version,
        )  # fmt: skip
        if answered.error is not None:
            self.request_failed(answered.error, model=model, version=version)
        elif model is not None and version is not None and answered.infer_to_s:
            decode_s, infer_s = answered.infer_from_s - answered.started_s, answered.infer_to_s - answered.infer_from_s
            phases_s = (decode_s, infer_s, ended_s - answered.infer_to_s)
            self.predicted(model, version, rows=answered.rows or 0, phases_s=phases_s)

    def request_answered(
        self, route: str, *, method: str, status: int, duration_s: float,
        model: str | None = None, version: int | None = None,
    ) -> None:  # fmt: skip
        """Count a request by the rule that it matched (empty for none), never by its path."""
        key = (method, route, status, model, version)
        found = self._routes.get(key)
        if found is None:
            verb, labels = method if method in METHODS else OTHER, self._labels(model, version)
            counter = self._start(self._requests, verb, route, str(status), *labels)
            found = counter, self._start(self._request, route)
            if verb is method and labels[0] != OTHER:
                self._routes[key] = found
        counter, histogram = found
        self._numbers[counter] += 1
        observe(self._numbers, histogram, REQUEST_BUCKETS_S, duration_s)

    def request_failed(self, error: str, *, model: str | None = None, version: int | None = None) -> None:
        """Count an error by the name of its class."""
        self._numbers[self._start(self._errors, error, *self._labels(model, version))] += 1

    def predicted(self, model: str, version: int, *, rows: int, phases_s: Sequence[float]) -> None:
        """Count the rows of a prediction, and the seconds of decoding, of the model's inference and of encoding."""
        labels = self._labels(model, version)
        found = self._phases.get(labels)
        if found is None:
            found = self._phases[labels] = self._phase_starts(labels)
        counter, decode, infer, encode = found
        decode_s, infer_s, encode_s = phases_s
        numbers = self._numbers
        numbers[counter] += rows
        observe(numbers, decode, PHASE_BUCKETS_S, decode_s)
        observe(numbers, infer, PHASE_BUCKETS_S, infer_s)
        observe(numbers, encode, PHASE_BUCKETS_S, encode_s)

    def _phase_starts(self, labels: tuple[str, str]) -> tuple[int, int, int, int]:
        series = (("decode", ""), ("infer", labels[0]), ("encode", ""))
        decode, infer, encode = (self._start(self._phase, *one) for one in series)
        return self._start(self._rows, *labels), decode, infer, encode

    def rows_captured(self, model: str, count: int) -> None:
        """Count sampled rows that are in the store."""
        self._numbers[self._start(self._captured, model)] += count
        self._start(self._dropped, model)  # a counter that begins at 0 says of its first step that it is one

    def rows_dropped(self, model: str, count: int) -> None:
        """Count sampled rows that were lost, as there was no room for them."""
        self._numbers[self._start(self._dropped, model)] += count

    def labels_stored(self, count: int) -> None:
        """Count true labels that are in the store."""
        self._numbers[self._start(self._feedback)] += count

    def show_state(self, *, loaded: frozenset[tuple[str, int]], in_flight: int) -> None:
        """Bring the gauges up to date: every loaded version, as model and number, and the requests being answered."""
        self.note_in_flight(in_flight)
        if loaded is self._shown:
            return
        for model, version in loaded - self._shown:
            self.version_loaded(model, version)
        for model, version in self._shown - loaded:
            self.version_unloaded(model, version)
        self._shown = loaded

    def note_in_flight(self, count: int) -> None:
        """How many requests this process answers now; set now and then, as each would pay for it twice."""
        self.show(self._in_flight, count)

    def page(self, queues: Queues | None = None, *, store: StoreState | None = None) -> bytes:
        """The page that Prometheus reads, all processes added up; its type is `CONTENT_TYPE`.

        Args:
            queues: Asks the job queue; raises QueueUnavailable when it does not answer.
            store: What the last look at the store found.
        """
        return b"".join(self._pieces(queues, store))

    def kept_page(self, queues: Queues, pause: Callable[[], None], *, store: StoreState | None = None) -> Page:
        """The same for those who ask again and again; `pause`, called while it is made, lets others go on."""
        return self._kept_page.get(lambda: self._pieces(queues, store), pause)

    def _pieces(self, queues: Queues | None, store: StoreState | None = None) -> Iterator[bytes]:
        for piece in self._writer.pieces():
            yield piece.encode()
        if store is not None:
            yield _written(store.families)
        if queues is not None:
            yield _written(lambda: _queue_families(queues))


@dataclass(frozen=True, slots=True, eq=False)
class _Collected(Collector):
    """Anything that yields metric families, as the library wants it."""

    families: Callable[[], Iterable[Any]]

    def collect(self) -> Iterable[Any]:
        return self.families()

    def describe(self) -> Iterable[Any]:
        """Nothing: asking the queue only to learn the names would ask it twice."""
        return ()


def _written(families: Callable[[], Iterable[Any]]) -> bytes:
    asked = CollectorRegistry()
    asked.register(_Collected(families))
    return generate_latest(asked)


def _queue_families(queues: Queues) -> Iterator[Metric]:
    """Depth and workers of each queue, and its server's state; or that the queue is away."""
    try:
        states = tuple(queues())
    except QueueUnavailable:
        states = ()
    up = GaugeMetricFamily("onehot_queue_up", "1 when the job queue answers", value=float(bool(states)))
    jobs = GaugeMetricFamily("onehot_queue_jobs", "Jobs waiting", labels=("queue",))
    workers = GaugeMetricFamily("onehot_queue_workers", "Workers listening", labels=("queue",))
    for state in states:
        if isinstance(state, QueueServer):
            yield from state.families()
            continue
        jobs.add_metric((state.queue,), state.jobs)
        workers.add_metric((state.queue,), state.workers)
    yield from (up, jobs, workers)
