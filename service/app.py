"""The application: settings in, a Flask application out."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask

from models.settings import Settings
from service.admission import Admission
from service.assembly import figures_of, monitor_of, open_jobs, registry_of, rollouts_of, webhooks_of
from service.auth.authenticator import Authenticator
from service.capture.captured_traffic import CapturedTraffic
from service.endpoints import BLUEPRINTS
from service.http.context import EXTENSION, Services
from service.http.lifecycle import surround_requests
from service.http.responses import Answer
from service.http.routing import NameConverter, NumberConverter, RunConverter
from service.openapi.operation import require_scopes_for_all
from service.registry.coordination.coordinator import Coordinator
from service.registry.poller import Poller
from service.registry.readiness import Readiness
from service.registry.registry import Registry
from service.rollouts.router import RolloutRouter
from service.telemetry.metrics import Metrics
from service.traffic.traffic import Traffic

if TYPE_CHECKING:
    from service.jobs.training_queue import Jobs

__all__ = ["create_app"]


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
    registry = registry or registry_of(settings, coordinator)
    metrics = metrics or Metrics()
    app = _flask()
    app.extensions[EXTENSION] = _services(
        settings, registry, metrics, authenticator or Authenticator.from_settings(settings),
        jobs or (lambda: open_jobs(settings)),
    )  # fmt: skip
    surround_requests(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    require_scopes_for_all(app)
    return app


def _flask() -> Flask:
    app = Flask("service", static_folder=None, template_folder=None)
    app.response_class = Answer
    app.url_map.merge_slashes = False  # a path is right or wrong; nothing is redirected
    app.url_map.converters |= {"name": NameConverter, "run": RunConverter, "int": NumberConverter}
    return app


def _services(
    settings: Settings, registry: Registry, metrics: Metrics, authenticator: Authenticator,
    open_queue: Callable[[], "Jobs"],
) -> Services:  # fmt: skip
    admission = Admission(most=settings.max_in_flight, timeout_s=settings.request_timeout_s)
    readiness, captured = Readiness(registry, settings.ready_models), CapturedTraffic(registry, metrics)
    figures = figures_of(settings, registry)
    rollouts, decider = rollouts_of(settings, registry, figures, metrics, admission)
    monitor = monitor_of(settings, registry, figures, metrics)

    def show_state() -> None:
        metrics.show_state(loaded=registry.loaded_versions, in_flight=admission.in_flight)
        readiness.tell()

    services = Services(
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
        authenticator=authenticator,
        admission=admission,
        metrics=metrics,
        open_jobs=open_queue,
        captured=captured,
        traffic=Traffic(RolloutRouter(registry), [rollouts, captured.observer, monitor]),
        figures=figures,
        rollouts=rollouts,
        decider=decider,
        monitor=monitor,
        webhooks=webhooks_of(settings, registry) if settings.webhooks_file else None,
    )
    rollouts.quality_of = lambda *of: services.quality.quality_of(*of)  # noqa: PLW0108 -- opened when it is asked first
    return services
