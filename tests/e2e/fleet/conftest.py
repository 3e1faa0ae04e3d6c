"""Fleets: services and workers around a real S3 API and a queue with a password."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.e2e.fleet.machines import MOST_BYTES, Fleet

LAYERS = [
    {"Dense": {"units": 12, "activation": "relu"}},
    {"Dropout": {"rate": 0.2}},
    {"Dense": {"units": 3, "activation": "softmax"}},
]


@pytest.fixture(scope="session")
def make_fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Fleet]]:
    """A bucket and a queue; machines are added by its users."""
    fleets: list[Fleet] = []

    def _make(**settings: str) -> Fleet:
        fleet = Fleet(tmp_path_factory.mktemp("fleet"), settings)
        fleets.append(fleet)
        fleet.start_servers()
        return fleet

    yield _make
    for fleet in fleets:
        fleet.end()


@pytest.fixture(scope="session")
def small_fleet(make_fleet: Callable[..., Fleet]) -> Fleet:
    """Two services, the second with a small cache, and two workers, all running."""
    fleet = make_fleet(ONEHOT_KEEP_VERSIONS="1")
    fleet.add_service()
    fleet.add_service(ONEHOT_CACHE_BYTES=str(MOST_BYTES))
    for _ in range(2):
        fleet.add_worker()
    fleet.wait_until_all_run()
    return fleet


@pytest.fixture(scope="session")
def spec_of() -> Callable[..., dict[str, Any]]:
    """A small training of 8 numbers into 3 classes."""

    def _spec(model: str, source: str, *, epochs: int = 20, **changes: Any) -> dict[str, Any]:
        return {
            "model": model, "seed": 7,
            "data": {"source": source, "features": "x", "target": "y", "validation": 0.1, "test": 0.2},
            "layers": LAYERS,
            "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
            "fit": {"epochs": epochs, "batch_size": 10}, **changes,
        }  # fmt: skip

    return _spec


@pytest.fixture(scope="session")
def data_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a small .npz."""
    rng = np.random.default_rng(5)
    features = rng.random((100, 8), dtype=np.float32)
    path = tmp_path_factory.mktemp("data") / "classic.npz"
    np.savez(path, x=features, y=np.eye(3)[np.digitize(features[:, 0], [0.3, 0.7])])
    return path.read_bytes()
