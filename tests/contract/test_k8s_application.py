"""What the manifests say about the application is what the application does."""

import json
import re
from pathlib import Path

import pytest

from models.settings import Settings
from models.spec.parts import Resources
from tests.contract.manifests.cluster import K8S, Cluster, Workload, load, on_base, render
from tests.contract.manifests.custom import published_paths
from tests.contract.manifests.wiring import QUEUES, ROUTES, settings_of

FAMILY = re.compile(r"\bonehot_[a-z_]+\b")
SUFFIXES = ("_bucket", "_sum", "_count")
RULES = K8S / "components" / "monitoring" / "alerts.yaml"
DASHBOARD = K8S / "components" / "dashboard" / "onehot.json"


def families() -> set[str]:
    """Names of the metrics that the service's page has, with a queue and a store."""
    metrics = pytest.importorskip("service.telemetry.metrics")
    servers = pytest.importorskip("service.telemetry.queue_server")
    stores = pytest.importorskip("service.telemetry.store_state")
    server = servers.QueueServer({"train": 1.0}, {("train", "failed"): 1}, 1, 2, {"dead": 0})
    queues = [metrics.QueueState(queue="train", jobs=1, workers=1), server]
    counted = metrics.Metrics()
    pytest.importorskip("service.monitoring.drift_metrics").DriftMetrics(counted)
    page = counted.page(lambda: queues, store=stores.StoreState(is_up=True)).decode()
    return set(re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE))


@pytest.mark.parametrize("path", [RULES, DASHBOARD], ids=lambda path: path.name)
def test_alerts_and_dashboard_ask_for_metrics_that_exist(path: Path) -> None:
    """A misspelt metric is silence, in an alert for ever."""
    asked = set(FAMILY.findall(path.read_text(encoding="utf-8")))
    known = families()
    assert asked
    assert {name for name in asked if not {name, *(name.removesuffix(end) for end in SUFFIXES)} & known} == set()


def test_the_dashboards_panels_differ() -> None:
    """Each has its own number and its own place, and at least one query."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len({panel["id"] for panel in panels}) == len(panels)
    assert all(target["expr"] for panel in panels for target in panel["targets"])


@pytest.fixture(scope="module")
def base() -> Cluster:
    """The base, rendered."""
    return load(render(K8S / "base"))


@pytest.fixture(scope="module")
def service(base: Cluster) -> Workload:
    """The service's Deployment."""
    return next(workload for workload in base.workloads if workload.component == "service")


def test_probes_ask_for_routes_of_the_application(tmp_path: Path) -> None:
    """A probe of a path that is gone would restart every pod for ever."""
    assert routes(tmp_path) >= ROUTES


@pytest.mark.parametrize("component", ["ingress", "gateway"])
def test_every_route_is_published_but_the_inner_ones(component: str, tmp_path: Path) -> None:
    """A route that is added later is not forgotten at the edge."""
    cluster = load(render(on_base(component, tmp_path)))
    paths = [(kind, path) for _, kind, path in published_paths(cluster) if kind != "RegularExpression"]
    hidden = {route for route in routes(tmp_path) if not any(covers(kind, path, route) for kind, path in paths)}
    assert hidden == {"/metrics", "/readyz"}


def routes(store: Path) -> set[str]:
    """Every route of the application."""
    app = pytest.importorskip("service.app").create_app(Settings(store=str(store)))
    return {str(rule.rule) for rule in app.url_map.iter_rules()}


def covers(kind: str, path: str, route: str) -> bool:
    """Whether a published path leads to a route."""
    return route == path or (kind != "Exact" and route.startswith(path.rstrip("/") + "/"))


def test_gunicorn_has_drained_before_the_grace_period_ends(base: Cluster, service: Workload) -> None:
    """The wait for the endpoints, gunicorn's own time and a margin fit into it."""
    server = pytest.importorskip("service.server.master")
    container = service.pod["containers"][0]
    told = server.gunicorn_settings(settings_of(base, container))
    waits_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert waits_s + told["graceful_timeout"] + told["keepalive"] < service.pod["terminationGracePeriodSeconds"]


def test_the_startup_probe_waits_for_the_first_look_at_the_store(service: Workload) -> None:
    """A worker accepts connections after it loaded the versions, or after a limit of its own."""
    server = pytest.importorskip("service.server.master")
    probe = service.pod["containers"][0]["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > 2 * server.FIRST_REFRESH_S


def test_specs_go_to_the_queues_that_workers_serve() -> None:
    """With and without GPUs."""
    assert {Resources(gpus=gpus).queue for gpus in QUEUES.values()} == set(QUEUES)


def test_a_worker_has_drained_long_before_its_grace_period_ends(base: Cluster) -> None:
    """It kills a work-horse that does not hear, and gives the job back, itself."""
    worker = pytest.importorskip("trainer.worker.training_worker")
    grace_s = [one.pod["terminationGracePeriodSeconds"] for one in base.workloads if one.component == "trainer"]
    assert min(grace_s) > 2 * worker.CHECKPOINT_GRACE_S
