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


PROMOTED = {"model": "tiny", "version": 2, "metrics": {"accuracy": 0.95}, "gate": None}


def listed(default_version, *, state="AVAILABLE", error=None):
    version = {"version": 2, "state": state, "error": error}
    return 200, {"models": [{"name": "tiny", "default_version": default_version, "versions": [version]}]}


def test_a_training_ends_when_its_version_answers(against, finished, spec, stand_in):
    """Not while the service still answers with the version before."""
    finished(PROMOTED)
    stand_in.on("GET", "/v1/models", (200, {"models": []}), listed(1, state="LOADING"), listed(2))
    result = against("train", spec)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == [
        f"tiny version 2 answers at {stand_in.url}",
        "Next: onehot predict tiny INPUT.json",
    ]
    assert [path for _, path, *_ in stand_in.received].count("/v1/models") == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (listed(1, state="END", error="no memory"), "cannot serve tiny version 2: no memory"),
        ((200, {"models": []}), "does not have tiny version 2: does it read another store?"),
        ((403, {"error": "no scope"}), "does not say whether tiny version 2 answers: no scope"),
        (listed(3), "answers with version 3 by now"),
    ],
)
def test_a_version_that_does_not_answer_is_told_with_the_reason(against, finished, spec, stand_in, answer, said):
    """It is published all the same."""
    finished(PROMOTED)
    stand_in.on("GET", "/v1/models", answer)
    result = against("train", spec, POLL_S="0.05")
    assert result.exit_code == 0
    assert said in result.output


def local(monkeypatch, end):
    monkeypatch.setattr("onehot.direct._run", lambda *_: end)


def test_a_local_training_without_a_service_says_so(onehot, spec, monkeypatch):
    """And what lets the version answer."""
    local(monkeypatch, {"status": "finished", "result": PROMOTED})
    result = onehot("train", spec, "--local", URL="http://127.0.0.1:1")
    assert (result.exit_code, result.stderr) == (
        0, "No service runs at http://127.0.0.1:1: tiny version 2 answers after `onehot up`\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "status"),
    [("SpecError", 2), ("DataError", 2), ("DatasetNotFound", 2), ("TrainingDiverged", 1), ("OutOfMemory", 1)],
)
def test_the_exit_status_is_the_same_locally_and_through_the_queue(against, finished, spec, monkeypatch, kind, status):
    """Wrong input is 2, also where only the training finds it; failed work is 1."""
    error = {"type": kind, "message": "layers.0: expected 3 units; received 2"}
    finished(None, status="failed", error=error)
    local(monkeypatch, {"status": "failed", "error": error})
    for more in ([], ["--local"]):
        result = against("train", spec, *more)
        assert result.exit_code == status
        assert "layers.0: expected 3 units; received 2" in result.stderr


def test_a_gate_that_does_not_hold_is_1_locally_too(against, spec, monkeypatch):
    """With the same sentence, also as JSON."""
    local(monkeypatch, {"status": "finished", "result": HELD_BACK})
    assert f"Error: {SENTENCE}" in against("train", spec, "--local").stderr
    result = against("train", spec, "--local", "--json")
    assert (result.exit_code, json.loads(result.stdout)["verdict"]) == (1, SENTENCE)


@pytest.mark.parametrize("status", ["canceled", "stopped"])
def test_a_canceled_job_has_one_word_and_is_no_error(against, finished, spec, status):
    """Whether it had begun or not."""
    finished(None, status=status, error={"type": "TrainingCanceled", "message": "the training was canceled"})
    result = against("train", spec)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "job 7 was canceled")
    assert cells(against("jobs", "show", "7").stdout) == [["job", "7"], ["status", "canceled"]]


def test_a_queued_job_says_behind_how_many_it_waits(against, stand_in, finished, spec):
    """When it is followed, shown and listed."""
    finished(PROMOTED)
    queued = {"id": "7", "status": "queued", "model": "tiny", "jobs_ahead": 2}
    stand_in.on("GET", "/v1/jobs/7", (200, queued), (200, {"id": "7", "status": "finished", "result": PROMOTED}))
    assert "job 7: queued behind 2 jobs" in against("train", spec).stderr
    stand_in.on("GET", "/v1/jobs/7", (200, queued))
    assert ["status", "queued,", "behind", "2"] in cells(against("jobs", "show", "7").stdout)
    stand_in.on("GET", "/v1/jobs", (200, {"jobs": [queued]}))
    assert "queued, behind 2" in against("jobs", "list").stdout


def test_early_stopping_is_said(against, stand_in, finished, spec):
    """When it is followed, and when the job is shown; the last epoch has its line."""
    finished(PROMOTED)
    sentence = "stopped after epoch 12 of 50: val_loss did not improve for 3 epochs"
    epochs = [{"event": "epoch", "epoch": n, "epochs": 50} for n in range(1, 13)]
    epochs[-1]["stopped"] = sentence
    stand_in.on("GET", "/v1/jobs/7/events", (200, stand_in.stream(*epochs, {"event": "end", "status": "finished"})))
    job = {"id": "7", "status": "finished", "progress": epochs[-1], "result": PROMOTED}
    stand_in.on("GET", "/v1/jobs/7", (200, job))
    followed = against("train", spec).stderr
    assert "epoch 12/50" in followed
    assert sentence.capitalize() in followed
    assert sentence in against("jobs", "show", "7").stdout
