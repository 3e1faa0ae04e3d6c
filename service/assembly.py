"""Parts of an application that are opened only when they are needed, in the process that serves."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.rollout.rollout_store import RolloutStore
from models.settings import Settings
from models.store.file_cache import FileCache
from models.store.manifest import Manifest
from models.store.store import Store
from service.admission import Admission
from service.monitoring.drift_metrics import DriftMetrics
from service.monitoring.drift_watch import DriftWatch
from service.monitoring.monitor import Monitor
from service.registry.coordination.coordinator import Coordinator
from service.registry.coordination.desired_state import DesiredModel
from service.registry.coordination.shared_coordinator import SharedCoordinator
from service.registry.memory_budget import Memory
from service.registry.registry import Registry
from service.rollouts.decider import Decider
from service.rollouts.rollout_metrics import RolloutMetrics
from service.rollouts.rollouts import Rollouts
from service.telemetry.metrics import Metrics
from service.traffic.shared_figures import SharedFigures

if TYPE_CHECKING:
    from service.jobs.training_queue import Jobs
    from service.rollouts.decider_lease import DeciderLease
    from service.traffic.figure_hash import FigureHash
    from service.webhooks.webhooks import Webhooks

__all__ = ["figures_of", "monitor_of", "open_jobs", "registry_of", "rollouts_of", "webhooks_of"]

BUSY = 16
"""Requests in flight in one process beyond which a shadow computes nothing."""


def registry_of(settings: Settings, coordinator: Coordinator | None) -> Registry:
    """The loaded versions of the settings' store."""
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


def figures_of(settings: Settings, registry: Registry) -> SharedFigures:
    """What all processes of all services combine."""
    coordinator = registry.coordinator
    folder = coordinator.folder / "figures" if isinstance(coordinator, SharedCoordinator) else None
    return SharedFigures(folder, leads=coordinator.lead, open_hash=lambda service: _open_figures(settings, service))


def _open_figures(settings: Settings, service: str) -> "FigureHash":
    from service.queue_connection import connect  # noqa: PLC0415 -- the queue's library, which predictions need not wait for
    from service.traffic.figure_hash import FigureHash  # noqa: PLC0415

    return FigureHash(connect(settings.redis_url, settings.redis_password_file), service)


def webhooks_of(settings: Settings, registry: Registry) -> "Webhooks":
    """The sender of webhooks."""
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


def rollouts_of(
    settings: Settings, registry: Registry, figures: SharedFigures, metrics: Metrics, admission: Admission
) -> tuple[Rollouts, Decider]:
    """What follows rollouts in this process, and what decides on them."""
    shown = RolloutMetrics(metrics)
    rollouts = Rollouts(registry, figures, shown, is_busy=lambda: admission.in_flight > BUSY)
    figures.sources.append(rollouts.post)
    return rollouts, Decider(registry, rollouts, shown, open_lease=lambda service: _open_lease(settings, service))


def monitor_of(settings: Settings, registry: Registry, figures: SharedFigures, metrics: Metrics) -> Monitor:
    """What watches every version in this process; the leader shows what it finds."""
    monitor = Monitor(lambda: registry.store, figures, is_loaded=lambda key: key in registry.loaded_versions)
    watch = DriftWatch(
        monitor, DriftMetrics(metrics), leads=registry.coordinator.lead, manifests=lambda: registry.manifests,
        on_drift=lambda *found: _tell_of_drift(settings, *found),
    )  # fmt: skip
    figures.sources += [monitor.turn, watch.turn]
    return monitor


def _tell_of_drift(settings: Settings, manifest: Manifest, drift: float, alarms: Sequence[str]) -> bool:
    from service.monitoring.drift_messages import add_drift_message  # noqa: PLC0415 -- as above
    from service.queue_connection import connect  # noqa: PLC0415

    return add_drift_message(lambda: connect(settings.redis_url, settings.redis_password_file), manifest, drift, alarms)


def _open_lease(settings: Settings, service: str) -> "DeciderLease":
    from service.queue_connection import connect  # noqa: PLC0415 -- as above
    from service.rollouts.decider_lease import DeciderLease  # noqa: PLC0415

    return DeciderLease(connect(settings.redis_url, settings.redis_password_file), service)


def open_jobs(settings: Settings) -> "Jobs":
    """The queue, for which its library is loaded."""
    from service.jobs.training_queue import Jobs  # noqa: PLC0415 -- a third of a second that predictions need not wait for
    from service.queue_connection import connect  # noqa: PLC0415

    connection = connect(settings.redis_url, settings.redis_password_file)
    return Jobs(
        connection, result_ttl_s=settings.result_ttl_s, failure_ttl_s=settings.failure_ttl_s,
        max_gpus=settings.max_gpus,
    )  # fmt: skip
