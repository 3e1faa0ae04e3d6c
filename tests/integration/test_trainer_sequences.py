"""Sequences of different lengths, from a file through masking layers to requests of any length."""

import json

import numpy as np
import pytest

from models.errors import DataError
from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from service.registry.verified_loading import load_version
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

import keras  # noqa: E402 -- its backend had to be chosen before

from trainer.training import train  # noqa: E402

pytestmark = pytest.mark.timeout(120)
RNG = np.random.default_rng(2)
TOKENS = [RNG.integers(1, 20, RNG.integers(1, 9)).tolist() for _ in range(90)]
LABELS = ["many" if len(tokens) > 4 else "few" for tokens in TOKENS]
RECURRENT = [
    {"Embedding": {"input_dim": 20, "output_dim": 4, "mask_zero": True}},
    {"LSTM": {"units": 4}},
    {"Dense": {"units": 2, "activation": "softmax"}},
]


def spec_of(preprocessing, layers=RECURRENT):
    return load_spec({
        "model": "tokens", "data": {"source": "tokens.jsonl", "features": ["tokens"], "target": "label", "test": 0.2},
        "preprocessing": preprocessing, "layers": layers, "fit": {"epochs": 1},
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    })  # fmt: skip


@pytest.fixture
def root(tmp_path):
    """A folder with rows of tokens, one JSON object a line."""
    rows = [json.dumps({"tokens": tokens, "label": label}) for tokens, label in zip(TOKENS, LABELS, strict=True)]
    (tmp_path / "tokens.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def publish(root, spec):
    store = Store.open(root / "store")
    return store, train(spec, store=store, settings=Settings(data_roots=(str(root),)), job_id="job")


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_masked_sequences_are_served_as_keras_computes_them(root, padding) -> None:
    """The step is kept in the version, the mask in the graph; requests are of any length."""
    step = {"pad_sequences": {"maxlen": 8, "padding": padding}}
    store, manifest = publish(root, spec_of([step]))
    assert manifest.instance.shape == (8,)
    assert manifest.preprocessing[0]["pad_sequences"]["padding"] == padding
    predictor = load_version(store, "tokens", 1)
    assert predictor.manifest.instance.padding is not None
    some = [*TOKENS[:20], list(range(1, 13))]
    batch = predictor.read(some)
    assert np.array_equal(batch, keras.utils.pad_sequences(some, 8, dtype="float32", padding=padding))
    (root / "model.keras").write_bytes(store.read(manifest, "model.keras"))
    expected = keras.saving.load_model(root / "model.keras").predict(batch, verbose=0)
    assert np.allclose(predictor.predict(batch), expected, atol=1e-5)
    lines = "\n".join(map(json.dumps, some)).encode()
    assert np.array_equal(predictor.read_body(lines, "application/jsonl"), batch)


def test_ragged_rows_without_the_step_are_refused_with_the_way_on(root) -> None:
    """Before anything is trained."""
    with pytest.raises(DataError, match=r"or a `pad_sequences` step; received ragged rows of 1 to 8 values"):
        publish(root, spec_of([]))


def test_an_empty_sequence_in_the_data_is_named(root) -> None:
    """By its line's number."""
    with (root / "tokens.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"tokens": [], "label": "few"}\n')
    with pytest.raises(DataError, match=r"tokens, row 91: expected a sequence of finite numbers; received an empty"):
        publish(root, spec_of([{"pad_sequences": {"maxlen": 8}}]))
