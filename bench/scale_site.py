"""What `scale.py` measures: a bucket, a queue, a service, a worker, each a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import httpx
import obstore
import psutil
from redis import Redis
from redis.exceptions import ConnectionError as NotReachable

from models.store.manifest import Manifest
from models.store.store import Store
from onehot.local.server import find_server, free_port

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
DEADLINE_S = 240
SPEC = {
    "model": "classic",
    "data": {"source": "examples/classic.npz", "features": "x", "target": "y", "validation": 0.1, "test": 0.2},
    "layers": [{"Dense": {"units": 12, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 150, "batch_size": 10},
}


def wait(holds: Callable[[], Any], what: str) -> Any:
    """Ask again and again until the answer is true."""
    end_s = time.monotonic() + DEADLINE_S
    while not (answer := holds()):
        if time.monotonic() > end_s:
            raise SystemExit(f"bench: expected within {DEADLINE_S} s that {what}")
        time.sleep(0.02)
    return answer


@dataclass
class Bucket:
    """A bucket of moto's server, which writes a line for each request."""

    port: int
    log: Path

    url = "s3://scale/store"

    @property
    def environment(self) -> dict[str, str]:
        """How it is found."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "scale", "AWS_SECRET_ACCESS_KEY": "scale",
        }  # fmt: skip

    def requests(self) -> int:
        """How many it has answered."""
        return self.log.read_bytes().count(b" HTTP/1.1")

    def store(self) -> Store:
        """The store in it."""
        os.environ.update(self.environment)
        return Store.open(self.url)

    def copy(self, folder: Path) -> None:
        """Bring a store from a folder."""
        store = self.store()
        for path in folder.rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                obstore.put(store.objects, str(path.relative_to(folder)), path.read_bytes())

    def exists(self) -> bool:
        """Make it, once the server answers."""
        with contextlib.suppress(httpx.TransportError):
            httpx.get(self.environment["AWS_ENDPOINT_URL"])
            client = boto3.client(
                "s3", endpoint_url=self.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
                aws_access_key_id="scale", aws_secret_access_key="scale",  # noqa: S106 -- moto takes any
            )  # fmt: skip
            client.create_bucket(Bucket="scale")
            return True
        return False


@dataclass
class QueueServer:
    """A queue's server."""

    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        """A client of it."""
        return Redis(port=self.port)

    def answers(self) -> bool:
        """Whether it does."""
        with contextlib.suppress(NotReachable), self.client() as client:
            return bool(client.ping())
        return False

    def wait_for_a_worker(self) -> None:
        """Until one listens."""
        with self.client() as client:
            wait(lambda: client.scard("rq:workers"), "a worker listens")

    def cost(self, call: Callable[[], object]) -> tuple[int, str]:
        """Commands that came during a call, and the CPU time that they took."""
        before = self._stats()
        call()
        after = self._stats()
        return int(after[0] - before[0]), f"{(after[1] - before[1]) / 1000:.1f} ms"

    def _stats(self) -> tuple[float, float]:
        with self.client() as client:
            stats: dict[str, dict[str, float]] = client.info("commandstats")  # type: ignore[assignment]
        ours = [one for name, one in stats.items() if name.split("_")[1] not in {"info", "client", "hello", "ping"}]
        return sum(one["calls"] for one in ours), sum(one["usec"] for one in ours)


