"""Everything is restarted, one after the other, while clients predict and trainings run.

ROLLS=1 is the shape of a deployment: three services behind a balancer, two workers for the CPU's queue and one for the
GPU's, a queue with a password, and a bucket. Without it: two services and one of two workers.
"""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rq import Queue, Retry
from rq.serializers import JSONSerializer

from models.spec import load_spec
from tests.e2e.fleet.balancer import Balancer
from tests.e2e.fleet.load import Load
from tests.e2e.fleet.machines import Fleet, Machine, ended, submit, wait_for

ROLLS = int(os.environ.get("ROLLS", "0"))
QUEUES = ("train", "train", "train-gpu") if ROLLS else ("train",)
"""Of the workers that are restarted."""
SERVICES = 3 if ROLLS else 2
JOBS = 2 * max(ROLLS, 1)
"""For each worker."""
EPOCHS = 700 if ROLLS else 1500
CLIENTS = 4
DEADLINE_S = 120 + 120 * ROLLS

pytestmark = pytest.mark.timeout(2 * DEADLINE_S)


@pytest.fixture(scope="module")
def fleet(request: pytest.FixtureRequest, make_fleet: Callable[..., Fleet]) -> Fleet:
    """Services and workers, all running."""
    if not ROLLS:
        small: Fleet = request.getfixturevalue("small_fleet")
        small.wait_until_all_run()
        return small
    fleet = make_fleet()
    for _ in range(SERVICES):
        fleet.add_service()
    for queue in QUEUES:
        fleet.add_worker(queue)
    fleet.wait_until_all_run()
    return fleet


@pytest.fixture(scope="module")
def source(fleet: Fleet, data_file: bytes) -> str:
    """A data set that every worker can read."""
    answer = fleet.services[0].call("POST", "/v1/datasets?name=classic.npz", content=data_file)
    return str(answer.json()["source"])


@pytest.fixture
def load(fleet: Fleet, source: str, spec_of: Callable[..., dict[str, Any]]) -> Iterator[Load]:
    """Clients of a model that was trained before, through the balancer."""
    assert ended(fleet.services[0], submit(fleet.services[0], spec_of("steady", source)))["status"] == "finished"
    for service in fleet.services:
        wait_for(lambda one=service: one.version_of("steady") == 1, says="every service serves it")
    balancer = Balancer(fleet.services)
    wait_for(lambda: balancer.ready == len(fleet.services), says="the balancer knows all")
    load = Load(balancer.url, "steady", clients=CLIENTS)
    try:
        wait_for(lambda: load.answered > 0, says="predictions come")
        yield load
    finally:
        load.end()
        balancer.close()
    assert balancer.refused == []
    assert load.failures == []


def roll(machine: Machine, load: Load, is_back: Callable[[], Any]) -> None:
    """Stop and start a machine; predictions go on before, meanwhile and after."""
    before = load.answered
    assert machine.stop() == 0, machine.log[-2000:]
    wait_for(lambda: load.answered > before + CLIENTS, says="predictions go on")
    machine.start()
    wait_for(is_back, says=f"{machine.folder.name} is back", machine=machine)
    after = load.answered
    wait_for(lambda: load.answered > after + CLIENTS, says="predictions go on")


def roll_all(fleet: Fleet, load: Load, jobs: list[str]) -> None:
    """Services, workers in the middle of a training, and the queue's server."""
    wait_for(lambda: started(fleet), says="a training runs")
    workers = fleet.workers if ROLLS else [fleet.trainer_of(jobs[0])]
    for service, worker in itertools.zip_longest(fleet.services, workers):
        if worker is not None:
            wait_for(lambda: started(fleet), says="a training runs")
            roll(worker, load, lambda one=worker: fleet.wait_until_listening(one) is None)
        roll(service, load, service.is_ready)
    fleet.restart_queue()


def test_everything_is_restarted_without_a_failed_prediction_or_a_lost_or_doubled_job(
    fleet: Fleet, load: Load, source: str, spec_of: Callable[..., dict[str, Any]]
) -> None:
    """Each job has finished and has published one version; each epoch was told once; each process ended with 0."""
    specs = [spec_of(f"rolled-{number}", source, epochs=EPOCHS) for number in range(JOBS * len(QUEUES))]
    jobs = [queue_up(fleet, number, spec) for number, spec in enumerate(specs)]
    for _ in range(max(ROLLS, 1)):
        roll_all(fleet, load, jobs)
    for job_id, spec in zip(jobs, specs, strict=True):
        job = ended(fleet.services[0], job_id, deadline_s=DEADLINE_S)
        assert job["status"] == "finished", job
        assert epochs_told(fleet, job_id) == [*range(1, EPOCHS + 1), "end"]
        with fleet.store() as store:
            assert store.versions(spec["model"]) == [1]
            assert store.verify(spec["model"], 1).job_id == job_id
    assert any("goes on in epoch" in worker.log for worker in fleet.workers), "no training was interrupted"


def queue_up(fleet: Fleet, number: int, spec: dict[str, Any]) -> str:
    """Queue a training at one of the services; on the GPU's queue by hand, as it asks for no GPU; the job's id."""
    queue = QUEUES[number % len(QUEUES)]
    if queue == "train":
        return submit(fleet.services[number % SERVICES], spec)
    with fleet.queue as client:
        job = Queue(queue, connection=client, serializer=JSONSerializer).enqueue(
            "trainer.jobs.train", kwargs={"spec": load_spec(spec).document}, job_timeout=-1, retry=Retry(max=3),
            meta={"model": spec["model"]},
        )  # fmt: skip
    return str(job.id)


def started(fleet: Fleet) -> int:
    """How many trainings run now."""
    with fleet.queue as client:
        return client.zcard("rq:wip:train") + client.zcard("rq:wip:train-gpu")


def epochs_told(fleet: Fleet, job_id: str) -> list[int | str]:
    """What was told of a job: the numbers of its epochs, and its end."""
    with fleet.queue as client:
        events = [json.loads(one) for one in client.lrange(f"onehot:job:{job_id}:events", 0, -1)]
    return [event.get("epoch", event["event"]) for event in events]
