import numpy as np
import pytest
from onehot_client.model_form import ModelForm
from onehot_client.predictions import Answered, Classifications, Predictions


def predicted(outputs, *, task="softmax", class_names=("cat", "dog"), threshold=None, requests=()):
    form = ModelForm(1, task, tuple(class_names), threshold)
    return Predictions("pets", 1, np.asarray(outputs, np.float32), form, requests)


def test_the_class_of_a_row_is_the_most_probable():
    """Of equal ones the first."""
    answer = predicted([[0.2, 0.8], [0.5, 0.5]])
    assert answer.classes.tolist() == ["dog", "cat"]
    assert answer.probabilities is answer.outputs
    assert len(answer) == 2


@pytest.mark.parametrize(("threshold", "classes"), [(None, ["no", "yes"]), (0.2, ["yes", "yes"]), (0.9, ["no", "no"])])
def test_one_unit_is_the_probability_of_the_second_class(threshold, classes):
    """The first one has the rest, and the version's threshold decides."""
    answer = predicted([[0.25], [0.75]], task="sigmoid", class_names=("no", "yes"), threshold=threshold)
    assert answer.classes.tolist() == classes
    np.testing.assert_array_equal(answer.probabilities, [[0.75, 0.25], [0.25, 0.75]])
    assert answer.class_names == ("no", "yes")


def test_of_several_labels_those_hold_that_are_above_their_threshold():
    """The best first; a row may have none."""
    answer = predicted(
        [[0.6, 0.9, 0.1], [0.1, 0.1, 0.1]], task="multilabel", class_names=("a", "b", "c"), threshold=(0.5, 0.5, 0.05)
    )
    assert answer.classes.tolist() == [("b", "a", "c"), ("c",)]


def test_classes_without_names_are_numbered():
    """As `:classify` does it."""
    answer = predicted([[0.1, 0.2, 0.7]], class_names=())
    assert (answer.classes.tolist(), answer.class_names) == (["2"], ("0", "1", "2"))


@pytest.mark.parametrize("name", ["classes", "probabilities"])
def test_a_regression_has_numbers_alone(name):
    """Asking for a class of it is a mistake of the caller."""
    answer = predicted([[1.5]], task="regression", class_names=())
    with pytest.raises(TypeError, match="regression"):
        getattr(answer, name)
    assert answer.outputs.tolist() == [[1.5]]


def test_true_labels_are_told_by_the_request_and_the_place_in_it():
    """Rows that went in several pieces belong to several requests; what is not known is left out."""
    answer = predicted([[1, 0]] * 3, requests=(Answered("r1", 2), Answered("r2", 1)))
    assert answer.request_id == "r1"
    assert answer.feedback(["dog", None, "cat"]) == [
        {"request_id": "r1", "index": 0, "label": "dog"},
        {"request_id": "r2", "index": 0, "label": "cat"},
    ]
    with pytest.raises(ValueError, match="shorter"):
        answer.feedback(["dog"])


def test_rankings_know_the_best_label_of_each_row():
    """The first of each."""
    answer = Classifications("pets", 1, [[("dog", 0.9), ("cat", 0.1)], [("cat", 1.0)]], (Answered("r1", 2),))
    assert (answer.best, len(answer), answer.request_id) == (["dog", "cat"], 2, "r1")
