"""Regressions whose target is far from 0: trained as well as on a scaled one, answered in the target's own units."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from models.settings import Settings
from models.spec import load_spec
from models.spec.yaml_text import load_document
from models.store.manifest import Manifest
from models.store.store import Store
from service.registry.verified_loading import load_version
from trainer.backends.choice import choose_backend
from trainer.init.__main__ import write_spec

assert choose_backend("tensorflow")

from trainer.importing.network_import import import_network  # noqa: E402 -- Keras' backend had to be chosen before
from trainer.training import train  # noqa: E402

pytestmark = pytest.mark.timeout(120)
NOISE = 100.0


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """600 rows of three numbers, and a price of 3000 ± 2500 that follows from them but for some noise."""
    rng = np.random.default_rng(6)
    features = rng.normal(size=(600, 3))
    price = 3000 + features @ [2000.0, 1200.0, -800.0] + rng.normal(0, NOISE, 600)
    rows = np.column_stack([features, price])
    np.savetxt(tmp_path / "prices.csv", rows, delimiter=",", header="a,b,c,price", comments="", fmt="%.4f")
    return tmp_path


def document(**changes: Any) -> dict[str, Any]:
    return {
        "model": "prices", "data": {"source": "prices.csv", "target": "price"}, "target": {"standardize": True},
        "preprocessing": ["standardize"],
        "layers": [{"Dense": {"units": 16, "activation": "relu"}}, {"Dense": {"units": 1}}],
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.01}}, "loss": "mean_squared_error",
                    "metrics": ["mean_absolute_error"]},
        "fit": {"epochs": 20, "batch_size": 32},
    } | changes  # fmt: skip


def published(root: Path, spec: dict[str, Any]) -> tuple[Store, Manifest]:
    store = Store.open(root / "store")
    return store, train(load_spec(spec), store=store, settings=Settings(data_roots=(str(root),)), job_id="job")


def test_a_standardized_target_is_answered_in_its_own_units(prices: Path) -> None:
    """By Keras, by the graph, in the golden rows, in metrics and report."""
    store, manifest = published(prices, document())
    (mean,), (deviation,) = manifest.target["standardize"].values()
    assert (abs(mean - 3000) < 300, abs(deviation - 2460) < 300) == (True, True)
    assert manifest.metrics["mean_absolute_error"] < 2 * NOISE
    assert NOISE**2 / 4 < manifest.metrics["loss"] < (4 * NOISE) ** 2  # squared units, as the spec's loss says
    report = json.loads(store.read(manifest, "report.json"))
    assert report["parts"]["test"]["metrics"]["mean_absolute_error"] == manifest.metrics["mean_absolute_error"]
    assert report["history"][-1]["mean_absolute_error"] > NOISE / 2
    assert np.abs(np.array(manifest.golden_rows.predictions)).max() > 1000

    version = load_version(store, manifest.model, manifest.version)
    served = version.predict(version.read([{"a": 0, "b": 0, "c": 0}, {"a": 1, "b": 0, "c": 0}]))
    assert served == pytest.approx(np.array([[3000.0], [5000.0]]), rel=0.1)
    (prices / "m.keras").write_bytes(store.read(manifest, "model.keras"))
    inputs = manifest.fitted_preprocessing.apply(np.array([[0, 0, 0], [1, 0, 0]], np.float32))
    assert keras.saving.load_model(prices / "m.keras").predict(inputs, verbose=0) == pytest.approx(served, rel=1e-4)


def test_it_is_learned_far_better_than_as_it_stands(prices: Path) -> None:
    """After as many epochs."""
    _, scaled = published(prices, document())
    _, plain = published(prices / "..", document(target={"standardize": False}) | {
        "data": {"source": str(prices / "prices.csv"), "target": "price"}, "model": "plain"})  # fmt: skip
    assert plain.target is None
    assert plain.metrics["mean_absolute_error"] > 4 * scaled.metrics["mean_absolute_error"]


def test_init_writes_it_for_a_wide_target(prices: Path) -> None:
    """And the spec trains as it stands."""
    written = load_document(write_spec("prices.csv", settings=Settings(data_roots=(str(prices),))))
    assert written["target"] == {"standardize": True}
    _, manifest = published(prices, {**written, "fit": {**written["fit"], "epochs": 15}})
    assert manifest.metrics["mean_absolute_error"] < 3 * NOISE


def test_the_keras_file_of_such_a_version_can_be_imported_again(prices: Path) -> None:
    """Its last layer brings outputs to their units: a regression as any other."""
    store, manifest = published(prices, document(fit={"epochs": 1}))
    again = import_network(store.read(manifest, "model.keras"), "again", where="m.keras", class_names=(), store=store)
    assert again.task == "regression"


@pytest.mark.parametrize("backend", ["mixed_bfloat16"])
def test_mixed_precision_answers_in_the_targets_units(backend: str, prices: Path) -> None:
    """The copy that is published computes in float32."""
    _, manifest = published(prices, document(fit={"epochs": 20, "precision": backend}))
    assert manifest.metrics["mean_absolute_error"] < 3 * NOISE


def test_several_outputs_have_a_scale_each(tmp_path: Path) -> None:
    """One around 1000, one around 0."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(300, 2))
    np.savez(tmp_path / "two.npz", x=x, y=np.column_stack([1000 + 100 * x[:, 0], 0.01 * x[:, 1]]))
    spec = document(data={"source": "two.npz"}, layers=[{"Dense": {"units": 2}}], fit={"epochs": 80})
    store, manifest = published(tmp_path, spec)
    version = load_version(store, manifest.model, manifest.version)
    served = version.predict(version.read([[1.0, 1.0]]))
    assert served == pytest.approx(np.array([[1100.0, 0.01]]), rel=0.1)
