"""Metrics of all processes of the service as one Prometheus page.

Each process counts in files of its own in one folder, and whichever process is asked adds them up; the files of a dead
process stay, so its counts do too, and its gauges go. The folder is made for each start: `prepare_folder`.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.errors import QueueUnavailable
from service.telemetry.answered_request import AnsweredRequest
from service.telemetry.prometheus_internals import count, count_in_files, observe

__all__ = ["CONTENT_TYPE", "Metrics", "QueueState", "forget_process", "prepare_folder"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
PHASES = ("decode", "infer", "encode")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
OTHER = "other"
# A version has about 60 series; after so many versions in the life of a process the next are counted as `other`.
MOST_VERSIONS = 1_000
# From a one-row dense network to a large batch of a convolutional one.
PHASE_BUCKETS_S = (1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
REQUEST_BUCKETS_S = (1e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)


def prepare_folder() -> Path:
    """Make the folder for one start of the service and count in files of it from now on.

    Called once, where the service starts and before any `Metrics` is made; the caller removes the folder at the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="onehot-metrics-"))
    os.environ[FOLDER_VARIABLE] = str(folder)
    # The library chooses its way of counting when it is first imported, which can have been before this call.
    count_in_files(folder)
    return folder


def forget_process(pid: int, folder: Path) -> None:
    """Take a dead process' gauges off the page; for gunicorn's `child_exit`, which also sees those that were killed."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class QueueState:
    """What the job queue says of one of its queues: how many jobs wait in it, and how many workers listen to it."""

    queue: str
    jobs: int
    workers: int


class Metrics:
    """What one process counts.

    Only names of models that were loaded here become labels: requests for invented names make no series. Without the
    folder of `prepare_folder`, only this process is on the page.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = CollectorRegistry()
        self._versions: set[tuple[str, str]] = set()
        self._shown: frozenset[tuple[str, int]] = frozenset()
        self._phases: dict[tuple[str, str], tuple[Counter, tuple[Histogram, ...]]] = {}
        self._routes: dict[tuple[str, str, int, str | None, int | None], tuple[Counter, Histogram]] = {}
        model = ("model", "version")
        self._requests = self._counter("requests", "HTTP requests answered", "method", "route", "status", *model)
        self._errors = self._counter("errors", "Requests that ended in an error, by its class", "error", *model)
        self._rows = self._counter("rows", "Instances predicted", *model)
        self._phase = self._histogram("phase", "Of a prediction, split", PHASE_BUCKETS_S, "phase", *model)
        self._request = self._histogram("request", "From the first byte to the last", REQUEST_BUCKETS_S, "route")
        self._in_flight = Gauge("onehot_requests_in_flight", "Requests being answered", registry=self._registry,
                                multiprocess_mode="livesum")  # fmt: skip
        self._loaded = Gauge("onehot_version_loaded", "1 when every process has the version loaded", model,
                             registry=self._registry, multiprocess_mode="livemin")  # fmt: skip

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"onehot_{name}", meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"onehot_{name}_duration_seconds", meaning, labels, buckets=buckets, registry=self._registry)

    def version_loaded(self, model: str, version: int) -> None:
        """A version became ready in this process."""
        if (model, str(version)) not in self._versions and len(self._versions) >= MOST_VERSIONS:
            return
        self._versions.add((model, str(version)))
        self._loaded.labels(model, str(version)).set(1)

    def version_unloaded(self, model: str, version: int) -> None:
        """A version left this process; its counts stay."""
        if (model, str(version)) in self._versions:
            self._loaded.labels(model, str(version)).set(0)

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
            found = self._requests.labels(verb, route, str(status), *labels), self._request.labels(route)
            if verb is method and labels[0] != OTHER:
                self._routes[key] = found
        counter, histogram = found
        count(counter)
        observe(histogram, duration_s)

    def request_failed(self, error: str, *, model: str | None = None, version: int | None = None) -> None:
        """Count an error by the name of its class."""
        self._errors.labels(error, *self._labels(model, version)).inc()

    def predicted(self, model: str, version: int, *, rows: int, phases_s: Sequence[float]) -> None:
        """Count the rows of a prediction, and the seconds that each of `PHASES` took."""
        labels = self._labels(model, version)
        found = self._phases.get(labels)
        if found is None:
            found = self._rows.labels(*labels), tuple(self._phase.labels(phase, *labels) for phase in PHASES)
            self._phases[labels] = found
        counter, (decode, infer, encode) = found
        decode_s, infer_s, encode_s = phases_s
        count(counter, rows)
        observe(decode, decode_s)
        observe(infer, infer_s)
        observe(encode, encode_s)

    def show_state(self, *, loaded: frozenset[tuple[str, int]], in_flight: int) -> None:
        """Bring the gauges up to date: every loaded version, as model and number, and the requests being answered."""
        self.note_in_flight(in_flight)
        for model, version in loaded - self._shown:
            self.version_loaded(model, version)
        for model, version in self._shown - loaded:
            self.version_unloaded(model, version)
        self._shown = loaded

    def note_in_flight(self, count: int) -> None:
        """How many requests this process answers now; set now and then, as each would pay for it twice."""
        self._in_flight.set(count)

    def page(
        self, queues: Callable[[], Iterable[QueueState]] | None = None, *,
        store_up: bool = False, unserved: Iterable[tuple[str, str]] = (),
    ) -> bytes:  # fmt: skip
        """The page that Prometheus reads, all processes added up; its type is `CONTENT_TYPE`.

        Args:
            queues: Asks the job queue; raises QueueUnavailable when it does not answer.
            unserved: Model and label where the label's version cannot be loaded.
            store_up: Whether the last look at the store succeeded.
        """
        page = CollectorRegistry()
        if self._folder is None:
            page.register(_Collected(self._registry.collect))
        else:
            MultiProcessCollector(page, path=str(self._folder))  # type: ignore[no-untyped-call]
        page.register(_Collected(lambda: [_store_family(float(store_up)), _unserved_family(unserved)]))
        if queues is not None:
            page.register(_Collected(lambda: _queue_families(queues)))
        return generate_latest(page)


