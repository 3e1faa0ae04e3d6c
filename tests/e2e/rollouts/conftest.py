"""Several real services with a real queue's server and one store, and callers who remember which side answered."""

import os
import random
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.errors import RolloutNotFound, StoreUnavailable
from models.rollout.rollout import Rollout
from models.rollout.rollout_course import begin_rollout
from models.rollout.rollout_store import RolloutStore
from models.spec.rollout.rollout_plan import read_plan
from models.store.store import Store
from onehot.local.server import find_server, free_port
from tests.e2e.launching import Service, launching

MODEL = "classic"
CALLERS = int(os.environ.get("ROLLOUT_CALLERS", "60"))
USERS = [f"user-{number}" for number in range(CALLERS)]
ROWS = np.random.default_rng(11).random((64, 8)).round(3).tolist()
DONE_S = 120.0
GUARDS = {"error_rate": 0.05, "agreement": 0.9, "drift": 0.5}


def _by_user(name: str) -> dict[str, str]:
    return {"X-User-Id": name}


@dataclass(frozen=True)
class Answer:
    """What one caller got.

    Args:
        sent_s: On the clock of `time.monotonic`.
        received_s: Likewise.
        status: Of HTTP; 0 when there was no answer.
        version: That answered.
    """

    sent_s: float
    received_s: float
    status: int
    version: int


class Callers:
    """Callers who ask any of the services, one after the other, and write down every answer.

    Args:
        urls: Of the services; may be changed while they ask.
        names: Of the callers.
        headers_of: By which a caller is known.
        threads: How many ask at one time.
    """

    def __init__(
        self, urls: list[str], *, names: Sequence[str] = USERS, headers_of: Callable[[str], dict[str, str]] = _by_user,
        threads: int = 3,
    ) -> None:  # fmt: skip
        self.urls = urls
        self._headers_of = headers_of
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self._ending = threading.Event()
        groups = [names[first::threads] for first in range(threads)]
        self._threads = [threading.Thread(target=self._ask, args=(group,)) for group in groups]
        for thread in self._threads:
            thread.start()

    def _ask(self, group: Sequence[str]) -> None:
        choice = random.Random(group[0])
        with httpx.Client(timeout=10, trust_env=False) as client:
            while not self._ending.wait(0.002):
                user, url = choice.choice(group), choice.choice(self.urls)
                self.answers[user].append(self._one(client, url, user, choice.choice(ROWS)))

    def _one(self, client: httpx.Client, url: str, user: str, row: list[float]) -> Answer:
        sent_s = time.monotonic()
        try:
            answer = client.post(
                f"{url}/v1/models/{MODEL}:predict", json={"instances": [row]}, headers=self._headers_of(user)
            )
        except httpx.HTTPError:
            return Answer(sent_s, time.monotonic(), 0, 0)
        version = int(answer.headers.get("X-Onehot-Model-Version", "0"))
        return Answer(sent_s, time.monotonic(), answer.status_code, version)

    def stop(self) -> None:
        """Ask nothing more."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    @property
    def all(self) -> list[Answer]:
        """Every answer, in no order."""
        return [one for answers in self.answers.values() for one in answers]

    @property
    def failed(self) -> list[Answer]:
        """What was no prediction."""
        return [one for one in self.all if one.status != 200]

    def went_back(self, *versions: int) -> list[tuple[str, Answer]]:
        """Who was answered by an earlier one of these versions after a later one."""
        found = []
        for user, answers in self.answers.items():
            reached = 0
            for one in (one for one in answers if one.status == 200):
                place = versions.index(one.version)
                if place < reached:
                    found.append((user, one))
                reached = max(reached, place)
        return found

    def last_of(self, version: int) -> float:
        """When a version answered last."""
        return max((one.received_s for one in self.all if one.version == version), default=0.0)


class QueueServer:
    """A queue's server that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.process: Any = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty."""
        command = [
            find_server(),
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--dir",
            str(self._folder),
            "--save",
            "",
        ]
        with (self._folder / "queue.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[QueueServer]:
    """This test's own queue's server."""
    server = QueueServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def serve(tmp_path: Path, store_folder: Path, queue: QueueServer, wait_until) -> Iterator[Callable[..., Service]]:
    """Start a service of its own folder."""
    with ExitStack() as stack:
        count = iter(range(100))

        def _serve(workers: int = 1, **changed: str) -> Service:
            folder = tmp_path / f"service-{next(count)}"
            folder.mkdir()
            settings = {
                "ONEHOT_STORE": str(store_folder), "ONEHOT_REDIS_URL": queue.url, "ONEHOT_POLL_S": "0.5",
                "ONEHOT_WORKERS": str(workers), "ONEHOT_LOG_FORMAT": "json", "ONEHOT_LEAVE_S": "0",
                **changed,
            }  # fmt: skip
            return stack.enter_context(launching(Service, folder, wait_until=wait_until, **settings))()

        yield _serve


@pytest.fixture
def callers() -> Iterator[Callable[..., Callers]]:
    """Start callers; they stop in the end."""
    started: list[Callers] = []

    def _start(*services: Service, **known: Any) -> Callers:
        started.append(Callers([one.url for one in services], **known))
        return started[-1]

    yield _start
    for one in started:
        one.stop()


class Course:
    """The rollouts of this test's model, as the store has them.

    Args:
        store: Where they are.
        wait_until: Polls with a deadline.
    """

    def __init__(self, store: Store, wait_until: Callable[..., Any]) -> None:
        self.store = store
        self._wait_until = wait_until

    def begin(self, candidate: int, *steps: dict[str, float], **changes: Any) -> Rollout:
        """Begin one."""
        plan = {"steps": [*steps], "hold_s": 1, "minimum_rows": 40, "sticky": "X-User-Id", "guards": GUARDS, **changes}
        return begin_rollout(self.store, MODEL, candidate, read_plan(plan), by="a test")

    @property
    def current(self) -> Rollout:
        """As it stands."""
        found = RolloutStore(self.store, MODEL).read()
        assert found is not None
        return found

    def wait(self, holds: Callable[[Rollout], bool], *, what: str) -> Rollout:
        """Until something is true of it; a store that is away is asked again."""

        def found() -> Rollout | None:
            with suppress(StoreUnavailable):
                return one if holds(one := self.current) else None
            return None

        return self._wait_until(found, what=what, deadline_s=DONE_S)

    def end(self) -> Rollout:
        """Wait for its end."""
        return self.wait(lambda one: not one.is_under_way, what="the rollout ends")

    def record_of(self, rollout: Rollout) -> Rollout:
        """The record of an ended rollout, which is written a moment after its document."""

        def found() -> Rollout | None:
            with suppress(RolloutNotFound):
                return RolloutStore(self.store, MODEL).record(rollout.id)
            return None

        return self._wait_until(found, what="there is a record")

    @property
    def stable(self) -> int:
        """What the label names."""
        return self.store.labels(MODEL)["stable"]


@pytest.fixture
def course(store_folder: Path, wait_until) -> Course:
    """The rollouts of this test."""
    return Course(Store.open(store_folder), wait_until)
