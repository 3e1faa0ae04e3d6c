import math
import time
from dataclasses import replace

import numpy as np
import pytest

from models.statistics.output_columns import OutputColumns
from models.statistics.profiling import profile
from models.statistics.stored_statistics import add_statistics
from models.store.store import Store
from service.http.context import EXTENSION
from service.monitoring.drift_metrics import DriftMetrics
from service.monitoring.drift_watch import DriftWatch
from service.telemetry.metrics import Metrics


@pytest.fixture
def trained(publish, store_folder, compute, registry):
    """A version with statistics of rows that are evenly distributed; what makes more such rows."""
    rng = np.random.default_rng(2)
    manifest = publish()
    rows = rng.random((4000, 8)).astype(np.float32)
    statistics = profile(manifest.instance, OutputColumns.of(manifest), [rows], compute("classic-a", rows),
                         rows=4000, data={"source": "rows.npz", "part": "train"})  # fmt: skip
    add_statistics(Store.open(store_folder), manifest, statistics)
    registry.refresh()
    return lambda count: rng.random((count, 8)).round(4)


@pytest.fixture
def monitor(app):
    """What watches the versions of the application."""
    return app.extensions[EXTENSION].monitor


def predict(client, rows, place: str = "") -> None:
    answer = client.post(f"/v1/models/classic{place}:predict", json={"instances": rows.tolist()})
    assert answer.status_code == 200


def test_rows_of_the_training_s_kind_raise_no_alarm(client, trained) -> None:
    """They are counted to the row, whichever path they came by."""
    predict(client, trained(300))
    predict(client, trained(200), "/versions/1")
    document = client.get("/v1/models/classic/monitoring?window_s=600").json
    assert (document["model"], document["version"], document["window_s"]) == ("classic", 1, 600)
    assert (document["rows"], document["rows_answered"], document["failures"]) == (500, 500, 0)
    assert document["alarms"] == []
    assert [one["name"] for one in document["features"]] == [f"x{index}" for index in range(8)]
    assert sum(one["live"] for one in document["classes"]["bins"]) == pytest.approx(1)
    assert time.time() - 20 < document["since"] <= time.time()
    assert document["training"] == {"rows": 4000, "source": "rows.npz", "part": "train"}


def test_a_shifted_feature_is_named(client, trained, monitor, registry) -> None:
    """With its figures, and the largest of them as the drift."""
    rows = trained(500)
    rows[:, 3] += 0.3
    predict(client, rows)
    document = client.get("/v1/models/classic/versions/1/monitoring").json
    shifted = document["features"][3]
    assert shifted["drifted"]
    assert shifted["psi"] > shifted["psi_limit"]
    assert shifted["jensen_shannon"] > shifted["jensen_shannon_limit"]
    assert shifted["out_of_range"]["above"] > 0.2
    assert any("'x3' has drifted" in alarm for alarm in document["alarms"])
    drift = monitor.drift_of(registry.find("classic").manifest, 600)
    assert drift == pytest.approx(document["drift"])
    assert client.get("/v1/models/classic/labels/stable/monitoring").json["drift"] == pytest.approx(drift)


def test_a_version_without_statistics_says_how_to_get_them(client, publish, registry, monitor) -> None:
    """It is not watched either."""
    publish()
    registry.refresh()
    monitor.turn()
    predict(client, np.random.default_rng(0).random((3, 8)))
    answer = client.get("/v1/models/classic/monitoring")
    assert answer.status_code == 404
    assert "`onehot models profile classic 1 --data SOURCE` makes them" in answer.json["error"]
    assert math.isnan(monitor.drift_of(registry.find("classic").manifest, 60))


