import numpy as np
import pytest

from models.errors import DataError
from models.sources.class_labels import Labels, read_classes, read_more, read_multi_hot, read_values, to_one_hot

WHERE = "a.csv: target"


@pytest.mark.parametrize(
    ("raw", "class_names", "indices", "names"),
    [
        (np.array([2, 0, 1, 0]), None, [2, 0, 1, 0], ("0", "1", "2")),
        (np.array([5, 3, 5, 3]), None, [1, 0, 1, 0], ("3", "5")),
        (np.array([-1, 1, -1, 1]), None, [0, 1, 0, 1], ("-1", "1")),
        (np.array([1.0, 2.0, 1.0]), None, [0, 1, 0], ("1", "2")),
        (np.array([True, False, True]), None, [1, 0, 1], ("false", "true")),
        (np.array(["b", "a", "b"]), None, [1, 0, 1], ("a", "b")),
        (np.array(["b", "a", "b"], dtype=object), ("b", "a"), [0, 1, 0], ("b", "a")),
        (np.array([0, 1, 0]), ("cat", "dog"), [0, 1, 0], ("cat", "dog")),
        (np.array([[0, 1], [1, 0], [0, 1]]), None, [1, 0, 1], ("0", "1")),
        (np.array([[1.0], [0.0], [1.0]]), None, [1, 0, 1], ("0", "1")),
    ],
)
def test_labels_of_every_form_become_indices(raw, class_names, indices, names) -> None:
    """Integers, floats that are whole, booleans, text, one-hot rows; names in the order of the outputs."""
    labels = read_classes(raw, class_names, where=WHERE)
    assert labels.values.tolist() == indices
    assert labels.class_names == names


@pytest.mark.parametrize(
    ("raw", "class_names", "message"),
    [
        (np.array([1, 1, 1]), None, "at least two classes; received only 1"),
        (
            np.array([0.5, 1.0, 0.0]),
            None,
            "row 1: expected whole numbers, text or booleans as class labels; received 0.5",
        ),
        (np.array([0.0, np.nan]), None, "row 2: expected whole numbers"),
        (np.array(["a", None, "b"], dtype=object), None, "row 2: expected a label in every row"),
        (np.array([[1, 1], [0, 1]]), None, "row 1: expected exactly one 1 in a one-hot row"),
        (np.array([[1, 0], [0, 2]]), None, "row 2: expected rows of 2 values, each 0 or 1; received [0, 2]"),
        (np.array([[1, 0], [1, 0]]), None, "at least two classes"),
        (np.array([0, 1, 2]), ("a", "b"), "expected rows that share classes"),
        (
            np.array([0, 1, 2, 0]),
            ("a", "b"),
            "3 class names, one for each class in the data (0, 1, 2); received 2 names",
        ),
        (
            np.array([0, 1, 0]),
            ("a", "b", "c"),
            "2 class names, one for each class in the data (0, 1); received 3 names",
        ),
        (np.array(["x", "y", "x"]), ("x", "z"), "the labels of the data (x, y); received names without 'y'"),
        (np.zeros((3, 2, 2)), None, "one label a row, or one-hot rows; received shape [3, 2, 2]"),
    ],
)
def test_labels_that_do_not_fit_are_named(raw, class_names, message) -> None:
    """The row, what was expected and what came."""
    with pytest.raises(DataError) as error:
        read_classes(raw, class_names, where=WHERE)
    assert message in str(error.value)


def test_another_source_is_encoded_alike() -> None:
    """Also when it lacks a class."""
    known = read_classes(np.array(["a", "b", "c", "a"]), None, where=WHERE)
    assert read_more(np.array(["c", "c"]), known, where="b.csv").values.tolist() == [2, 2]
    with pytest.raises(DataError, match=r"b\.csv, row 2: expected one of the classes a, b, c; received 'd'"):
        read_more(np.array(["c", "d"]), known, where="b.csv")


def test_rows_of_several_classes_stay_rows() -> None:
    """For sigmoid units."""
    labels = read_multi_hot(np.array([[1, 1], [0, 0]]), ("p", "q"), where=WHERE)
    assert labels.values.tolist() == [[1, 1], [0, 0]]
    assert labels.counts() == {"p": 1, "q": 1}


def test_numbers_to_predict_must_be_numbers() -> None:
    """For regression."""
    assert read_values(np.array([1.5, 2.5]), where=WHERE).values.shape == (2, 1)
    with pytest.raises(DataError, match="row 2: expected a finite number"):
        read_values(np.array([1.5, np.inf]), where=WHERE)


def test_one_hot_rows_are_float32_and_never_wrap() -> None:
    """Where Keras' to_categorical makes float64 and takes -1 for the last class."""
    hot = to_one_hot(np.array([2, 0]), 3)
    assert hot.dtype == np.float32
    assert hot.tolist() == [[0, 0, 1], [1, 0, 0]]
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match="class indices from 0 to 2"):
            to_one_hot(np.array([wrong]), 3)


def test_classes_are_counted() -> None:
    """For the report's class balance."""
    assert Labels(np.array([0, 1, 1]), ("a", "b", "c")).counts() == {"a": 1, "b": 2, "c": 0}


def test_one_hot_rows_beside_labels_are_refused() -> None:
    """Which of the labels each column is cannot be told."""
    known = read_classes(np.array([3, 5, 7, 3]), None, where=WHERE)
    with pytest.raises(DataError, match=r"expected one label a row, .* received one-hot rows of 3"):
        read_more(np.eye(3), known, where="other.npz: target")
