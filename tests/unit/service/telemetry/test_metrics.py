import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.errors import QueueUnavailable
from service.monitoring.drift_metrics import DriftMetrics
from service.rollouts.rollout_metrics import RolloutMetrics
from service.telemetry.answered_request import AnsweredRequest
from service.telemetry.metrics import Metrics, QueueState
from service.telemetry.queue_server import QueueServer
from service.telemetry.shared_counts import SharedCounts
from service.telemetry.store_state import StoreState

PHASES_S = (0.001, 0.002, 0.003)


def samples(page, name):
    """Labels (sorted, as text) → value of one sample name."""
    return {
        ",".join(f"{label}={value}" for label, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if sample.name == name
    }


def answered(metrics, **changes):
    fields = {"method": "POST", "status": 200, "duration_s": 0.01, "model": "iris", "version": 3} | changes
    metrics.request_answered("/v1/models/<model>:predict", **fields)


@pytest.fixture
def metrics():
    metrics = Metrics()
    metrics.version_loaded("iris", 3)
    return metrics


def test_requests_are_counted_by_what_they_were_about(metrics):
    """Route, verb, status, model and version."""
    answered(metrics)
    answered(metrics)
    answered(metrics, status=400)
    metrics.request_answered("/healthz", method="GET", status=200, duration_s=0.001)
    route = "route=/v1/models/<model>:predict"
    assert samples(metrics.page(), "onehot_requests_total") == {
        f"method=POST,model=iris,{route},status=200,version=3": 2,
        f"method=POST,model=iris,{route},status=400,version=3": 1,
        "method=GET,model=,route=/healthz,status=200,version=": 1,
    }
    assert samples(metrics.page(), "onehot_request_duration_seconds_count") == {route: 3, "route=/healthz": 1}


def test_a_prediction_counts_its_rows_and_where_its_time_went(metrics):
    """Decode, infer and encode apart; only what the network takes is told by model."""
    metrics.predicted("iris", 3, rows=32, phases_s=PHASES_S)
    metrics.predicted("iris", 3, rows=1, phases_s=PHASES_S)
    page = metrics.page()
    assert samples(page, "onehot_rows_total") == {"model=iris,version=3": 33}
    sums = samples(page, "onehot_phase_duration_seconds_sum")
    assert {labels: round(value, 6) for labels, value in sums.items()} == {
        "model=,phase=decode": 0.002,
        "model=iris,phase=infer": 0.004,
        "model=,phase=encode": 0.006,
    }


def test_a_record_counts_the_answer_and_its_prediction_or_its_error(metrics):
    """A version that answers is loaded, whether it was told so or not."""
    told = {"method": "POST", "path": "/p", "route": "/r", "status": 200, "started_s": 1.0, "ended_s": 1.006}
    told |= {"model": "wine", "version": 2, "rows": 4, "infer_from_s": 1.001, "infer_to_s": 1.003}
    metrics.record(AnsweredRequest(**told))
    metrics.record(AnsweredRequest(**told | {"status": 504, "error": "DeadlineExceeded"}))
    page = metrics.page()
    assert samples(page, "onehot_request_duration_seconds_count") == {"route=/r": 2}
    assert samples(page, "onehot_rows_total") == {"model=wine,version=2": 4}
    assert samples(page, "onehot_errors_total") == {"error=DeadlineExceeded,model=wine,version=2": 1}
    sums = samples(page, "onehot_phase_duration_seconds_sum")
    assert sorted(round(value, 6) for value in sums.values()) == [0.001, 0.002, 0.003]


def test_errors_are_counted_by_class(metrics):
    """With the model that they were about."""
    metrics.request_failed("InputError", model="iris", version=3)
    metrics.request_failed("InputError")
    assert samples(metrics.page(), "onehot_errors_total") == {
        "error=InputError,model=iris,version=3": 1,
        "error=InputError,model=,version=": 1,
    }


def test_invented_names_make_no_series(metrics):
    """A thousand models that do not exist, versions that are not loaded, and odd verbs are one series."""
    for number in range(1_000):
        answered(metrics, method=f"VERB{number}", model=f"model-{number}", version=number)
        metrics.request_failed("ValueError", model="iris", version=1_000 + number)
        metrics.predicted(f"model-{number}", 1, rows=1, phases_s=PHASES_S)
    page = metrics.page()
    route = "route=/v1/models/<model>:predict"
    assert samples(page, "onehot_requests_total") == {
        f"method=other,model=other,{route},status=200,version=other": 1_000
    }
    assert samples(page, "onehot_errors_total") == {"error=ValueError,model=other,version=other": 1_000}
    assert samples(page, "onehot_rows_total") == {"model=other,version=other": 1_000}


def test_versions_beyond_what_a_page_can_hold_are_counted_together(metrics):
    """A model that is trained every minute for a year does not fill the memory."""
    for version in range(1, 1_500):
        metrics.version_loaded("busy", version)
    assert len(samples(metrics.page(), "onehot_version_loaded")) == 1_000
    answered(metrics, model="busy", version=1_499)
    assert "model=other" in next(iter(samples(metrics.page(), "onehot_requests_total")))


def test_loaded_versions_are_shown_and_counts_outlive_them(metrics):
    """1 while it is loaded, 0 after."""
    answered(metrics)
    assert samples(metrics.page(), "onehot_version_loaded") == {"model=iris,version=3": 1}
    metrics.version_unloaded("iris", 3)
    metrics.version_unloaded("never", 1)
    assert samples(metrics.page(), "onehot_version_loaded") == {"model=iris,version=3": 0}
    assert len(samples(metrics.page(), "onehot_requests_total")) == 1


def test_gauges_follow_what_is_loaded(metrics):
    """A version that has gone shows 0, one that stays is not touched."""
    metrics.show_state(loaded=frozenset({("iris", 3), ("wine", 1)}), in_flight=2)
    metrics.show_state(loaded=frozenset({("wine", 1), ("wine", 2)}), in_flight=1)
    assert samples(metrics.page(), "onehot_version_loaded") == {
        "model=iris,version=3": 0, "model=wine,version=1": 1, "model=wine,version=2": 1,
    }  # fmt: skip
    assert samples(metrics.page(), "onehot_requests_in_flight") == {"": 1}


def test_requests_in_flight_are_as_many_as_were_last_noted(metrics):
    """It is read off now and then."""
    metrics.note_in_flight(3)
    metrics.note_in_flight(2)
    assert samples(metrics.page(), "onehot_requests_in_flight") == {"": 2}


def test_the_queue_is_asked_when_the_page_is(metrics):
    """Jobs and workers of each queue."""
    page = metrics.page(lambda: [QueueState("train", 4, 2), QueueState("train-gpu", 0, 0)])
    assert samples(page, "onehot_queue_up") == {"": 1}
    assert samples(page, "onehot_queue_jobs") == {"queue=train": 4, "queue=train-gpu": 0}
    assert samples(page, "onehot_queue_workers") == {"queue=train": 2, "queue=train-gpu": 0}


def test_the_page_comes_when_the_queue_is_away(metrics):
    """And says so."""

    def away():
        raise QueueUnavailable("no answer")

    page = metrics.page(away)
    assert samples(page, "onehot_queue_up") == {"": 0}
    assert samples(page, "onehot_queue_jobs") == {}


FORKING = """
import os, signal
from service.telemetry.metrics import Metrics
from service.telemetry.shared_counts import SharedCounts
from service.telemetry.store_state import StoreState
from service.telemetry.store_state import StoreState

counts = SharedCounts(2)
metrics = Metrics(counts)
ready, say_ready = os.pipe()
children = []
for number in range(2):
    place = counts.reserve()
    pid = os.fork()
    if pid == 0:
        metrics.enter(place)
        metrics.version_loaded("iris", 1)
        metrics.version_loaded("iris", 2)
        if number == 0:
            metrics.version_unloaded("iris", 2)
        for _ in range(5):
            metrics.predicted("iris", 1, rows=2, phases_s=(0.1, 0.1, 0.1))
        metrics.note_in_flight(1)
        os.write(say_ready, b"x")
        signal.pause()
    children.append((pid, place))
for _ in children:
    os.read(ready, 1)
print(metrics.page().decode(), end="#--")
for pid, place in children:
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    counts.release(place)
print(metrics.page().decode(), end="#--")
metrics.enter(counts.reserve())
metrics.predicted("iris", 1, rows=2, phases_s=(0.1, 0.1, 0.1))
metrics.version_loaded("iris", 1)
metrics.predicted("iris", 1, rows=2, phases_s=(0.1, 0.1, 0.1))
print(metrics.page().decode(), end="")
"""


def test_processes_are_added_up_and_counts_stay_when_they_are_killed():
    """Counters of two workers that were killed stay, and those of the next one go on; their gauges go."""
    run = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, timeout=60, check=True)
    alive, dead, next_one = run.stdout.split(b"#--")
    assert samples(alive, "onehot_rows_total") == {"model=iris,version=1": 20}
    assert samples(alive, "onehot_requests_in_flight") == {"": 2}
    assert samples(alive, "onehot_version_loaded") == {"model=iris,version=1": 1, "model=iris,version=2": 0}
    assert samples(dead, "onehot_rows_total") == {"model=iris,version=1": 20}
    assert samples(dead, "onehot_requests_in_flight").get("", 0) == 0
    assert samples(dead, "onehot_phase_duration_seconds_count")["model=iris,phase=infer"] == 10
    assert samples(dead, "onehot_version_loaded") == {}
    assert samples(next_one, "onehot_rows_total") == {"model=iris,version=1": 22, "model=other,version=other": 2}
    assert samples(next_one, "onehot_version_loaded") == {"model=iris,version=1": 1}


