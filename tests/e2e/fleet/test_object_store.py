"""The whole life of a model in a bucket: two services and two workers that share it, a queue, and nothing else."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import obstore
import pytest

from tests.e2e.fleet.machines import MOST_BYTES, PLACE, ROOT, Fleet, Machine, Service, ended, submit, wait_for

EPOCHS = 1200
FETCHED = r"GET /\S+/model\.(onnx|keras) "
ROWS = np.random.default_rng(3).random((4, 8)).round(3).tolist()
PUBLISHERS = 8
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def fleet(small_fleet: Fleet) -> Fleet:
    """Two services, two workers."""
    return small_fleet


@pytest.fixture(scope="module")
def source(fleet: Fleet, data_file: bytes) -> str:
    """A data set that came in through the first service."""
    answer = fleet.services[0].call("POST", "/v1/datasets?name=classic.npz", content=data_file)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["source"])


@pytest.fixture(scope="module")
def trained(fleet: Fleet, source: str, spec_of: Callable[..., dict[str, Any]]) -> int:
    """The version of a training that was queued at one service and looked at at the other."""
    job = ended(fleet.services[1], submit(fleet.services[0], spec_of("classic", source)))
    assert job["status"] == "finished", job
    return int(job["result"]["version"])


def answers(service: Service, model: str, version: int) -> list[list[float]]:
    """What a service answers as soon as it serves this version."""
    wait_for(lambda: service.version_of(model) == version, says=f"{service.folder.name} serves {model} {version}")
    return service.predict(model, ROWS).json()["predictions"]


def test_what_was_uploaded_here_and_trained_there_is_answered_alike_by_all(fleet: Fleet, trained: int) -> None:
    """Every file in the bucket is what its manifest says; both services compute what the other computes."""
    with fleet.store() as store:
        manifest = store.verify("classic", trained)
        assert store.labels("classic") == {"stable": trained}
    assert manifest.data["source"].startswith("dataset://")
    first, second = (answers(service, "classic", trained) for service in fleet.services)
    assert first == second
    np.testing.assert_allclose(np.sum(first, axis=1), 1, atol=1e-5)


def test_a_new_version_and_a_moved_label_reach_every_service(
    fleet: Fleet, trained: int, source: str, spec_of: Callable[..., dict[str, Any]]
) -> None:
    """`stable` moves when the version is published; another label, set at one, is known at the other."""
    first, second = fleet.services
    job = ended(first, submit(second, spec_of("classic", source, epochs=30)))
    newer = int(job["result"]["version"])
    assert newer > trained
    assert answers(first, "classic", newer) == answers(second, "classic", newer)
    assert first.call("PUT", "/v1/models/classic/labels/canary", json={"version": trained}).is_success
    wait_for(lambda: second.version_of("classic", "canary") == trained, says="the label is known everywhere")
    assert second.call("PUT", "/v1/models/classic/labels/stable", json={"version": trained}).is_success
    assert answers(first, "classic", trained) == answers(second, "classic", trained)


def test_a_killed_workers_training_goes_on_in_the_other_from_its_checkpoint(
    fleet: Fleet, source: str, spec_of: Callable[..., dict[str, Any]]
) -> None:
    """The checkpoint lies in the bucket: the other worker begins after it, tells each epoch once, and leaves none."""
    job_id = submit(fleet.services[0], spec_of("taken-over", source, epochs=EPOCHS))
    with fleet.store() as store:
        folder = f"taken-over/checkpoints/{job_id}"
        wait_for(lambda: list(obstore.list(store.objects, folder)), says="there is a checkpoint")
        victim = fleet.trainer_of(job_id)
        victim.kill()
        job = ended(fleet.services[1], job_id)
        assert job["status"] == "finished", job
        heir = next(worker for worker in fleet.workers if worker is not victim)
        assert f"job {job_id} goes on in epoch" in heir.log
        assert store.versions("taken-over") == [1]
        assert store.verify("taken-over", 1).job_id == job_id
        wait_for(lambda: not list(obstore.list(store.objects, folder)), says="the checkpoints are removed")
    events = fleet.services[0].call("GET", f"/v1/jobs/{job_id}/events").text
    told = [line for line in events.splitlines() if line.startswith("event: ")]
    assert told == ["event: epoch"] * EPOCHS + ["event: end"]
    victim.start()


def publish(fleet: Fleet, *jobs: str) -> list[int]:
    """The numbers that a publisher in a process of its own got."""
    command = [sys.executable, "-m", "tests.e2e.fleet.publish", PLACE, "crowded", *jobs]
    done = subprocess.run(command, cwd=ROOT, env=fleet.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def test_eight_publishers_at_one_time_lose_nothing_and_double_nothing(fleet: Fleet) -> None:
    """Each job has one version, also the one that all publish at once; each version is whole; `stable` is the last."""
    jobs = [["shared", f"own-{number}-0", f"own-{number}-1"] for number in range(PUBLISHERS)]
    with ThreadPoolExecutor(PUBLISHERS) as pool:
        numbers = list(pool.map(lambda own: publish(fleet, *own), jobs))
    shared, own = {one[0] for one in numbers}, [number for one in numbers for number in one[1:]]
    assert len(shared) == 1
    assert len({*shared, *own}) == 1 + 2 * PUBLISHERS
    with fleet.store() as store:
        assert store.versions("crowded") == sorted({*shared, *own})
        assert {store.verify("crowded", number).job_id for number in own} == {job for one in jobs for job in one[1:]}
        newest = store.labels("crowded")["stable"]
    assert newest == max(*shared, *own)
    assert answers(fleet.services[0], "crowded", newest) == answers(fleet.services[1], "crowded", newest)


def kept(machine: Machine) -> dict[str, bytes]:
    """What a machine keeps of the store: name → content."""
    return {path.name: path.read_bytes() for path in machine.cache.iterdir() if not path.name.startswith(".")}


def start_again(service: Service, *, spoil: Callable[[], None] = lambda: None) -> None:
    """Stop a service, do something meanwhile, and start it."""
    assert service.stop() == 0
    spoil()
    service.start()
    wait_for(service.is_ready, says="it is ready again")


def test_a_service_that_starts_again_fetches_nothing_again(fleet: Fleet, trained: int) -> None:
    """All that it loaded is on its own disk, and is checked there."""
    service = fleet.services[0]
    before = answers(service, "classic", trained)
    assert kept(service)
    fetched = fleet.asked(FETCHED)
    start_again(service)
    assert answers(service, "classic", trained) == before
    assert fleet.asked(FETCHED) == fetched > 0


def test_what_is_kept_stays_within_its_bound(fleet: Fleet, trained: int) -> None:
    """The second service loaded as much as the first, and kept less of it."""
    for service in fleet.services:
        assert answers(service, "classic", trained)
    every, some = ({name: len(content) for name, content in kept(one).items()} for one in fleet.services)
    assert 0 < sum(some.values()) <= MOST_BYTES < sum(every.values())


def test_a_spoiled_file_in_the_cache_is_noticed_and_fetched_again(fleet: Fleet, trained: int) -> None:
    """A bit of every kept file is turned while the service is down: it answers as before, and the files are whole."""
    service = fleet.services[0]
    before, good, fetched = answers(service, "classic", trained), kept(service), fleet.asked(FETCHED)

    def _spoil() -> None:
        for name, content in good.items():
            (service.cache / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])

    start_again(service, spoil=_spoil)
    assert answers(service, "classic", trained) == before
    assert fleet.asked(FETCHED) > fetched
    with fleet.store() as store:
        used = {info.sha256 for info in store.manifest("classic", trained).files.values()}
    now = kept(service)
    assert {name: now[name] for name in used} == {name: good[name] for name in used}


def test_no_process_ever_wrote_a_credential(fleet: Fleet, trained: int) -> None:
    """Not the keys of the bucket, not the password of the queue, at the level `debug`, in no log of any process."""
    assert trained
    for machine in fleet.machines:
        assert machine.log.count("\n") > 2, machine.folder.name
        for secret in (fleet.access_key, fleet.secret_key, fleet.password):
            assert secret not in machine.log, machine.folder.name


def test_a_bucket_that_does_not_answer_is_told_without_the_keys(fleet: Fleet) -> None:
    """One line, exit status 1."""
    environment = fleet.environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HOME": str(fleet.folder)}
    command = [sys.executable, "-m", "onehot", "models", "list"]
    done = subprocess.run(command, cwd=fleet.folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the store does not answer" in done.stderr
    for secret in (fleet.access_key, fleet.secret_key):
        assert secret not in done.stderr + done.stdout
