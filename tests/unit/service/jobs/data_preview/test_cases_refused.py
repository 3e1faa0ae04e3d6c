"""Refused before it is queued, whatever can be known: each with its path, what was expected and what came."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import SpecError
from service.jobs.spec_check import read_spec

ROWS = np.arange(30)
X = np.random.default_rng(1).random((30, 4))
FLOATS = np.linspace(0.1, 2.5, 30)


def document(source: str, units: int = 3, activation: str = "softmax", **changes: Any) -> dict[str, Any]:
    loss = {"softmax": "sparse_categorical_crossentropy", "sigmoid": "binary_crossentropy", "linear": "mse"}[activation]
    layers = changes.pop("layers", [])
    return {
        "model": "m", "data": {"source": source, **changes.pop("data", {})},
        "layers": [*layers, {"Dense": {"units": units, "activation": activation}}],
        "compile": {"loss": loss}, **changes,
    }  # fmt: skip


def refused(root: Path, spec: dict[str, Any]) -> list[str]:
    """What the service says of it, as `path: message`."""
    with pytest.raises(SpecError) as caught:
        read_spec(spec, roots=(str(root),))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("targets", "spec", "message"),
    [
        (ROWS % 4, {}, "layers.0.Dense: expected 4 units, one for each class in the data; received 3"),
        (ROWS % 2, {}, "layers.0.Dense: expected 2 units, one for each class in the data; received 3"),
        (np.array(["a", "b"])[ROWS % 2], {}, "layers.0.Dense: expected 2 units"),
        (ROWS % 3, {"units": 1, "activation": "sigmoid"}, "layers.0.Dense: expected 3 softmax units"),
        (X[:, :2], {"units": 1, "activation": "linear"}, "expected 2 units, one for each value to predict; received 1"),
        (ROWS * 0, {}, "data.npz: target: expected at least two classes; received only 0"),
        (np.eye(3)[ROWS * 0], {}, "data.npz: target: expected at least two classes; received the same class"),
        (FLOATS, {}, "data.npz: target, row 1: expected whole numbers, text or booleans as class labels; received 0.1"),
        (ROWS, {"units": 30}, "data.npz: target: expected rows that share classes; received 30 classes in 30 rows"),
        (np.where(ROWS < 2, 2, ROWS % 2), {}, "data: class '2': expected at least 3 rows of each class"),
        (ROWS % 3, {"data": {"test": 0.6, "validation": 0.35}}, "data: expected splits that leave rows of every class"),
        (np.array(["a", "b"])[ROWS % 2], {"units": 1, "activation": "linear"}, "row 1: expected a number to predict"),
        (ROWS % 3, {"data": {"class_names": ["a", "b"]}}, "data.class_names: expected 3 class names"),
    ],
)  # fmt: skip
def test_targets_that_cannot_be_trained_on_are_refused(tmp_path, targets, spec, message) -> None:
    """In an archive of arrays, at submission."""
    np.savez(tmp_path / "data.npz", x=X, y=targets)
    (found,) = refused(tmp_path, document("data.npz", **spec))
    assert message in found


@pytest.mark.parametrize(
    ("cells", "spec", "message"),
    [
        ("abcd", {}, "layers.0.Dense: expected 4 units"),
        (["0.5", "1.5", "2.5"], {}, "data.csv: column 'y', line 2: expected whole numbers, text or booleans"),
        (["only"], {}, "data.csv: column 'y': expected at least two classes; received only 'only'"),
        (["big", "small"], {"units": 1, "activation": "linear"}, "column 'y', line 2: expected a number to predict"),
        (["1", "2", "3"], {"units": 2, "activation": "linear"}, "layers.0.Dense: expected 1 units"),
    ],
)
def test_a_tables_targets_that_cannot_be_trained_on_are_refused(tmp_path, cells, spec, message) -> None:
    """The same of a CSV file."""
    lines = [f"{row}.5,{row},{cells[row % len(cells)]}" for row in range(24)]
    (tmp_path / "data.csv").write_text("\n".join(["a,b,y", *lines]))
    (found,) = refused(tmp_path, document("data.csv", **spec))
    assert message in found


def test_one_table_of_numbers_is_looked_at(tmp_path) -> None:
    """An .npy file went unseen: its shape, its column of targets."""
    np.save(tmp_path / "data.npy", np.column_stack([X, ROWS % 4]))
    assert "expected 4 units" in refused(tmp_path, document("data.npy"))[0]
    assert read_spec(document("data.npy", units=4), roots=(str(tmp_path),)).model == "m"
    (found,) = refused(tmp_path, document("data.npy", units=4, data={"target": "9"}))
    assert found.startswith("data.target: expected a column's index from 0 to 4")


@pytest.mark.parametrize("ending", ["parquet", "json", "npy", "npz", "jsonl"])
def test_a_file_that_is_not_what_its_ending_says_is_refused(tmp_path, ending) -> None:
    """Before a worker reads it."""
    (tmp_path / f"data.{ending}").write_bytes(b"no such file at all")
    (found,) = refused(tmp_path, document(f"data.{ending}"))
    assert found.startswith(f"data.{ending}")


def test_classes_of_too_few_images_are_refused(tmp_path) -> None:
    """One image is not in three parts."""
    for name, images in (("cats", 5), ("dogs", 1)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(images):
            (tmp_path / "pets" / name / f"{number}.png").touch()
    spec = document("pets", units=2, layers=["Flatten"], preprocessing=[{"resize": [8, 8]}])
    (found,) = refused(tmp_path, spec)
    assert found.startswith("data: class 'dogs': expected at least 3 rows of each class")


def test_an_impossible_network_and_its_targets_are_refused_together(tmp_path) -> None:
    """Each under its own path."""
    np.savez(tmp_path / "data.npz", x=X, y=ROWS % 4)
    layers = [{"Conv2D": {"filters": 2, "kernel_size": 3}}, "Flatten"]
    network, units = refused(tmp_path, document("data.npz", layers=layers))
    assert network.startswith("layers.0.Conv2D: expected a shape of 3 axes (height, width, channels); received")
    assert units.startswith("layers.2.Dense: expected 4 units")


def test_an_own_test_part_needs_no_share(tmp_path) -> None:
    """Two rows of each class are enough for what is left to split."""
    half = {"x_test": X[:4], "y_test": np.array([0, 1, 0, 1])}
    np.savez(tmp_path / "data.npz", x_train=X[:4], y_train=np.array([0, 1, 0, 1]), **half)
    assert read_spec(document("data.npz", units=2), roots=(str(tmp_path),)).model == "m"
