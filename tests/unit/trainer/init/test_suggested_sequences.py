import numpy as np
import pytest

from models.spec import load_spec
from models.spec.yaml_text import load_document
from models.suggestions.suggested_sequences import find_tokens
from models.suggestions.suggested_spec import DataSource, suggest_spec
from trainer.data.dataset import Dataset

RNG = np.random.default_rng(1)
WORDS = RNG.integers(1, 900, (120, 30))
LABELS = np.arange(120) % 3


def dataset_of(features) -> Dataset:
    return Dataset("rows.npz", features, LABELS[: len(features)], "", features_name="x")


def ragged(rows) -> np.ndarray:
    made = np.empty(len(rows), dtype=object)
    for index, row in enumerate(rows):
        made[index] = np.asarray(row, np.float64)
    return made


def padded(padding: str) -> np.ndarray:
    rows = np.zeros((120, 30), np.int64)
    for row, words in enumerate(WORDS % 40 + 1):
        length = 5 + row % 25
        rows[row, slice(length) if padding == "post" else slice(30 - length, None)] = words[:length]
    return rows


def spec_of(features):
    text = suggest_spec(dataset_of(features), DataSource("rows.npz")).text
    return load_spec(load_document(text))


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padded_tokens_are_padded_where_the_data_is(padding) -> None:
    """Also those of a small vocabulary, as letters are."""
    spec = spec_of(padded(padding))
    (step,) = spec.preprocessing
    assert (step.name, step.arguments["padding"], step.arguments["maxlen"]) == ("pad_sequences", padding, 30)
    embedding, recurrent, *_ = spec.layers
    assert embedding.arguments == {"input_dim": 41, "output_dim": 32, "mask_zero": True}
    assert recurrent.class_name in {"LSTM", "GRU"}


def test_ragged_tokens_are_told_by_their_whole_numbers() -> None:
    """Where 0 is a token, they are filled up with a number of their own, and nothing is masked."""
    spec = spec_of(ragged([row[: 3 + index % 20] for index, row in enumerate(WORDS % 50)]))
    (step,) = spec.preprocessing
    assert step.arguments["value"] == 50
    assert spec.layers[0].arguments == {"input_dim": 51, "output_dim": 32}


def test_ragged_measurements_are_a_series() -> None:
    """With an axis for the one value of each step."""
    spec = spec_of(ragged([RNG.normal(size=5 + row % 9) for row in range(90)]))
    assert [step.name for step in spec.preprocessing] == ["pad_sequences", "reshape", "standardize"]
    assert spec.preprocessing[1].arguments["shape"] == [13, 1]


@pytest.mark.parametrize(
    "features",
    [
        WORDS.astype(np.uint8),
        WORDS.astype(np.float64),
        WORDS - 500,
        np.cumsum(WORDS, axis=1),
        np.column_stack([np.arange(120) * 10, RNG.integers(0, 2, (120, 3)), RNG.integers(18, 90, 120)]),
    ],
    ids=["pixels", "floats", "negative", "series", "columns"],
)
def test_other_numbers_are_no_tokens(features) -> None:
    """Bytes are pixels; neighbours that grow into each other are a series; columns of their own reach are a table."""
    assert find_tokens(dataset_of(features)) is None
