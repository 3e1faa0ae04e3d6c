"""What people read: classes, versions, gates, rollbacks, as `cases.md` has them."""

import json

import pytest


@pytest.fixture
def model(stand_in):
    """Lets version 4 of `tiny` answer with predictions that mean something."""

    def answer(predictions, *, task, class_names):
        stand_in.on("POST", "/v1/models/tiny:predict",
                    (200, {"predictions": predictions}, {"X-Onehot-Model-Version": "4"}))  # fmt: skip
        metadata = {"metadata": {"task": task, "class_names": class_names}}
        stand_in.on("GET", "/v1/models/tiny/versions/4/metadata", (200, metadata))

    return answer


def cells(text):
    return [line.split() for line in text.splitlines()]


def test_one_sigmoid_unit_is_told_as_the_class_and_its_probability(against, model):
    """Not as the positive class with whatever value it has."""
    model([[0.0058], [0.9]], task="sigmoid", class_names=["malignant", "benign"])
    best = against("predict", "tiny", "-", input="[[1], [2]]")
    assert [row[1:] for row in cells(best.stdout)[1:]] == [["malignant", "0.9942"], ["benign", "0.9000"]]
    both = against("predict", "tiny", "-", "--top-k", "2", input="[[1], [2]]")
    assert [row[1:] for row in cells(both.stdout)[1:]] == [
        ["malignant", "0.9942", "benign", "0.0058"],
        ["benign", "0.9000", "malignant", "0.1000"],
    ]
    document = json.loads(against("predict", "tiny", "-", "--json", input="[[1], [2]]").stdout)
    assert document["results"][0] == [["malignant", 0.9942], ["benign", 0.0058]]
    assert document["predictions"] == [[0.0058], [0.9]]


def test_the_version_that_answered_is_told(against, model):
    """On stderr: a pipe gets the rows alone."""
    model([[0.1]], task="sigmoid", class_names=["no", "yes"])
    result = against("predict", "tiny", "-", input="[[1]]")
    assert "tiny version 4 answered" in result.stderr
    assert len(result.stdout.splitlines()) == 2


def test_the_labels_that_hold_are_told_of_a_multi_label_model(against, model):
    """All from 0.5, and none where none does; --top-k asks for the best ones whatever they are."""
    model([[0.9, 0.2, 0.6], [0.1, 0.2, 0.3]], task="multilabel", class_names=["cat", "dog", "fox"])
    lines = against("predict", "tiny", "-", input="[[1], [2]]").stdout.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines[1:]] == ["cat 0.9000, fox 0.6000", "-"]
    best = against("predict", "tiny", "-", "--top-k", "1", input="[[1], [2]]")
    assert [row[1:] for row in cells(best.stdout)[1:]] == [["cat", "0.9000"], ["fox", "0.3000"]]


def test_the_outputs_of_a_regression_are_not_classes(against, model):
    """They stay in their order, and have no probability."""
    model([[3.5, -1.0, 7.0]], task="regression", class_names=[])
    result = against("predict", "tiny", "-", input="[[1]]")
    assert result.stdout.splitlines()[0].split() == ["ROW", "OUTPUT", "0", "OUTPUT", "1", "OUTPUT", "2"]
    assert cells(result.stdout)[1][1:] == ["3.5000", "-1.0000", "7.0000"]
    model([[3.5]], task="regression", class_names=[])
    assert cells(against("predict", "tiny", "-", input="[[1]]").stdout) == [["ROW", "VALUE"], ["1", "3.5000"]]
