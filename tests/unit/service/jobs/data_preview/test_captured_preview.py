"""Captured rows as the source of a submitted spec."""

from typing import Any

import pytest

from models.errors import SpecError
from models.store.datasets import Datasets
from models.store.store import Store
from service.jobs.spec_check import read_spec
from tests.captured_rows import capture_rows, tell_labels


def spec(source: str, units: int = 3) -> dict[str, Any]:
    return {
        "model": "iris", "data": {"source": source}, "layers": [{"Dense": {"units": units, "activation": "softmax"}}],
        "compile": {"optimizer": "sgd", "loss": "categorical_crossentropy"},
    }  # fmt: skip


@pytest.fixture
def check(store_folder):
    """Submit a spec against a store with rows of iris, of which half are labelled."""
    store = Store.open(store_folder)
    ids = [f"r{number}" for number in range(60)]
    capture_rows(store, ids)
    tell_labels(store, [(one, number % 3) for number, one in enumerate(ids[::2])])
    capture_rows(store, ["unlabelled"])
    return lambda document: read_spec(document, roots=(), datasets=Datasets(store.objects))


def test_a_spec_on_captured_rows_is_taken(check) -> None:
    """With labels, and units that fit them."""
    assert check(spec("captured://iris?since=7d")).data.source == "captured://iris?since=7d"


@pytest.mark.parametrize(
    ("document", "path", "named"),
    [
        (spec("captured://iris", units=4), "layers.0.Dense", "3 units"),
        (spec("captured://wine"), "data.source", "PUT /v1/models/wine/capture"),
        (spec("captured://iris?version=9"), "data.source", "61 captured rows, none of them with a label"),
        (spec("captured://iris?colour=red"), "data.source", "one of labelled"),
        (
            spec("captured://iris") | {"data": {"source": "sklearn://iris", "test": "captured://?"}},
            "data.test",
            "MODEL",
        ),
    ],
)
def test_what_is_wrong_is_said_at_submission(check, document, path, named) -> None:
    """With the path of the key."""
    with pytest.raises(SpecError) as raised:
        check(document)
    (problem,) = raised.value.problems
    assert problem.path == path
    assert named in f"{problem.expected}; {problem.received}"
