"""A real service under load: `python -m service` with two workers on a free port."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from models.store.store import Store
from tests.e2e.launching import Service, launching
from tests.e2e.service.load import Order

WORKERS = 2
ROWS = np.random.default_rng(3).random((8, 8)).round(3)
GRAPHS = ("classic-b", "classic-a")
"""Even versions and odd ones compute something else."""


class LoadedService(Service):
    """One running service."""

    def predict(self, place: str = "classic", **options) -> httpx.Response:
        """One prediction of one row."""
        return self.call("POST", f"/v1/models/{place}:predict", json={"instances": ROWS[:1].tolist()}, **options)

    @property
    def default_version(self) -> int:
        """What answers without a version."""
        answer = self.predict()
        assert answer.status_code == 200, answer.text
        return int(answer.headers["X-Onehot-Model-Version"])

    def memory_bytes(self) -> int:
        """Of all its processes, what is not shared counted once."""
        family = [psutil.Process(self.process.pid), *self.workers]
        return sum(process.memory_full_info().pss for process in family)

    def descriptors(self) -> int:
        """Open in all its processes."""
        return sum(process.num_fds() for process in [psutil.Process(self.process.pid), *self.workers])


def connected_ports(worker: psutil.Process) -> set[int]:
    """The other ends of a worker's connections."""
    return {one.raddr.port for one in worker.net_connections("tcp") if one.raddr}


@pytest.fixture
def serve(store_folder: Path, tmp_path: Path, wait_until) -> Iterator[Callable[..., LoadedService]]:
    """Start the service on this test's store; it is stopped in the end."""
    usual = {
        "ONEHOT_STORE": str(store_folder), "ONEHOT_WORKERS": str(WORKERS), "ONEHOT_LOG_LEVEL": "warning",
    }  # fmt: skip
    with launching(LoadedService, tmp_path, wait_until=wait_until, **usual) as start:

        def _serve(**settings: str) -> LoadedService:
            service = start(**settings)
            workers = int(settings.get("ONEHOT_WORKERS", WORKERS))
            wait_until(lambda: len(service.workers) == workers, what="every worker is there")
            return service

        yield _serve


@pytest.fixture
def store(store_folder: Path) -> Store:
    """This test's store."""
    return Store.open(store_folder)


@pytest.fixture
def publish_next(publish, store) -> Callable[..., int]:
    """Publish the next version, of the graph that its number says; its number."""

    def _publish(**options) -> int:
        number = max(store.versions("classic"), default=0) + 1
        version = publish("classic", GRAPHS[number % 2], **options).version
        assert version == number
        return version

    return _publish


@pytest.fixture
def order_for(compute) -> Callable[..., Order]:
    """A load on the default version of `classic`, each row with what every version must answer."""
    answers = [compute(graph, ROWS).tolist() for graph in GRAPHS]

    def _order(service: LoadedService, **options) -> Order:
        path = f"/v1/models/{options.pop('place', 'classic')}:predict"
        return Order(service.port, path, ROWS.tolist(), answers, **options)

    return _order
