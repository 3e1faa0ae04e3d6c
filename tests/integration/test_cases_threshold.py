"""`threshold`: one number, or one for each label, in everything that names classes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from models.settings import Settings
from models.spec import load_spec
from models.store.manifest import Manifest
from models.store.store import Store
from service.app import create_app
from service.registry.registry import Registry
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
CHANCE = np.random.default_rng(5)
ROWS = CHANCE.random((80, 2)).astype(np.float32)
TWO = (ROWS.sum(axis=1) > 1.2).astype(np.int64)
LABELS = (ROWS > 0.4).astype(np.int64)


def served(folder: Path, targets: Any, units: int, threshold: Any, metrics: list[str]) -> tuple[FlaskClient, Any, Any]:
    """A client of a service with the version, its manifest, and its report on the rows of the file."""
    np.savez(folder / "t.npz", x=ROWS, y=targets)
    document = {
        "model": "m", "seed": 1, "data": {"source": "t.npz", "test": "t.npz", "validation": "t.npz"},
        "layers": [{"Dense": {"units": units, "activation": "sigmoid"}}], "threshold": threshold,
        "compile": {"loss": "binary_crossentropy", "metrics": metrics}, "fit": {"epochs": 3},
    }  # fmt: skip
    store = Store.open(folder / "store")
    settings = Settings(store=str(folder / "store"), data_roots=(str(folder),), redis_url="redis://127.0.0.1:1/0")
    manifest: Manifest = train(load_spec(document), store=store, settings=settings, job_id="job")
    registry = Registry(lambda: Store.open(folder / "store"), keep_versions=2)
    registry.refresh()
    client = create_app(settings, registry=registry).test_client()
    return client, store.manifest("m", 1), json.loads(store.read(manifest, "report.json"))


def test_two_classes_are_told_apart_at_the_threshold(tmp_path: Path) -> None:
    """By the report, its metrics and `:classify` alike; `:predict` answers with the probability."""
    client, manifest, report = served(tmp_path, TWO, 1, 0.3, ["accuracy", "Recall"])
    assert manifest.threshold == 0.3
    predictions = client.post("/v1/models/m:predict", json={"instances": ROWS.tolist()}).json["predictions"]
    taken = np.asarray(predictions, np.float32)[:, 0] > np.float32(0.3)
    expected = [[int(((true == TWO) & (taken == guess)).sum()) for guess in (0, 1)] for true in (0, 1)]
    assert expected != [[int(((t == TWO) & ((np.asarray(predictions)[:, 0] > 0.5) == g)).sum()) for g in (0, 1)]
                        for t in (0, 1)]  # fmt: skip
    assert report["confusion_matrix"] == expected
    assert report["threshold"] == 0.3
    assert report["parts"]["test"]["metrics"]["accuracy"] == pytest.approx((taken == TWO).mean(), abs=1e-6)
    assert report["parts"]["test"]["metrics"]["recall"] == pytest.approx(taken[TWO == 1].mean(), abs=1e-6)
    assert report["baseline"]["model"] == pytest.approx((taken == TWO).mean(), abs=1e-6)
    results = client.post("/v1/models/m:classify", json={"instances": ROWS.tolist()}).json["results"]
    assert [pairs[0][0] for pairs in results] == ["1" if one else "0" for one in taken]
    assert client.get("/v1/models/m/metadata").json["metadata"]["threshold"] == 0.3


def test_each_label_holds_above_its_own_threshold(tmp_path: Path) -> None:
    """One number for each, in the order of the classes."""
    client, manifest, report = served(tmp_path, LABELS, 2, [0.2, 0.9], ["binary_accuracy"])
    assert manifest.threshold == (0.2, 0.9)
    predictions = client.post("/v1/models/m:predict", json={"instances": ROWS.tolist()}).json["predictions"]
    taken = np.asarray(predictions, np.float32) > np.asarray([0.2, 0.9], np.float32)
    recalls = [taken[LABELS[:, one] == 1, one].mean() for one in (0, 1)]
    assert [one["recall"] for one in report["classes"]] == pytest.approx(recalls)
    results = client.post("/v1/models/m:classify", json={"instances": ROWS.tolist()}).json["results"]
    for pairs, row in zip(results, taken, strict=True):
        held = {str(label) for label in np.flatnonzero(row)}
        assert {label for label, _ in pairs[: len(held)]} == held
