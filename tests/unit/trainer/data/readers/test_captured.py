"""Labelled captured rows as a data source."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import DataError
from models.spec import DataSpec, load_spec
from models.store.datasets import Datasets
from models.store.store import Store
from tests.captured_rows import COLUMNS, LAYOUT, capture_rows, tell_labels
from trainer.data.preparation import prepare
from trainer.data.sources import read_source


@pytest.fixture
def store(store_folder):
    return Store.open(store_folder)


def read(store: Store, source: str, **more):
    return read_source(DataSpec(source=source, **more), roots=(), datasets=Datasets(store.objects))


def test_rows_with_labels_are_a_table(store) -> None:
    """Text and gaps as they were; names and indexes of classes alike; a class that the version does not know is new."""
    cells = np.array([[5.1, 3.5, "Biscoe"], [None, 3.0, "Dream"], [6.3, 3.3, "Torgersen"], [1.0, 2.0, "x"]], object)
    capture_rows(store, ["a", "b", "c", "d"], inputs=cells)
    tell_labels(store, [("a", 0), ("b", "versicolor"), ("c", "hybrid")])
    data = read(store, "captured://iris?labelled=true&since=1d")
    assert data.targets.tolist() == ["setosa", "versicolor", "hybrid"]
    assert data.class_names == ("setosa", "versicolor", "hybrid")
    assert [one.name for one in data.columns] == list(COLUMNS)
    assert data.features.tolist() == cells[:3].tolist()
    assert data.sha256 == read(store, "captured://iris").sha256
    chosen = read(store, "captured://iris", features=("island", "length"), target="species")
    assert chosen.features.tolist() == cells[:3, [2, 0]].tolist()
    assert chosen.unused == ("width",)


def test_versions_that_take_other_columns_are_left_out(store) -> None:
    """And said; a time and a version choose among the rest."""
    capture_rows(store, ["old"], layout=replace(LAYOUT, features=("a", "b"), shape=(2,)))
    capture_rows(store, ["a", "b"], layout=replace(LAYOUT, version=2), at_s=1_700_000_000)
    capture_rows(store, ["c"], layout=replace(LAYOUT, version=3))
    tell_labels(store, [("old", 0), ("a", 1), ("b", 2), ("c", 1)])
    assert dict(read(store, "captured://iris").passed_over) == {"rows of other columns": 1}
    assert len(read(store, "captured://iris?version=2").targets) == 2
    assert len(read(store, "captured://iris?until=2024-01-01").targets) == 2


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("captured://Iris", "captured://MODEL"),
        ("captured://iris?labelled=false", "labelled=true"),
        ("captured://iris?since=yesterday", "a moment"),
        ("captured://iris?version=x", "the number of a version"),
        ("captured://iris?limit=3", "one of labelled, since, until, version"),
        ("captured://other", "captured rows of other with labels"),
        ("captured://iris?since=2999-01-01", "2 captured rows"),
    ],
)
def test_what_cannot_be_trained_on_is_said(store, source, named) -> None:
    """With what was expected."""
    capture_rows(store, ["a", "b"])
    tell_labels(store, [("a", 1)])
    with pytest.raises(DataError, match=named):
        read(store, source)


def test_a_spec_trains_on_pictures_and_on_numbers(store) -> None:
    """The same way as on any other source."""
    pictures = np.random.default_rng(1).integers(0, 256, (40, 4, 4)).astype(np.float32)
    ids = [f"p{number}" for number in range(40)]
    capture_rows(store, ids, layout=replace(LAYOUT, model="sizes", features=None, shape=(4, 4)), inputs=pictures)
    tell_labels(store, [(one, number % 3) for number, one in enumerate(ids)])
    spec = load_spec({
        "model": "sizes", "data": {"source": "captured://sizes"},
        "layers": ["Flatten", {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "sgd", "loss": "categorical_crossentropy"},
    })  # fmt: skip
    prepared = prepare(spec, roots=(), datasets=Datasets(store.objects))
    assert prepared.instance.shape == (4, 4)
    assert prepared.class_names == LAYOUT.class_names
    assert sum(piece.rows for piece in prepared.pieces.values()) == 40

    layout = replace(LAYOUT, model="prices", task="regression", class_names=())
    capture_rows(store, ids, layout=layout, outputs=np.zeros((40, 1)))
    tell_labels(store, [(one, number / 2, "prices") for number, one in enumerate(ids)])
    values = read(store, "captured://prices").targets
    assert sorted(values.tolist()) == [number / 2 for number in range(40)]