def test_every_family_of_the_page_is_documented(metrics) -> None:
    """With its kind and its labels, in the order of the page."""
    RolloutMetrics(metrics)
    DriftMetrics(metrics)
    document = (Path(__file__).parents[4] / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(onehot_\w+)` \| (\w+) \| (.*?) \|", document, re.MULTILINE)
    own = [
        (family.name, family.kind, ", ".join(f"`{label}`" for label in family.labels) or "–")
        for family in metrics._families.values()
    ]
    assert rows[: len(own)] == own
    server = QueueServer({"train": 1.0}, {("train", "failed"): 1}, memory_bytes=1, memory_limit_bytes=2)
    asked = metrics.page(lambda: [QueueState("train", 4, 2), server], store=StoreState(is_up=True)).decode()
    assert [name for name, *_ in rows] == re.findall(r"^# TYPE (\w+) ", asked, re.MULTILINE)


def test_a_model_has_few_series(metrics) -> None:
    """What is long has no version, and only one phase has a model: five hundred models are no flood."""
    for number in range(500):
        metrics.version_loaded(f"model-{number}", 1)
        answered(metrics, model=f"model-{number}", version=1)
        metrics.predicted(f"model-{number}", 1, rows=1, phases_s=PHASES_S)
    lines = [line for line in metrics.page().splitlines() if not line.startswith(b"#")]
    assert len(lines) < 500 * 18 + 100


def test_labels_are_written_so_that_they_are_read_back(metrics) -> None:
    """Quotes, backslashes and line ends too."""
    metrics.request_failed('a "b" \\ c\nd', model="iris", version=3)
    families = text_string_to_metric_families(metrics.page().decode())
    found = [sample.labels["error"] for family in families for sample in family.samples if "error" in sample.labels]
    assert found == ['a "b" \\ c\nd']


def test_a_histogram_adds_its_buckets_up(metrics) -> None:
    """An amount at a bound is below it; the last bucket has all."""
    for seconds in (1e-5, 2e-5, 5.0, 60.0):
        metrics.predicted("iris", 3, rows=1, phases_s=(0.0, seconds, 0.0))
    found = samples(metrics.page(), "onehot_phase_duration_seconds_bucket")
    counts = {labels.split(",")[0]: value for labels, value in found.items() if "phase=infer" in labels}
    assert [counts[f"le={bound}"] for bound in ("1e-05", "5e-05", "1.0", "5.0", "+Inf")] == [1, 2, 2, 3, 4]


@pytest.mark.parametrize(("across", "shown"), [("sum", 5), ("min", 2), ("max", 3)])
def test_a_gauge_of_several_processes_is_one_number(across, shown) -> None:
    """Of those that have set it; when none has any more, it is on no page."""
    counts = SharedCounts(3)
    metrics = Metrics(counts)
    gauge = metrics.gauge("test_bytes", "For this test", "model", across=across)
    for value in (2, 3, math.nan):
        metrics.enter(counts.reserve())
        metrics.show(gauge, value, "iris")
    assert samples(metrics.page(), "onehot_test_bytes") == {"model=iris": shown}
    for place in range(3):
        counts.release(place)
    assert samples(metrics.page(), "onehot_test_bytes") == {}
