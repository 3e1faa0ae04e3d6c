"""Services and workers that share nothing but a bucket and a queue: each has a folder, a home and a log of its own."""

import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
from redis import Redis
from rq import Worker

from models.store.store import Store
from onehot.local.server import find_server, free_port

ROOT = Path(__file__).parents[3]
BUCKET = "onehot-test"
PLACE = f"s3://{BUCKET}/a/prefix"
LEASE_S = "4"
MOST_BYTES = 30_000
"""Of a small cache: room for the files of a version of these tests, but not for all of them."""
ENDED = frozenset({"finished", "failed", "stopped", "canceled"})
STOP_S = 60


def wait_for(what: Callable[[], Any], *, says: str, deadline_s: float = 60.0, machine: "Machine | None" = None) -> Any:
    """Poll until something is true, and return it; when it does not come, show what a machine has written."""
    end_s = time.monotonic() + deadline_s
    while not (value := what()):
        written = "" if time.monotonic() < end_s or machine is None else machine.log[-2000:]
        assert time.monotonic() < end_s, f"not within {deadline_s} s: {says}\n{written}"
        time.sleep(0.02)
    return value


@dataclass
class Machine:
    """One process in a folder of its own.

    Args:
        folder: Its working directory, its home, its temporary files and its log.
        arguments: What Python is told.
        environment: All that it knows of the world.
    """

    folder: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that it has written."""
        return self.log_file.read_text("utf-8", "replace")

    @property
    def log_file(self) -> Path:
        """Where that is."""
        return self.folder / "log"

    @property
    def cache(self) -> Path:
        """Where it keeps files of the store."""
        return self.folder / "cache"

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> "Machine":
        """Start it, also again."""
        self.folder.mkdir(exist_ok=True)
        own = {"HOME": str(self.folder), "TMPDIR": str(self.folder), "ONEHOT_CACHE": str(self.cache)}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments], cwd=self.folder, env={**self.environment, **own},
                stdout=log, stderr=log,
            )  # fmt: skip
        return self

    def stop(self) -> int:
        """Send SIGTERM and wait; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)

    def kill(self) -> None:
        """End it at once; what it forked ends by itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_S)


@dataclass
class Service(Machine):
    """A service; `url` reaches it."""

    url: str = ""

    def is_ready(self) -> bool:
        """Whether it says so."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz", timeout=5).is_success
        return False

    def call(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """A request to this service."""
        return httpx.request(method, f"{self.url}{path}", timeout=30, **rest)

    def predict(self, model: str, instances: Any) -> httpx.Response:
        """A prediction by the default version."""
        return self.call("POST", f"/v1/models/{model}:predict", json={"instances": instances})

    def version_of(self, model: str, label: str = "") -> int | None:
        """The version that answers here; None when none does."""
        where = f"/labels/{label}" if label else ""
        path = f"/v1/models/{model}{where}:predict"
        answer = self.call("POST", path, json={"instances": [[0.5] * 8]})
        return int(answer.headers["X-Onehot-Model-Version"]) if answer.is_success else None


@dataclass
class Fleet:
    """A bucket, a queue, and the machines that use them.

    Args:
        folder: For everything.
        settings: Of every machine, beside store and queue.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    workers: list[Machine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bucket_port, self.queue_port = free_port(), free_port()
        self.password, self.access_key, self.secret_key = (secrets.token_hex(16) for _ in range(3))
        self._servers: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def cloud(self) -> dict[str, str]:
        """The variables that every tool of this cloud reads."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.bucket_port}", "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """What every machine knows."""
        told = {
            "ONEHOT_STORE": PLACE, "ONEHOT_REDIS_URL": f"redis://:{self.password}@127.0.0.1:{self.queue_port}/0",
            "ONEHOT_POLL_S": "0.3", "ONEHOT_WORKERS": "1", "ONEHOT_CHECKPOINT_S": "0.3", "ONEHOT_LOG_FORMAT": "json",
            "ONEHOT_LOG_LEVEL": "debug",
        }  # fmt: skip
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **self.cloud, **told, **self.settings}

    @property
    def queue(self) -> Redis:
        """A client of the queue's server."""
        return Redis(port=self.queue_port, password=self.password)

    @property
    def machines(self) -> list[Machine]:
        """Services and workers."""
        return [*self.services, *self.workers]

    def start_servers(self) -> None:
        """The bucket and the queue."""
        self._serve("bucket", [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.bucket_port)])
        self._start_queue()
        wait_for(self._has_bucket, says="there is a bucket")

    def _start_queue(self) -> None:
        self._serve("queue", [
            find_server(), "--bind", "127.0.0.1", "--port", str(self.queue_port), "--dir", str(self.folder),
            "--requirepass", self.password, "--save", "", "--appendonly", "yes",
        ])  # fmt: skip
        with self.queue as client:
            wait_for(lambda: _answers(client), says="the queue's server answers")

    def restart_queue(self) -> None:
        """Stop the queue's server and start it on what it had written down."""
        self._servers["queue"].terminate()
        self._servers["queue"].wait(STOP_S)
        self._start_queue()

    def _serve(self, name: str, command: list[str]) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        with (self.folder / f"{name}.log").open("ab") as log:
            self._servers[name] = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def _has_bucket(self) -> bool:
        url = f"http://127.0.0.1:{self.bucket_port}"
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url, timeout=5)
            client = boto3.client(
                "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key,
            )  # fmt: skip
            client.create_bucket(Bucket=BUCKET)
            client.close()
            return True
        return False

    def asked(self, pattern: str) -> int:
        """How many requests to the bucket had this in their line of its log."""
        return len(re.findall(pattern, (self.folder / "bucket.log").read_text("utf-8")))

    def add_service(self, **settings: str) -> Service:
        """One more service; it may not be ready yet."""
        address = f"127.0.0.1:{free_port()}"
        name = f"service-{len(self.services)}"
        environment = {**self.environment, "ONEHOT_BIND": address, **settings}
        service = Service(self.folder / name, ("-m", "service"), environment, url=f"http://{address}")
        self.services.append(service)
        service.start()
        return service

    def add_worker(self, queue: str = "train") -> Machine:
        """One more worker; it may not listen yet."""
        arguments = ("-m", "trainer.worker", "--lease", LEASE_S, "--queue", queue)
        worker = Machine(self.folder / f"worker-{len(self.workers)}", arguments, self.environment)
        self.workers.append(worker)
        worker.start()
        return worker

    def wait_until_all_run(self) -> None:
        """Services are ready, workers listen."""
        for service in self.services:
            wait_for(service.is_ready, says=f"{service.folder.name} is ready", machine=service)
        self.wait_until_listening(*self.workers)

    def wait_until_listening(self, *workers: Machine) -> None:
        """Workers are known to the queue."""
        with self.queue as client:
            for worker in workers:
                wait_for(lambda one=worker: one.pid in {each.pid for each in Worker.all(connection=client)},
                         says=f"{worker.folder.name} listens", machine=worker)  # fmt: skip

    def trainer_of(self, job_id: str) -> Machine:
        """The worker that has a job now."""
        with self.queue as client:
            name = wait_for(lambda: client.hget(f"rq:job:{job_id}", "worker_name"), says=f"{job_id} has a worker")
            pid = next(one.pid for one in Worker.all(connection=client) if one.name == name.decode())
        return next(worker for worker in self.workers if worker.process is not None and worker.pid == pid)

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """The bucket as these tests see it, with the credentials of the environment."""
        before = dict(os.environ)
        os.environ.update(self.cloud)
        try:
            yield Store.open(PLACE)
        finally:
            os.environ.clear()
            os.environ.update(before)

    def end(self) -> None:
        """End everything."""
        for machine in self.machines:
            for process in _tree(machine.process):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            if machine.process is not None:
                machine.process.wait(STOP_S)
        for server in self._servers.values():
            server.terminate()
            server.wait(STOP_S)


def _tree(process: subprocess.Popen[bytes] | None) -> list[psutil.Process]:
    if process is None or process.poll() is not None:
        return []
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def _answers(client: Redis) -> bool:
    from redis.exceptions import ConnectionError as NotReachable

    try:
        return bool(client.ping())
    except NotReachable:
        return False


def submit(service: Service, spec: Mapping[str, Any]) -> str:
    """Queue a training; the job's id."""
    answer = service.call("POST", "/v1/jobs", json=spec)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ended(service: Service, job_id: str, *, deadline_s: float = 90.0) -> dict[str, Any]:
    """The job as a service tells it when it has ended."""

    def _look() -> dict[str, Any] | None:
        job: dict[str, Any] = service.call("GET", f"/v1/jobs/{job_id}").json()
        return job if job["status"] in ENDED else None

    return wait_for(_look, says=f"{job_id} ends", deadline_s=deadline_s)
