from models.settings import Settings
from service.app import create_app
from service.registry.coordination.shared_coordinator import SharedCoordinator
from service.server.master import Server, gunicorn_settings
from service.server.worker import ServiceWorker
from service.telemetry.shared_counts import SharedCounts


def test_gunicorn_takes_our_settings(tmp_path) -> None:
    """Every name is one that it knows."""
    settings = Settings(bind="127.0.0.1:9", workers=3, drain_s=2.5)
    coordinator = SharedCoordinator(tmp_path)
    server = Server(create_app(settings), settings, counts=SharedCounts(1), coordinator=coordinator)
    assert server.cfg.address == [("127.0.0.1", 9)]
    assert server.cfg.workers == 3
    assert server.cfg.graceful_timeout == 3
    assert server.cfg.worker_class is ServiceWorker


def test_what_must_not_be_left_to_defaults() -> None:
    """Shared memory, and no control socket that a second instance would take over."""
    chosen = gunicorn_settings(Settings())
    assert chosen["preload_app"]
    assert chosen["control_socket_disable"]
