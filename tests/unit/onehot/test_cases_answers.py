"""What people read: classes, versions, gates, rollbacks, as `cases.md` has them."""

import json
from pathlib import Path

import pytest

SPEC = {
    "model": "tiny",
    "data": {"source": "tiny.npz", "features": "x", "target": "y", "test": 0.2},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 3},
}


@pytest.fixture
def spec(onehot) -> str:  # noqa: ARG001 -- it leads into an empty folder
    Path("spec.json").write_text(json.dumps(SPEC))
    return "spec.json"


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


GATE = {
    "metric": "accuracy", "holds": False,
    "checks": [{"rule": "minimum", "expected": 0.9, "received": 0.86363636, "holds": False}],
}  # fmt: skip
HELD_BACK = {"model": "tiny", "version": 2, "metrics": {"accuracy": 0.86363636}, "gate": GATE}
SENTENCE = "not promoted: accuracy 0.8636, at least 0.9"


@pytest.fixture
def finished(stand_in):
    """Lets job 7 end with a result."""

    def finish(result, *, status="finished", error=None):
        stand_in.on("POST", "/v1/jobs", (202, {"id": "7", "status": "queued"}))
        stand_in.on("GET", "/v1/jobs/7/events", (200, stand_in.stream({"event": "end", "status": status})))
        stand_in.on("GET", "/v1/jobs/7", (200, {"id": "7", "status": status, "result": result, "error": error}))

    return finish


def test_a_gate_that_does_not_hold_ends_a_training_with_1(against, finished, spec):
    """What was published is told, why it is not promoted, and what can be done; not that all is well."""
    finished(HELD_BACK)
    for command in (["train", spec], ["jobs", "follow", "7"]):
        result = against(*command)
        assert result.exit_code == 1
        assert "Published tiny version 2" in result.stdout
        assert "Next: " not in result.output
        assert result.stderr.splitlines()[-3] == f"Error: {SENTENCE}"
        assert "onehot predict tiny INPUT --version 2" in result.stderr
    as_json = against("train", spec, "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)["result"]) == (1, HELD_BACK)


def test_a_model_without_a_promoted_version_is_not_waited_for(against, stand_in):
    """A 503 without Retry-After stays one: it is told at once."""
    stand_in.on("POST", "/v1/models/tiny:predict", (503, {"error": f"version 1 {SENTENCE}"}))
    result = against("predict", "tiny", "-", input="[[1]]", POLL_S="5")
    assert (result.exit_code, len(stand_in.received)) == (1, 1)
    assert SENTENCE in result.stderr