@pytest.mark.parametrize(("query", "status"), [
    ("window_s=0", 400), ("window_s=nan", 400), ("window_s=x", 400), ("window_s=86401", 400), ("window=3", 400),
    ("window_s=1", 200), ("window_s=86400", 200), ("", 200),
])  # fmt: skip
@pytest.mark.usefixtures("trained")
def test_windows_reach_from_a_second_to_a_day(client, query, status) -> None:
    """Others are refused, naming the parameter."""
    answer = client.get(f"/v1/models/classic/monitoring?{query}")
    assert answer.status_code == status
    assert status == 200 or "window" in answer.json["error"]


@pytest.mark.usefixtures("trained")
def test_unknown_models_and_versions_are_404(client) -> None:
    """As everywhere."""
    for path in ("none/monitoring", "classic/versions/7/monitoring", "classic/labels/none/monitoring"):
        assert client.get(f"/v1/models/{path}").status_code == 404


def test_statistics_that_are_added_later_are_found(client, trained, registry, monitor) -> None:
    """And those that are made anew take the place of the last ones, whose counts are forgotten."""
    predict(client, trained(100))
    monitor.turn()
    watched = monitor._versions["classic", 1]
    statistics = watched.binned.statistics
    add_statistics(registry.store, watched.manifest, replace(statistics, data={"source": "other.npz"}))
    watched.read_due_s = 0.0
    monitor.turn()
    predict(client, trained(50))
    document = client.get("/v1/models/classic/monitoring").json
    assert (document["rows"], document["training"]["source"]) == (50, "other.npz")


def test_the_leader_shows_drift_and_tells_of_it_once(client, trained, monitor, registry, monkeypatch) -> None:
    """Gauges of the versions that have rows; they go with the version."""
    monkeypatch.setattr("service.monitoring.drift_watch.LOOK_S", 0.0)
    metrics, told, manifests = Metrics(), [], registry.manifests
    watch = DriftWatch(monitor, DriftMetrics(metrics), leads=lambda: True, manifests=lambda: manifests,
                       on_drift=lambda *found: told.append(found) or True)  # fmt: skip
    watch.turn()
    assert b"onehot_drift{" not in metrics.page(lambda: ())
    predict(client, 0.2 * trained(500))
    monitor.turn()
    for _ in range(3):
        watch.turn()
    page = metrics.page(lambda: ()).decode()
    assert 'onehot_drift_rows{model="classic",version="1"} 500.0' in page
    assert 'onehot_drift_alarms{model="classic",version="1"} 0.0' not in page
    ((manifest, drift, alarms),) = told
    assert (manifest.version, drift > 0.25, len(alarms) > 7) == (1, True, True)
    manifests = []
    watch.turn()
    assert b"onehot_drift{" not in metrics.page(lambda: ())


def test_drift_that_could_not_be_told_is_told_at_the_next_look(client, trained, monitor, registry, monkeypatch) -> None:
    """As the queue's server was away; then once an hour while it goes on."""
    monkeypatch.setattr("service.monitoring.drift_watch.LOOK_S", 0.0)
    answers, told = [False, False, True, True], []
    watch = DriftWatch(monitor, DriftMetrics(Metrics()), leads=lambda: True, manifests=lambda: registry.manifests,
                       on_drift=lambda *found: told.append(found) or answers[len(told) - 1])  # fmt: skip
    predict(client, 0.2 * trained(500))
    monitor.turn()
    for expected in (1, 2, 3, 3, 3):
        watch.turn()
        assert len(told) == expected
    monkeypatch.setattr("service.monitoring.drift_watch.AGAIN_S", 0.0)
    watch.turn()
    assert len(told) == 4


def test_a_version_that_fails_is_counted(client, trained, monkeypatch) -> None:
    """As failures, beside the rows that were answered."""
    predict(client, trained(60))
    with monkeypatch.context() as broken:
        broken.setattr("service.inference.predictor.are_finite", lambda _: 1 / 0)
        answer = client.post("/v1/models/classic:predict", json={"instances": trained(2).tolist()})
    assert answer.status_code == 500
    document = client.get("/v1/models/classic/monitoring").json
    assert (document["rows"], document["failures"]) == (60, 1)
