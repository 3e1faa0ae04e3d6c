from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.spec import load_spec
from models.store.datasets import Datasets
from models.store.store import Store
from service.jobs.data_preview.preview import preview_data
from service.jobs.data_preview.row_counts import count_rows

SOFTMAX = {"Dense": {"units": 2, "activation": "softmax"}}


def problems(root: Path, source: str, datasets: Datasets | None = None, **changes: Any) -> list[str]:
    document = {
        "model": "m", "data": {"source": source}, "layers": ["Flatten", SOFTMAX],
        "compile": {"loss": "categorical_crossentropy"}, **changes,
    }  # fmt: skip
    found = preview_data(load_spec(document), roots=(str(root),), datasets=datasets)
    return [f"{problem.path}: {problem.message}" for problem in found]


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_the_classes_of_a_folder_of_images_are_counted(tmp_path: Path, classes: int) -> None:
    """Its sub-folders; fewer than two are none."""
    for name in "abc"[:classes]:
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "images" / name / f"{number}.png").touch()
    found = problems(tmp_path, "images", preprocessing=[{"resize": [8, 8]}])
    expected = {1: ["at least two"], 2: [], 3: ["expected 3 units, one for each class in the data"]}[classes]
    assert len(found) == len(expected)
    assert all(message in one for message, one in zip(expected, found, strict=True))


def test_arrays_are_not_resized(tmp_path: Path) -> None:
    """Only images are, when they are decoded."""
    np.savez(tmp_path / "a.npz", x=np.zeros((6, 8, 8)), y=np.arange(6) % 2)
    assert problems(tmp_path, "a.npz", preprocessing=[{"resize": [4, 4]}]) == [
        "preprocessing.0.resize: expected a folder of images; received instances of shape [8, 8]"
    ]


@pytest.mark.parametrize(
    ("size", "message"), [([8], "a list of 2"), ([0, 8], "a whole number from 1"), ("big", "a list of 2")]
)
def test_a_size_is_two_whole_numbers(tmp_path: Path, size: Any, message: str) -> None:
    """Height and width."""
    with pytest.raises(Exception, match=r"preprocessing\.0\.resize") as error:
        problems(tmp_path, "images", preprocessing=[{"resize": size}])
    assert message in str(error.value)


def test_an_unknown_uploaded_data_set_is_named(tmp_path: Path) -> None:
    """Where the store is at hand; a small known one is looked at as a file is."""
    datasets = Datasets(Store.open(tmp_path).objects)
    assert "expected the name or sha-256" in problems(tmp_path, "dataset://t.csv", datasets)[0]
    (tmp_path / "here.csv").write_text("a,y\n" + 3 * "1,2\n2,3\n")
    datasets.put("t.csv", tmp_path / "here.csv", created_at="now", count_rows=count_rows)
    assert problems(tmp_path, "dataset://t.csv", datasets) == []


def test_known_names_are_checked_by_scheme(tmp_path: Path) -> None:
    """Each lists its own."""
    assert "one of keras://mnist" in problems(tmp_path, "keras://minst")[0]
    assert "sklearn://diabetes" in problems(tmp_path, "sklearn://boston")[0]
