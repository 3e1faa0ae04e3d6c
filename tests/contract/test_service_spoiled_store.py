"""Files of the store of every kind, spoiled in every way, under the real registry; `make fuzz-store` spoils 10 000.

Two registries look at the store: one lists it at every look, the other one only what the change hint names.
"""

import gc
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import psutil
import pytest
import structlog

from models.settings import Settings
from models.store.store import Store
from service.app import create_app
from service.registry.memory_budget import give_back
from service.registry.registry import Registry
from tests.contract.live import live
from tests.contract.mutated import spoiled_json

SEED = 20261130
COUNT = int(os.environ.get("SPOILED_FILES", "20"))
WARM_UP = COUNT // 4
STARTS = max(2, COUNT // 500)
"""How many services begin on the damaged store meanwhile."""
LARGEST_GROWTH = 0.1
SMALLEST_GROWTH_BYTES = 32 * 2**20
"""What a short run may grow by."""
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
BAD = ("bad-labels", "bad-manifest", "bad-runs")
RUN = {
    "id": "1",
    "model": "bad-runs",
    "status": "finished",
    "metrics": {"accuracy": 0.9},
    "tags": ["a"],
    "epochs": [1.5],
}


class SpoiledStore:
    """A store with good models, and with models one file of which is spoiled anew at each step."""

    def __init__(self, folder, draft_of) -> None:
        self.folder, self.store = folder, Store.open(folder)
        for model in ("good", "other", *BAD):
            for _ in range(3):
                self.store.publish(*draft_of(model))
        self.manifest = (folder / "bad-manifest/3/manifest.json").read_bytes()
        self.run = ""

    def spoil(self, step: int) -> None:
        """One file of each kind; what the step before spoiled is another one now."""
        random = Random(f"{SEED}-{step}")
        (self.folder / self.run).unlink(missing_ok=True) if self.run else None
        version = random.choice((1, 3))
        for number in {1, 3} - {version}:
            (self.folder / f"bad-manifest/{number}/manifest.json").write_bytes(
                self.manifest.replace(b'"version": 3', b'"version": %d' % number)
            )
        self.run = f"bad-runs/runs/{random.choice(('1', 'x' * 200, '9' * 20, 'ä', '-', ' '))}{step}.json"
        (self.folder / "bad-runs/runs").mkdir(exist_ok=True)
        originals = {
            "bad-labels/labels.json": b'{"stable": 2, "canary": 1, "shadow": 3}',
            f"bad-manifest/{version}/manifest.json": self.manifest,
            "changes.json": (self.folder / "changes.json").read_bytes()[:4096],
            self.run: json.dumps(RUN).encode(),
        }
        for path, content in originals.items():
            (self.folder / path).write_bytes(spoiled_json(content, random))

    def move(self, step: int) -> int:
        """Move a label of a good model; where it is now."""
        version = 1 + step % 3
        self.store.set_label("good", "canary", version)
        return version


class Watcher:
    """A registry of the store, and the application over it."""

    def __init__(self, folder, *, full_look_s: float) -> None:
        self.registry = Registry(lambda: Store.open(folder), keep_versions=2, full_look_s=full_look_s)
        settings = Settings(store=str(folder), redis_url="redis://127.0.0.1:1/0")
        self.client = create_app(settings, registry=self.registry).test_client()

    def check(self, canary: int | None = None) -> None:
        """The good models answer as before, and a label that was moved is where it was moved to."""
        self.registry.refresh()
        assert self.registry.snapshot.is_complete
        if canary is not None:
            assert self.registry.find("good", label="canary").version == canary
        for model in ("good", "other"):
            answer = self.client.post(f"/v1/models/{model}:predict", json={"instances": [ROW]})
            assert (answer.status_code, answer.headers["X-Onehot-Model-Version"]) == (200, "3"), answer.data

    def list_all(self) -> Iterator[int]:
        """The statuses of all listings."""
        yield self._status("GET", "/v1/models")
        yield self._status("POST", "/v2/repository/index")
        for model in BAD:
            for path in ("", "/metadata", "/versions/1/metadata", "/versions/3/metadata"):
                yield self._status("GET", f"/v1/models/{model}{path}")
            yield self._status("GET", f"/v2/models/{model}")

    def _status(self, method: str, path: str) -> int:
        answer = self.client.open(path, method=method)
        assert answer.status_code in (200, 404, 503), f"{method} {path}: {answer.status_code} {answer.data[:500]!r}"
        json.loads(answer.data)
        return answer.status_code


def resident_bytes() -> int:
    """What this process has in memory, without what it need not have."""
    gc.collect()
    give_back()
    return psutil.Process().memory_info().rss


@pytest.fixture
def _quiet() -> Iterator[None]:
    """A line for each damaged file is right, and too much here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("_quiet")
def test_a_spoiled_file_is_its_models_damage_only(store_folder, draft_of) -> None:
    """Other models answer, follow their labels and are listed; no listing is a 500; no memory stays taken."""
    store = SpoiledStore(store_folder, draft_of)
    lists, hinted = Watcher(store_folder, full_look_s=0.0), Watcher(store_folder, full_look_s=1e6)
    statuses, before, began_s = Counter[int](), 0, time.monotonic()
    for step in range(COUNT):
        if step == WARM_UP:
            before = resident_bytes()
        store.spoil(step)
        hinted.check()  # with the spoiled hint, which the next move of a label puts right
        if step % (COUNT // STARTS) == 0:
            Watcher(store_folder, full_look_s=0.0).check()
        canary = store.move(step)
        for watcher in (lists, hinted):
            watcher.check(canary)
        statuses.update(lists.list_all())
    growth = resident_bytes() - before
    print(f"{COUNT} spoiled files of each kind (labels, manifest, changes, runs), seed {SEED}: "
          f"0 other models affected, "
          f"statuses {dict(sorted(statuses.items()))}, memory {before / 2**20:.0f} MiB {growth / before:+.1%}, "
          f"{time.monotonic() - began_s:.0f} s")  # fmt: skip
    assert growth < max(LARGEST_GROWTH * before, SMALLEST_GROWTH_BYTES)


def test_a_service_that_starts_on_spoiled_files_gets_ready_and_reloads(store_folder, draft_of, tmp_path, wait_until):
    """The whole service, with its processes and its poller: what is published is served by the next look."""
    store = SpoiledStore(store_folder, draft_of)
    (store_folder / "bad-labels/labels.json").write_bytes(b'{"stable": 1e999}')
    (store_folder / "changes.json").write_bytes(b"[" * 200_000)
    never = "3600"  # a look at everything would find it in any case
    with live(store_folder, tmp_path, ONEHOT_WORKERS="2", ONEHOT_POLL_S="1", ONEHOT_FULL_POLL_S=never) as service:
        for step in range(3):
            store.spoil(step)
            version = store.store.publish(*draft_of("good")).version
            path = "/v1/models/good:predict"
            body = json.dumps({"instances": [ROW]}).encode()
            wait_until(lambda: service.ask("POST", path, body).headers["x-onehot-model-version"] == str(version))  # noqa: B023
            for path in ("/v1/models", *(f"/v1/models/{model}/metadata" for model in BAD)):
                assert service.ask("GET", path).status in (200, 404, 503), path
        assert "onehot_store_up 1.0" in service.ask("GET", "/metrics").body.decode()
        assert "Traceback" not in service.log
