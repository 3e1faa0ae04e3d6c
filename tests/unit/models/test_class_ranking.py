import numpy as np
import pytest

from models.class_ranking import held_labels, ranked_classes


def test_one_sigmoid_unit_is_the_probability_of_the_second_class():
    """The first class has the rest, and the better one comes first."""
    ranked = ranked_classes([[0.0058], [0.75]], ("malignant", "benign"), task="sigmoid")
    assert [[name for name, _ in pairs] for pairs in ranked] == [["malignant", "benign"], ["benign", "malignant"]]
    np.testing.assert_allclose([score for _, score in ranked[0]], [0.9942, 0.0058], rtol=1e-6)


def test_equal_probabilities_keep_the_order_of_the_classes():
    """The answer does not depend on a sort."""
    assert [name for name, _ in ranked_classes([[0.5]], ("no", "yes"), task="sigmoid")[0]] == ["no", "yes"]
    ranked = ranked_classes([[0.2, 0.4, 0.4]], ("a", "b", "c"), task="softmax", top_k=2)
    assert [name for name, _ in ranked[0]] == ["b", "c"]


@pytest.mark.parametrize("names", [(), ("a",), ("a", "b", "c")])
def test_classes_without_fitting_names_have_their_numbers(names):
    """No name is given to another class."""
    assert [name for name, _ in ranked_classes([[0.1, 0.9]], names, task="softmax")[0]] == ["1", "0"]


def test_labels_of_a_multi_label_model_keep_their_own_probabilities():
    """They need not sum to 1, and one label alone is not two classes."""
    assert ranked_classes([[0.75, 0.875]], ("a", "b"), task="multilabel")[0] == [("b", 0.875), ("a", 0.75)]
    assert ranked_classes([[0.75]], ("a",), task="multilabel")[0] == [("a", 0.75)]


def test_predictions_may_come_as_a_row_of_numbers():
    """One output for each instance, as some clients flatten it."""
    assert [pairs[0][0] for pairs in ranked_classes([0.1, 0.9], ("no", "yes"), task="sigmoid")] == ["no", "yes"]


def test_no_predictions_are_no_rows():
    """Nothing to rank."""
    assert ranked_classes(np.zeros((0, 3)), ("a", "b", "c"), task="softmax") == []


def test_what_a_threshold_takes_comes_before_the_others():
    """However probable those are; at the threshold itself the first class is taken, as at 0.5."""
    ranked = ranked_classes([[0.4], [0.3], [0.2]], ("no", "yes"), task="sigmoid", threshold=0.3)
    assert [[name for name, _ in pairs] for pairs in ranked] == [["yes", "no"], ["no", "yes"], ["no", "yes"]]
    assert float(ranked[0][0][1]) == pytest.approx(0.4)
    ranked = ranked_classes([[0.6, 0.3, 0.1]], ("a", "b", "c"), task="multilabel", threshold=(0.7, 0.2, 0.05))
    assert [name for name, _ in ranked[0]] == ["b", "c", "a"]
    assert ranked_classes([[0.6, 0.4]], ("a", "b"), task="softmax", threshold=0.9)[0][0][0] == "a"


def test_labels_hold_above_their_thresholds():
    """Of several; 0.5 where the version has none."""
    held = held_labels([[0.6, 0.3], [0.1, 0.9]], ("a", "b"), threshold=(0.7, 0.2))
    assert [[name for name, _ in pairs] for pairs in held] == [["b"], ["b"]]
    assert [[name for name, _ in pairs] for pairs in held_labels([[0.6, 0.7], [0.5, 0.1]], ("a", "b"))] == [
        ["b", "a"],
        [],
    ]
