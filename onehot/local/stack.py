"""The three programs of one machine, started in order: queue server, trainer worker, service."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from onehot_client import Client, OnehotError, RetryPolicy, ServiceError
from redis.backoff import NoBackoff
from redis.retry import Retry

from models.queue.password_file import redis_address
from models.queue.refusals import refusal_of
from models.settings import Settings
from onehot.failures import WorkFailed
from onehot.local.child import LineSink, Program
from onehot.local.interrupts import signals_call
from onehot.local.server import QueueServer, claim_folder, is_port_free, prepare_server
from onehot.local.supervisor import MessageSink, ReadyCheck, Supervisor

__all__ = ["Stack", "StackConfig", "run_stack"]

SERVER_READY_S = 20.0
SERVICE_READY_S = 60.0
PROBE_TIMEOUT_S = 2.0
WORKER_GRACE_S = 15.0
"""More than the worker gives a training for its last checkpoint."""
SERVICE_MARGIN_S = 5.0
"""On top of the time that the service gives itself to leave."""
ONCE = Retry(NoBackoff(), 0)
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- where to reach a service that listens everywhere


@dataclass(frozen=True, slots=True)
class StackConfig:
    """The configuration of everything that runs on this machine.

    Args:
        settings: Read from `environment`.
        environment: What the service and the worker get, together with the queue's address.
        server_folder: Data of the queue server.
        starts_server: Whether a queue server is started; else the one that the settings name is used.
        insecure: Let the service listen beyond loopback without keys.
    """

    settings: Settings
    environment: Mapping[str, str]
    server_folder: Path
    starts_server: bool = True
    insecure: bool = False

    @property
    def url(self) -> str:
        """Where this machine reaches the service."""
        host = ANY_ADDRESS.get(self.settings.host, self.settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.port}"


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs: the service's address and, where it was started here, the queue server's port."""

    url: str
    server_port: int | None


@contextmanager
def run_stack(config: StackConfig, *, on_line: LineSink, on_message: MessageSink) -> Iterator[Stack]:
    """Start everything, wait until the service is ready, and stop everything at the end of the context.

    Raises:
        WorkFailed: When something does not start; what had started is stopped.
    """
    if not is_port_free(config.settings.host, config.settings.port):
        raise WorkFailed(
            f"{config.settings.bind} is in use: stop what listens there, or set ONEHOT_BIND to another address"
        )
    with ExitStack() as end:
        lock = None
        if config.starts_server:
            lock = claim_folder(config.server_folder)
            end.callback(os.close, lock)
        supervisor = Supervisor(on_line=on_line, on_message=on_message)
        end.callback(_stop, supervisor)
        server = _start_server(supervisor, config, lock) if lock is not None else None
        if server is None:
            _look_at_server(config.settings.redis_url, on_message, config.settings.redis_password_file)
        environment = {**config.environment, **_addresses(config.settings, server)}
        supervisor.start(Program("trainer", _python("trainer.worker"), environment, grace_s=WORKER_GRACE_S))
        supervisor.start(_service(environment, config))
        supervisor.wait_ready(_service_check(config.url), timeout_s=SERVICE_READY_S)
        supervisor.watch()
        yield Stack(config.url, server.port if server is not None else None)


def _stop(supervisor: Supervisor) -> None:
    with signals_call(supervisor.hasten):
        supervisor.stop()


def _addresses(settings: Settings, server: QueueServer | None) -> dict[str, str]:
    """Where the programs find each other; a server of our own has its password in its URL."""
    if server is None:
        return {"ONEHOT_REDIS_URL": settings.redis_url, "ONEHOT_BIND": settings.bind}
    return {"ONEHOT_REDIS_URL": server.url, "ONEHOT_REDIS_PASSWORD_FILE": "", "ONEHOT_BIND": settings.bind}


def _start_server(supervisor: Supervisor, config: StackConfig, lock: int) -> QueueServer:
    server = prepare_server(config.server_folder)
    supervisor.start(Program("queue server", server.arguments, config.environment, kept_open=(lock,)))
    supervisor.wait_ready(_server_check(server.url), timeout_s=SERVER_READY_S)
    return server


def _look_at_server(url: str, on_message: MessageSink, password_file: str = "") -> None:
    """Say that the queue's server is not there yet, or is full; trainings wait for it, predictions do not.

    Raises:
        WorkFailed: When it refuses the user, the password or the database.
    """
    try:
        _ping(url, password_file)
    except (redis.AuthenticationError, redis.ResponseError) as error:
        if (reason := refusal_of(error)) is not None:
            on_message(f"{reason}; trainings wait until there is room")
            return
        raise WorkFailed(
            f"ONEHOT_REDIS_URL: the queue's server refuses this user, password or database: {error}"
        ) from error
    except redis.RedisError as error:
        on_message(f"the queue's server (ONEHOT_REDIS_URL) does not answer: {error}; trainings wait for it")


def _ping(url: str, password_file: str = "") -> None:
    address = redis_address(url, password_file)
    with redis.Redis.from_url(**address, socket_connect_timeout=PROBE_TIMEOUT_S, retry=ONCE) as connection:
        connection.ping()


def _service(environment: Mapping[str, str], config: StackConfig) -> Program:
    command = (*_python("service"), *(["--insecure"] if config.insecure else []))
    grace_s = config.settings.leave_s + config.settings.drain_s + SERVICE_MARGIN_S
    return Program("service", command, environment, grace_s=grace_s)


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-u", "-m", module)  # -P: a folder `service` in the current directory is not ours


def _server_check(url: str) -> ReadyCheck:
    def check() -> str | None:
        try:
            _ping(url)
        except redis.RedisError as error:
            if refusal_of(error) is not None:
                return None  # it is there, and full: what reads goes on
            return f"the queue server does not answer yet ({type(error).__name__})"
        return None

    return check


def _service_check(url: str) -> ReadyCheck:
    def check() -> str | None:
        try:
            with Client(url, deadline_s=PROBE_TIMEOUT_S, retries=RetryPolicy(attempts=1)) as client:
                client.request("GET", "/readyz")
        except ServiceError as error:
            return f"the service is not ready: {error.message}"
        except OnehotError:
            return "the service does not listen yet"
        return None

    return check
