import numpy as np
import pytest

from models.preprocessing.pipeline import StepSpec
from models.sources.class_labels import read_classes, read_values
from models.spec import DataSpec
from trainer.data import load_dataset
from trainer.data.dataset import Dataset

ONE_HOT = (StepSpec("one_hot", {"columns": ["zip"]}),)


@pytest.fixture
def table(tmp_path):
    """Reads a CSV file of these lines."""

    def read(*lines: str, steps=()):
        (tmp_path / "t.csv").write_text("\n".join(lines))
        return load_dataset(DataSpec(str(tmp_path / "t.csv"), None, "kind"), roots=(str(tmp_path),), steps=steps)

    return read


def test_a_category_keeps_its_leading_zeros(table) -> None:
    """007 is no 7: a client sends it as it stands in the file."""
    dataset = table("size,zip,kind", "1,007,a", "2,7,b", "3,0123,a", steps=ONE_HOT)
    assert dataset.features[:, 1].tolist() == ["007", "7", "0123"]
    assert dataset.features[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_a_category_without_them_is_spelled_as_a_number(table) -> None:
    """As JSON spells it, whether the column has gaps or not."""
    dataset = table("size,zip,kind", "1,7,a", "0.5,0,b", "3,10,a", steps=ONE_HOT)
    assert dataset.features[:, 1].tolist() == ["7", "0", "10"]


def test_labels_keep_their_leading_zeros(table) -> None:
    """They name the classes."""
    dataset = table("size,kind", "1,007", "2,008", "3,007")
    assert read_classes(dataset.targets, None, where="t").class_names == ("007", "008")


def test_padded_numbers_stay_numbers(table) -> None:
    """Where a number is needed: as a feature, and as a value to predict."""
    dataset = table("size,kind", "01,007", "02,010", "10,100")
    assert dataset.features.tolist() == [[1.0], [2.0], [10.0]]
    assert read_values(dataset.targets, where="t").values.tolist() == [[7.0], [10.0], [100.0]]


def test_rows_know_where_they_were_in_their_source() -> None:
    """Also when they were taken twice, and when the source has a test part of its own."""
    rows = np.arange(10)
    dataset = Dataset("t", rows[:, None], rows, "", own_test_rows=4)
    assert dataset.take(np.array([1, 5, 6, 9])).source_rows(np.arange(4)).tolist() == [1, 5, 0, 3]
    twice = Dataset("t", rows[:, None], rows, "").take(np.array([2, 4, 8])).take(np.array([2, 0]))
    assert twice.source_rows(np.arange(2)).tolist() == [8, 2]