@dataclass(frozen=True, slots=True, eq=False)
class _Collected(Collector):
    """Anything that yields metric families, as the library wants it."""

    families: Callable[[], Iterable[Any]]

    def collect(self) -> Iterable[Any]:
        return self.families()

    def describe(self) -> Iterable[Any]:
        """Nothing: asking the queue only to learn the names would ask it twice."""
        return ()


def _unserved_family(unserved: Iterable[tuple[str, str]]) -> GaugeMetricFamily:
    """Only labels that do not answer as they should have a series."""
    meaning = "1 where the version that a label names cannot be loaded"
    family = GaugeMetricFamily("onehot_label_unserved", meaning, labels=("model", "label"))
    for labels in unserved:
        family.add_metric(labels, 1.0)
    return family


def _store_family(up: float) -> GaugeMetricFamily:
    return GaugeMetricFamily("onehot_store_up", "1 when the last look at the store succeeded", value=up)


def _queue_families(queues: Callable[[], Iterable[QueueState]]) -> Iterator[GaugeMetricFamily]:
    """Depth and workers of each queue, or that the queue is away."""
    try:
        states = tuple(queues())
    except QueueUnavailable:
        states = ()
    up = GaugeMetricFamily("onehot_queue_up", "1 when the job queue answers", value=float(bool(states)))
    jobs = GaugeMetricFamily("onehot_queue_jobs", "Jobs waiting", labels=("queue",))
    workers = GaugeMetricFamily("onehot_queue_workers", "Workers listening", labels=("queue",))
    for state in states:
        jobs.add_metric((state.queue,), state.jobs)
        workers.add_metric((state.queue,), state.workers)
    yield from (up, jobs, workers)
