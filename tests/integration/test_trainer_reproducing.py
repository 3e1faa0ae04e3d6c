import json
from dataclasses import replace

import keras
import numpy as np
import onnxruntime
import pytest

from models.errors import DataError
from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from trainer.backends.choice import choose_backend
from trainer.reproducing import Reproduction, main, reproduce

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


def wine(**fit):
    return {
        "model": "wine",
        "seed": 3,
        "data": {"source": "sklearn://wine"},
        "preprocessing": ["standardize"],
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dropout": {"rate": 0.2}},
                   {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 4, **fit},
    }  # fmt: skip


def published(store, **fit):
    return train(load_spec(wine(**fit)), store=store, settings=Settings(), job_id="job")


def test_a_version_is_trained_again_bit_by_bit(store, tmp_path, monkeypatch, capsys) -> None:
    """From its own spec; nothing is published."""
    manifest = published(store)
    outcome = reproduce(manifest, store=store, settings=Settings())
    assert outcome.same_weights
    assert outcome.holds
    assert {name: was for name, (was, _) in outcome.metrics.items()} == manifest.metrics
    assert store.versions("wine") == [1]
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    assert main(["wine", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reproduced"] is True
    assert main(["wine", "9"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_other_data_is_not_trained_on(store) -> None:
    """The digest says so."""
    manifest = published(store)
    foreign = replace(manifest, data={**manifest.data, "sha256": "0" * 64})
    with pytest.raises(DataError, match="expected the data it was trained on"):
        reproduce(foreign, store=store, settings=Settings())


def test_an_imported_version_has_no_spec(store) -> None:
    """And says so."""
    manifest = published(store)
    files = {name: info for name, info in manifest.files.items() if name != "spec.yaml"}
    with pytest.raises(DataError, match="received one that was imported"):
        reproduce(replace(manifest, files=files), store=store, settings=Settings())


def test_metrics_decide_where_weights_differ() -> None:
    """Another machine rounds otherwise."""
    close = Reproduction("m", 1, False, {"accuracy": (0.9, 0.905)}, 0.01, {"keras": ("3.14", "3.15")})
    assert close.holds
    assert not replace(close, metrics={"accuracy": (0.9, 0.8)}).holds
    assert close.sentences() == ["m version 1: other weights", "  test accuracy: published 0.9, now 0.905",
                                 "  keras was 3.14, is 3.15"]  # fmt: skip


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_served_in_float32(store, tmp_path, precision) -> None:
    """Trained in halves; published, and compared with Keras, whole."""
    manifest = published(store, precision=precision)
    (tmp_path / "model.keras").write_bytes(store.read(manifest, "model.keras"))
    network = keras.saving.load_model(tmp_path / "model.keras")
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    inputs = manifest.fitted_preprocessing.apply(np.asarray(manifest.golden_rows.instances, np.float32))
    session = onnxruntime.InferenceSession(store.read(manifest, "model.onnx"))
    (answer,) = session.run(None, {"x": inputs})
    assert np.abs(answer - network.predict(inputs, verbose=0)).max() <= 1e-5
    assert np.abs(answer - manifest.golden_rows.predictions).max() <= 1e-5
