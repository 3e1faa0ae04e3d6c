"""A manifest to publish in a store of its own."""

import pytest

from models.preprocessing.instances import InstanceSpec
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from models.store.store import Store


@pytest.fixture
def draft() -> Manifest:
    """A manifest as the trainer hands it to `Store.publish`."""
    return Manifest(
        model="iris",
        version=0,
        job_id="job-1",
        created_at="2026-01-01T00:00:00Z",
        task="softmax",
        inputs=(TensorInfo("x", "float32", (None, 4)),),
        outputs=(TensorInfo("probabilities", "float32", (None, 3)),),
        instance=InstanceSpec((4,)),
        preprocessing=[{"astype": "float32"}],
        class_names=("setosa", "versicolor", "virginica"),
        metrics={"loss": 0.1, "accuracy": 0.97},
        golden_rows=GoldenRows([[5.1, 3.5, 1.4, 0.2]], [[0.9, 0.05, 0.05]], 1e-5),
        files={},
        data={"source": "sklearn://iris", "sha256": "0" * 64, "rows": {"train": 100, "validation": 25, "test": 25}},
        seed=7,
        backend="tensorflow",
        package_versions={"keras": "3.15.1"},
        weights_sha256="0" * 64,
    )


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store in a folder."""
    return Store.open(tmp_path / "store")
