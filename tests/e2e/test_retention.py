"""Versions are deleted and pruned while others are published and served, by processes that are killed at any moment.

Nothing that is labelled, answers or would be rolled back to is lost, and what is half deleted is finished afterwards.
RETENTION_KILLS says how often; `make test-retention` does it at length.
"""

import itertools
import os
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import httpx
import pytest

from models.errors import VersionNotFound
from models.retention.listing import files_below
from models.retention.protection import Protection
from models.retention.pruning import Retention, prune
from models.store.store import Store
from tests.conftest import wait_until
from tests.contract.live import live

KILLS = int(os.environ.get("RETENTION_KILLS", "2"))
SEED = 20261130
LONGEST_S = 0.5
FILES = {"manifest.json", "model.onnx", "model.keras", "report.json", "claim.json"}
PROMOTED = 5
"""Every fifth version becomes `stable`."""
ROOT = Path(__file__).parents[2]
DELETERS = {
    "prune": """
for _ in prune(store, Retention(2, timedelta(0)), by="a prune", now=datetime.now(UTC)):
    pass
""",
    "delete": """
numbers = [number for number in store.versions("classic") if number % 5] + list(store.labels("classic").values())
with suppress(VersionInUse, VersionNotFound):
    delete_version(store, "classic", random.choice(numbers), by="a deletion")
""",
}
FRAME = """
import random, sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from models.errors import VersionInUse, VersionNotFound
from models.retention.deletion import delete_version
from models.retention.pruning import Retention, prune
from models.store.store import Store

store = Store.open(sys.argv[1])
random.seed(int(sys.argv[2]))
print("ready", flush=True)
while True:
    {body}
"""


@dataclass(frozen=True)
class Place:
    """Where the store is, and what a process must know to reach it."""

    location: str
    environment: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A store in a folder, and one in a bucket of a server that speaks S3."""
    if request.param == "folder":
        yield Place(str(tmp_path / "store"))
        return
    with bucket() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield Place("s3://onehot/a/prefix", environment)


@contextmanager
def bucket() -> Iterator[dict[str, str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
    }  # fmt: skip
    try:
        wait_until(lambda: answers(port), what="the bucket's server answers")
        client = boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
                              aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip
        client.create_bucket(Bucket="onehot")
        client.close()
        yield environment
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def again_and_again(*steps: Callable[[], None]) -> Iterator[None]:
    """Each step in a thread of its own, until the end of the context; what one raises is raised there."""
    ends, errors = threading.Event(), []

    def repeat(step: Callable[[], None]) -> None:
        try:
            while not ends.is_set():
                step()
        except BaseException as error:  # noqa: BLE001 -- it is raised by the test
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]


def kill_one(place: Place, kind: str, seed: int) -> None:
    """Let a process delete, and kill it at a random moment of that."""
    code = FRAME.format(body=DELETERS[kind].strip().replace("\n", "\n    "))
    command = [sys.executable, "-c", code, place.location, str(seed)]
    environment = {**os.environ, **place.environment, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        threading.Event().wait(random.Random(seed).uniform(0, LONGEST_S))
        assert process.poll() is None
        process.kill()


def check_store(store: Store) -> None:
    """What is needed is as it was published, and no version that is seen lacks a file."""
    versions = store.versions("classic")
    for version in Protection.of(store, "classic").reasons():
        store.verify("classic", version)
    files = files_below(store, "classic")
    assert [one for one in versions if not {file.name for file in files[str(one)]} >= FILES] == []


def half_deleted(store: Store) -> list[str]:
    """Folders with a mark, or without a manifest; but for the highest, whose claim stays."""
    files, highest = files_below(store, "classic"), str(max(store.claimed("classic")))
    folders = {folder: {file.name for file in found} for folder, found in files.items() if folder.isdecimal()}
    marked = {folder for folder, found in files.items() if any(file.is_mark for file in found)}
    return sorted(
        one for one, names in folders.items() if one in marked or "manifest.json" not in names if one != highest
    )


@pytest.mark.timeout(3600)
def test_killed_deletions_lose_nothing_that_is_needed(place, draft_of, tmp_path) -> None:
    """Default answers are 200 throughout; a version by its number is there, or a 404."""
    store, chance, statuses = Store.open(place.location), random.Random(SEED), Counter()
    numbers: list[int] = []

    def publish() -> None:
        manifest, files = draft_of("classic", "classic-b" if len(numbers) % 2 else "classic-a")
        numbers.append(store.publish(manifest, files, promote=len(numbers) % PROMOTED == PROMOTED - 1).version)
        if len(numbers) % 7 == 0:
            label(chance.choice(numbers[-9:]))
        threading.Event().wait(0.1)

    def label(version: int) -> None:
        try:
            store.set_label("classic", "canary", version)
        except VersionNotFound:
            statuses["label", "gone"] += 1

    for _ in range(PROMOTED + 2):
        publish()
    store.publish(*draft_of("other"))
    settings = {"ONEHOT_STORE": place.location, "ONEHOT_CACHE_BYTES": "0", **place.environment}
    with live(tmp_path, tmp_path, **settings) as service, httpx.Client(base_url=service.url, trust_env=False) as client:

        def ask(name: str, path: str) -> None:
            answer = client.post(f"/v1/models/{path}:predict", json={"instances": [[0.5] * 8]}, timeout=30)
            statuses[name, answer.status_code] += 1

        def ask_all() -> None:
            ask("default", "classic")
            ask("other", "other")
            ask("number", f"classic/versions/{chance.choice(numbers[-30:])}")
            threading.Event().wait(0.02)

        with again_and_again(publish, ask_all):
            left = 0
            for seed, kind in zip(range(KILLS), itertools.cycle(DELETERS), strict=False):
                kill_one(place, kind, seed)
                check_store(store)
                left += bool(half_deleted(store))
    print(f"{len(numbers)} published, {KILLS} kills, {left} times half deleted: {dict(statuses)}")
    assert len(set(numbers)) == len(numbers)
    assert {status for name, status in statuses if name in ("default", "other")} == {200}
    assert {status for name, status in statuses if name == "number"} <= {200, 404, 503}
    list(prune(store, Retention(2, timedelta(0)), by="a test", now=datetime.now(UTC) + timedelta(days=2)))
    assert half_deleted(store) == []
    check_store(store)
    assert len(store.versions("classic")) <= 5
    assert store.publish(*draft_of("classic")).version == max(numbers) + 1
