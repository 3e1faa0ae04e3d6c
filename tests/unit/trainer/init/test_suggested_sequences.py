import numpy as np
import pytest

from models.preprocessing.instances import Feature
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


def smooth(rows: int, steps: int = 60) -> np.ndarray:
    phases = RNG.uniform(0, 6, (rows, 1))
    return np.sin(np.arange(steps) / 6 + phases) + 0.1 * RNG.normal(size=(rows, steps))


def test_a_short_series_of_few_rows_is_trained_on_all_of_them() -> None:
    """Without an axis of values it gets one; a few rows to stop by would only take away from fit."""
    spec = spec_of(smooth(60))
    assert [step.name for step in spec.preprocessing] == ["reshape", "standardize"]
    assert [layer.class_name for layer in spec.layers][-3:] == ["Flatten", "Dropout", "Dense"]
    assert (spec.data.validation, spec.fit.callbacks) == (0, ())


def test_a_series_of_more_rows_is_stopped_in_time() -> None:
    """And numbers that have nothing of their neighbours stay a table."""
    dataset = Dataset("rows.npz", smooth(300), np.arange(300) % 3, "", features_name="x")
    spec = load_spec(load_document(suggest_spec(dataset, DataSource("rows.npz")).text))
    assert spec.fit.callbacks
    assert spec_of(RNG.normal(size=(120, 30))).layers[0].class_name == "Dense"


def test_columns_of_a_smooth_series_are_one() -> None:
    """As in a table with a column for each step."""
    columns = tuple(Feature(f"t{step}") for step in range(60))
    dataset = Dataset("rows.csv", smooth(60), LABELS[:60], "", columns=columns, target="y")
    spec = load_spec(load_document(suggest_spec(dataset, DataSource("rows.csv")).text))
    assert [step.name for step in spec.preprocessing] == ["reshape", "standardize"]
    assert spec.data.features == tuple(f"t{step}" for step in range(60))
