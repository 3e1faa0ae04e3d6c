"""The application: settings in, a Flask application out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from models.rollout.rollout_store import RolloutStore
from models.settings import Settings
from models.store.file_cache import FileCache
from models.store.store import Store
from service.admission import Admission
from service.auth.authenticator import Authenticator
from service.capture.captured_traffic import CapturedTraffic
from service.endpoints import BLUEPRINTS
from service.http.context import EXTENSION, Services
from service.http.lifecycle import surround_requests
from service.http.responses import Answer
from service.http.routing import NameConverter, NumberConverter
from service.openapi.operation import require_scopes_for_all
from service.registry.coordination.coordinator import Coordinator
from service.registry.coordination.desired_state import DesiredModel
from service.registry.coordination.shared_coordinator import SharedCoordinator
from service.registry.memory_budget import Memory
from service.registry.poller import Poller
from service.registry.readiness import Readiness
from service.registry.registry import Registry
from service.rollouts.decider import Decider
from service.rollouts.rollout_metrics import RolloutMetrics
from service.rollouts.rollouts import Rollouts
from service.rollouts.router import RolloutRouter
from service.telemetry.metrics import Metrics
from service.traffic.shared_figures import SharedFigures
from service.traffic.traffic import Traffic

if TYPE_CHECKING:
    from service.jobs.training_queue import Jobs
    from service.rollouts.decider_lease import DeciderLease
    from service.traffic.figure_hash import FigureHash
    from service.webhooks.webhooks import Webhooks

__all__ = ["create_app"]

BUSY = 16
"""Requests in flight in one process beyond which a shadow computes nothing."""


def create_app(
    settings: Settings,
    *,
    registry: Registry | None = None,
    jobs: Callable[[], "Jobs"] | None = None,
    authenticator: Authenticator | None = None,
    metrics: Metrics | None = None,
    coordinator: Coordinator | None = None,
) -> Flask:
    """Put the application together. But for the file of keys nothing is opened, read or started yet.

    Args:
        settings: Of this process.
        registry: Loaded versions; else a registry of the settings' store.
        jobs: Connects to the queue; else to the settings' server.
        authenticator: Asks for keys; else for those of the settings' file.
        metrics: Counts; else for this process alone.
        coordinator: What the processes of the service share; else this one is alone.

    Raises:
        ApiKeysError: When the settings name a file of keys that cannot be read.
    """
    if registry is None:
        registry = _registry(settings, coordinator)
    app = Flask("service", static_folder=None, template_folder=None)
    app.response_class = Answer
    app.url_map.merge_slashes = False  # a path is right or wrong; nothing is redirected
    app.url_map.converters |= {"name": NameConverter, "int": NumberConverter}
    metrics = metrics or Metrics()
    admission = Admission(most=settings.max_in_flight, timeout_s=settings.request_timeout_s)

    readiness = Readiness(registry, settings.ready_models)

    figures = _figures(settings, registry)
    rollouts, decider = _rollouts(settings, registry, figures, metrics, admission)

    def show_state() -> None:
        metrics.show_state(loaded=registry.loaded_versions, in_flight=admission.in_flight)
        readiness.tell()

    captured = CapturedTraffic(registry, metrics)
    app.extensions[EXTENSION] = services = Services(
        settings=settings,
        registry=registry,
        readiness=readiness,
        poller=Poller(
            registry.refresh,
            every_s=settings.poll_s,
            then=show_state,
            is_behind=lambda: registry.is_behind,
            catch_up=registry.advance,
        ),
        authenticator=authenticator or Authenticator.from_settings(settings),
        admission=admission,
        metrics=metrics,
        open_jobs=jobs or (lambda: _open_jobs(settings)),
        captured=captured,
        traffic=Traffic(RolloutRouter(registry), [rollouts]),
        figures=figures,
        rollouts=rollouts,
        decider=decider,
        webhooks=_webhooks(settings, registry) if settings.webhooks_file else None,
    )
    services.traffic.observers.append(captured.observer)
    surround_requests(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    require_scopes_for_all(app)
    return app


def _registry(settings: Settings, coordinator: Coordinator | None) -> Registry:
    shared = coordinator or Coordinator()
    return Registry(
        lambda: _open_store(settings, create=not shared.desired_state().has_seen_store),
        keep_versions=settings.keep_versions, full_look_s=settings.full_poll_s, coordinator=shared,
        memory=Memory(settings.memory_bytes),
    )  # fmt: skip


def _open_store(settings: Settings, *, create: bool) -> Store:
    """Once the store was seen, a folder that is missing is a mount that went away."""
    cache = FileCache(Path(settings.cache), settings.cache_bytes)
    return Store.open(settings.store, cache=cache, create=create)


def _figures(settings: Settings, registry: Registry) -> SharedFigures:
    coordinator = registry.coordinator
    folder = coordinator.folder / "figures" if isinstance(coordinator, SharedCoordinator) else None
    return SharedFigures(folder, leads=coordinator.lead, open_hash=lambda service: _open_figures(settings, service))


def _open_figures(settings: Settings, service: str) -> "FigureHash":
    from service.queue_connection import connect  # noqa: PLC0415 -- the queue's library, which predictions need not wait for
    from service.traffic.figure_hash import FigureHash  # noqa: PLC0415

    return FigureHash(connect(settings.redis_url, settings.redis_password_file), service)


def _webhooks(settings: Settings, registry: Registry) -> "Webhooks":
    from service.queue_connection import connect  # noqa: PLC0415 -- as above
    from service.webhooks.webhooks import Webhooks  # noqa: PLC0415 -- it loads a client of HTTP

    coordinator = registry.coordinator

    def models() -> Mapping[str, DesiredModel] | None:
        desired = coordinator.desired_state()
        return desired.models if desired.has_seen_store else None

    return Webhooks(
        Path(settings.webhooks_file), leads=coordinator.lead, models=models,
        connect=lambda: connect(settings.redis_url, settings.redis_password_file),
        read_rollout=lambda model: RolloutStore(registry.store, model).read(),
    )  # fmt: skip


def _rollouts(
    settings: Settings, registry: Registry, figures: SharedFigures, metrics: Metrics, admission: Admission
) -> tuple[Rollouts, Decider]:
    """What follows rollouts in this process, and what decides on them."""
    shown = RolloutMetrics(metrics)
    rollouts = Rollouts(registry, figures, shown, is_busy=lambda: admission.in_flight > BUSY)
    figures.sources.append(rollouts.post)
    return rollouts, Decider(registry, rollouts, shown, open_lease=lambda service: _open_lease(settings, service))


def _open_lease(settings: Settings, service: str) -> "DeciderLease":
    from service.queue_connection import connect  # noqa: PLC0415 -- as above
    from service.rollouts.decider_lease import DeciderLease  # noqa: PLC0415

    return DeciderLease(connect(settings.redis_url, settings.redis_password_file), service)


def _open_jobs(settings: Settings) -> "Jobs":
    from service.jobs.training_queue import Jobs  # noqa: PLC0415 -- a third of a second that predictions need not wait for
    from service.queue_connection import connect  # noqa: PLC0415

    connection = connect(settings.redis_url, settings.redis_password_file)
    return Jobs(
        connection, result_ttl_s=settings.result_ttl_s, failure_ttl_s=settings.failure_ttl_s,
        max_gpus=settings.max_gpus,
    )  # fmt: skip
