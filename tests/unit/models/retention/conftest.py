"""Stores with a few versions, in a folder and in a stand-in for a bucket."""

from collections.abc import Callable
from dataclasses import replace

import obstore
import pytest
from obstore.store import MemoryStore

from models.store.store import Store

FILES = {"model.onnx": b"graph", "model.keras": b"keras", "report.json": b"{}", "spec.yaml": b"model: iris\n"}
FAILED_GATE = {"metric": "accuracy", "holds": False, "checks": []}


@pytest.fixture(params=["folder", "bucket"])
def store(request, tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store") if request.param == "folder" else Store(MemoryStore())


@pytest.fixture
def publish(store, draft) -> Callable[..., None]:
    """Publish versions of iris, one for each job's name; `stable` follows unless it is said otherwise."""

    def publish(*jobs: str, model: str = "iris", promote: bool = True, **changes) -> None:
        for job in jobs:
            store.publish(replace(draft, model=model, job_id=job, **changes), FILES, promote=promote)

    return publish


@pytest.fixture
def paths(store) -> Callable[..., list[str]]:
    """All objects below a folder of the store, but for promotions."""

    def paths(prefix: str = "iris") -> list[str]:
        listed = (meta["path"] for batch in obstore.list(store.objects, prefix=prefix) for meta in batch)
        return sorted(path for path in listed if "/promotions/" not in path)

    return paths