@dataclass
class Service:
    """A service of one process."""

    port: int
    process: psutil.Process
    began_s: float
    ready_s: float = 0.0
    followers: list[threading.Thread] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def all_cpu_s(self) -> float:
        """CPU time of all its processes, so far."""
        return sum(sum(one.cpu_times()[:2]) for one in (self.process, *self.process.children()))

    def first_prediction_s(self, model: str) -> float:
        """Seconds from the start until a model answers."""
        body = {"instances": [[0.5] * 8]}
        wait(lambda: _is_success("POST", f"{self.url}/v1/models/{model}:predict", json=body), "the model answers")
        return time.monotonic() - self.began_s

    def _worker(self) -> psutil.Process:
        return max(self.process.children(), key=lambda one: one.memory_info().rss)

    def memory_mb(self) -> float:
        """Of the process that serves, with what it shares."""
        return self._worker().memory_info().rss / 1e6

    def cpu_s(self) -> float:
        """CPU time of the process that serves, so far."""
        times = self._worker().cpu_times()
        return times.user + times.system

    def train(self) -> str:
        """Submit a training and ask twice a second until it has ended; the job's id."""
        job = httpx.post(f"{self.url}/v1/jobs", json=SPEC).json()
        wait(lambda: time.sleep(0.5) or httpx.get(f"{self.url}/v1/jobs/{job['id']}").json()["status"] == "finished",
             "the job has finished")  # fmt: skip
        return str(job["id"])

    def follow(self, clients: int, seconds: float) -> None:
        """So many follow a job that waits for so long."""
        spec = SPEC | {"resources": {"gpus": 1}}  # nobody takes it
        job = httpx.post(f"{self.url}/v1/jobs", json=spec).json()
        threads = [threading.Thread(target=self._listen, args=(job["id"], seconds)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _listen(self, job_id: str, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        url = f"{self.url}/v1/jobs/{job_id}/events"
        with contextlib.suppress(httpx.ReadTimeout), httpx.stream("GET", url, timeout=seconds) as answer:
            for _ in answer.iter_raw():
                if time.monotonic() > end_s:
                    return


@dataclass(frozen=True)
class Site:
    """Starts and ends processes around one folder."""

    folder: Path

    @staticmethod
    def draft(model: str) -> tuple[Manifest, dict[str, bytes]]:
        """A version of a small model, ready to be published."""
        from tests.conftest import _draft  # noqa: PLC0415 -- the tests' own, once the root is on the path

        return _draft(model)

    def publish(self, folder: Path, models: int) -> None:
        """Put so many models of one version each into a folder."""
        store = Store.open(folder)
        manifest, files = self.draft("m")
        for number in range(models):
            own = files | {"report.json": b"{}" * number, "model.keras": str(number).encode() * 1000}
            store.publish(replace(manifest, model=f"m-{number}", job_id=f"job-{number}"), own)

    def fill(self, folder: Path, models: int, versions: int) -> None:
        """Put so many models into a folder, each with so many versions of the same files."""
        draft, files = self.draft("MODEL")
        store = Store.open(folder)
        made = store.publish(replace(draft, job_id="made"), files)
        made_of = folder / "MODEL" / "1"
        for number in range(models * versions):
            model, version = f"m-{number // versions}", number % versions + 1
            place = folder / model / str(version)
            place.mkdir(parents=True)
            for file in files:
                (place / file).hardlink_to(made_of / file)
            (place / "manifest.json").write_bytes(replace(made, model=model, version=version).to_json())
            (place.parent / "labels.json").write_text(json.dumps({"stable": version}))

    @contextlib.contextmanager
    def _process(self, name: str, *command: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ONEHOT_", "AWS_"))}
        environment = clean | {"HOME": str(home), "PYTHONPATH": str(ROOT)} | settings
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    @contextlib.contextmanager
    def bucket(self) -> Iterator[Bucket]:
        """A bucket."""
        bucket = Bucket(free_port(), self.folder / "bucket" / "log")
        command = (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(bucket.port))
        with self._process("bucket", *command):
            wait(bucket.exists, "there is a bucket")
            yield bucket

    @contextlib.contextmanager
    def queue(self) -> Iterator[QueueServer]:
        """A queue's server."""
        server = QueueServer(free_port())
        home = str(self.folder)
        command = (find_server(), "--bind", "127.0.0.1", "--port", str(server.port), "--dir", home, "--save", "")
        with self._process("queue", *command):
            wait(server.answers, "the queue's server answers")
            yield server

    @contextlib.contextmanager
    def service(self, *, is_ready: bool = True, **settings: str) -> Iterator[Service]:
        """A service, at first ready or just started."""
        port, began_s = free_port(), time.monotonic()
        told = {"ONEHOT_BIND": f"127.0.0.1:{port}", "ONEHOT_WORKERS": "1", "ONEHOT_LOG_LEVEL": "error"} | settings
        with self._process("service", sys.executable, "-m", "service", **told) as process:
            service = Service(port, psutil.Process(process.pid), began_s)
            if is_ready:
                wait(lambda: _is_success("GET", f"{service.url}/readyz"), "the service is ready")
            yield replace(service, ready_s=time.monotonic() - began_s)

    @contextlib.contextmanager
    def worker(self, **settings: str) -> Iterator[None]:
        """A worker."""
        with self._process("worker", sys.executable, "-m", "trainer.worker", **settings):
            yield


def _is_success(method: str, url: str, **request: Any) -> bool:
    try:
        return httpx.request(method, url, trust_env=False, timeout=DEADLINE_S, **request).is_success
    except (httpx.TransportError, json.JSONDecodeError):
        return False
