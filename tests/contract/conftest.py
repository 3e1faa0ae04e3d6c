"""A service with one model of every kind, published once, talked to through Flask's test client."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.preprocessing.instances import Feature, InstanceSpec
from models.settings import Settings
from models.store.manifest import GoldenRows, TensorInfo
from models.store.store import Store

TESTS = Path(__file__).parents[1]
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
FLOWERS = InstanceSpec(
    (6,), (*(Feature(name) for name in "abcd"), Feature("gap", optional=True), Feature("island", "category")),
    model_shape=(8,),
)  # fmt: skip
STEPS: list[dict[str, Any]] = [
    {"fill": {"strategy": "constant", "values": [0.0, 0.0, 0.0, 0.0, 7.0, None]}},
    {"one_hot": {"columns": ["island"], "positions": [5], "categories": [["biscoe", "dream", "torgersen"]]}},
    {"astype": "float32"},
]


@pytest.fixture(scope="module")
def compute_line() -> Callable[[Any], np.ndarray]:
    """What the regression computes, by numpy alone."""
    return _line


def _line(rows: Any) -> np.ndarray:
    with np.load(TESTS / "fixtures" / "line.npz") as weights:
        return np.asarray(rows, np.float64) @ weights["w0"] + weights["b0"]


def _golden(rows: list[Any], predictions: np.ndarray) -> GoldenRows:
    return GoldenRows(rows, predictions.tolist(), 1e-5)


@pytest.fixture(scope="module")
def one_of_each(request, tmp_path_factory) -> Path:
    """`classic` with versions 1 (stable) and 2, `digits`, `flowers`, `line`, `odds`; `broken`, which does not load."""
    shared = request.config.pluginmanager.get_plugin(str(TESTS / "conftest.py"))
    folder = tmp_path_factory.mktemp("contract") / "store"
    store = Store.open(folder)

    def publish(model: str, graph: str, *, promote: bool = True, **changes: Any) -> None:
        store.publish(*shared._draft(model, graph, **changes), promote=promote)

    publish("classic", "classic-a")
    publish("classic", "classic-b", promote=False)
    publish("digits", "digits")
    publish("broken", "classic-a")
    (folder / "broken" / "1" / "model.onnx").write_bytes(b"not what was published")
    head = {"outputs": (TensorInfo("y", "float32", (None, 1)),)}
    publish("line", "line", task="regression", class_names=(), golden_rows=_golden([ROW], _line([ROW])), **head)
    odds = 1 / (1 + np.exp(-_line([ROW])))
    publish("odds", "odds", task="sigmoid", class_names=("no", "yes"), golden_rows=_golden([ROW], odds), **head)
    golden_rows = _golden([[1, 2, 3, 4, None, "dream"]], shared._compute("classic-a", [[1, 2, 3, 4, 7, 0, 1, 0]]))
    publish("flowers", "classic-a", instance=FLOWERS, preprocessing=STEPS, golden_rows=golden_rows)
    return folder


@pytest.fixture(scope="module")
def app_with(one_of_each) -> Callable[..., Any]:
    """The application with settings of the test's own; every version has been tried once, the queue is away."""
    from service.app import create_app
    from service.http.context import EXTENSION

    settings = Settings(
        store=str(one_of_each), redis_url="redis://127.0.0.1:1/0", max_body_bytes=1_000_000, max_rows=64
    )

    def _build(**changes: Any) -> Any:
        app = create_app(replace(settings, **changes))
        app.extensions[EXTENSION].registry.refresh()
        return app

    return _build


@pytest.fixture(scope="module")
def app(app_with) -> Any:
    """The application that only reads."""
    return app_with()


@pytest.fixture
def client(app) -> Any:
    """Talks to the application."""
    return app.test_client()
