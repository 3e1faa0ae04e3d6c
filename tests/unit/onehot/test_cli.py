import json
import subprocess
import sys
from pathlib import Path

import pytest

from onehot.cli import COMMANDS
from onehot.events import END

EPOCHS = [{"event": "epoch", "epoch": number, "epochs": 3} for number in (1, 2, 3)]
THE_END = {"event": END, "status": "finished"}

SPEC = {
    "model": "tiny",
    "data": {"source": "tiny.npz", "features": "x", "target": "y", "test": 0.2},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 3},
}
RESULT = {"model": "tiny", "version": 1, "metrics": {"accuracy": 0.9875}, "gate": None}
FINISHED = {"id": "7", "status": "finished", "result": RESULT, "error": None}


@pytest.fixture
def spec(onehot) -> str:  # noqa: ARG001 -- it leads into an empty folder
    Path("spec.json").write_text(json.dumps(SPEC))
    return "spec.json"


@pytest.fixture
def queue(stand_in):
    """A service that takes one job and finishes it."""
    stand_in.on("POST", "/v1/jobs", (202, {"id": "7", "status": "queued"}))
    stand_in.on("GET", "/v1/jobs/7/events", (200, stand_in.stream(*EPOCHS, THE_END)))
    stand_in.on("GET", "/v1/jobs/7", (200, FINISHED))
    return stand_in


def test_every_listed_command_can_be_loaded_and_explains_itself(onehot):
    """The table of commands names what is there, and `--help` ends with 0."""
    for name in COMMANDS:
        result = onehot(name, "--help")
        assert (result.exit_code, result.output.split()[0]) == (0, "Usage:")


def test_help_loads_no_http_client_and_no_web_or_training_framework():
    """The command answers at once."""
    code = (
        "import sys; from onehot.cli import cli\n"
        "try: cli(['--help'])\nexcept SystemExit: pass\n"
        "print([n for n in ('httpx', 'rich', 'numpy', 'obstore', 'flask', 'redis', 'keras') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_train_follows_a_job_to_its_version(against, spec, queue):
    """Epochs go to stderr, what was published to stdout."""
    result = against("train", spec, "--set", "fit.epochs=5")
    assert result.exit_code == 0
    assert "epoch 3/3" in result.stderr
    assert "Published tiny version 1\n  test accuracy     0.9875\n" in result.stdout
    assert json.loads(queue.received[0][3])["fit"]["epochs"] == 5


@pytest.mark.usefixtures("queue")
def test_train_prints_the_job_as_json(against, spec):
    """Only JSON is on stdout."""
    assert json.loads(against("train", spec, "--json").stdout) == FINISHED


@pytest.mark.usefixtures("queue")
def test_train_detached_prints_the_id_alone(against, spec):
    """For scripts."""
    result = against("train", spec, "--detach")
    assert (result.stdout, result.stderr) == ("7\n", "Next: onehot jobs follow 7\n")


def test_a_job_that_fails_ends_with_1_and_its_reason(against, spec, queue):
    """The last line of the error, and no traceback."""
    failed = {"id": "7", "status": "failed", "error": {"type": "TrainingDiverged", "message": "loss is not finite"}}
    queue.on("GET", "/v1/jobs/7/events", (200, queue.stream({"event": END, "status": "failed"})))
    queue.on("GET", "/v1/jobs/7", (200, failed))
    result = against("train", spec)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "Error: job 7 failed: loss is not finite")


def test_five_mistakes_in_a_spec_get_five_messages_and_no_job(against, spec, stand_in):
    """Each on its line with its path; nothing is sent."""
    mistakes = ["fit.epochs=0", "model=Not A Name", "layers.0.Dense.unitz=3", "data.test=2", "compile.loss=nonsense"]
    result = against("train", spec, *(part for mistake in mistakes for part in ("--set", mistake)))
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0] == "Error: the spec has 5 problems:"
    paths = {line.split(":")[0].strip() for line in lines[1:]}
    assert paths == {"fit.epochs", "model", "layers.0.Dense.unitz", "data.test", "compile.loss"}
    assert all("expected" in line and "received" in line for line in lines[1:])
    assert stand_in.received == []


def test_problems_that_only_the_service_finds_are_told_in_the_same_way(against, spec, stand_in):
    """It knows its data roots, the command line does not."""
    details = [{"path": "data.source", "message": "expected a file below ONEHOT_DATA_ROOTS; received 'tiny.npz'"}]
    stand_in.on("POST", "/v1/jobs", (400, {"error": "the spec has a problem", "details": details}))
    result = against("train", spec)
    assert result.exit_code == 2
    assert "  data.source: expected a file below ONEHOT_DATA_ROOTS" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["train"],
        ["train", "missing.yaml"],
        ["train", "spec.json", "--local", "--detach"],
        ["train", "spec.json", "--set", "nonsense"],
        ["predict", "tiny", "missing.json"],
        ["predict", "tiny", "spec.json", "--version", "1", "--label", "stable"],
        ["models", "label", "tiny", "latest", "1"],
        ["models", "label", "tiny", "stable"],
    ],
)
@pytest.mark.usefixtures("spec")
def test_wrong_usage_ends_with_2_and_one_message(against, arguments):
    """No traceback, and nothing on stdout."""
    result = against(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("spec")
def test_unknown_settings_are_named(onehot):
    """A typing mistake in a variable stops the start."""
    result = onehot("models", "list", STROE="x", WORKERS="many")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: the environment has 2 problems:\n  ONEHOT_STROE: ")
    assert "  ONEHOT_WORKERS: expected a whole number" in result.stderr


def test_a_service_that_is_not_there_ends_with_1_and_what_to_do(onehot, spec):
    """The address and the command that starts it."""
    result = onehot("train", spec, URL="http://127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "start it with `onehot up`" in result.stderr


def test_an_unexpected_error_is_one_sentence(onehot, monkeypatch):
    """Its traceback comes only when it is asked for."""
    monkeypatch.setattr("models.store.store.Store.open", lambda _: 1 / 0)
    result = onehot("models", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: unexpected ZeroDivisionError: division by zero")
    assert isinstance(onehot("models", "list", LOG_LEVEL="debug").exception, ZeroDivisionError)


def test_predict_shows_the_best_classes_by_name(against, stand_in):
    """The version that answered tells its class names."""
    answer = (200, {"predictions": [[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]]}, {"X-Onehot-Model-Version": "4"})
    stand_in.on("POST", "/v1/models/tiny/labels/canary:predict", answer)
    metadata = {"metadata": {"class_names": ["low", "middle", "high"]}}
    stand_in.on("GET", "/v1/models/tiny/versions/4/metadata", (200, metadata))
    result = against("predict", "tiny", "-", "--label", "canary", "--top-k", "2", input="[[1], [2]]")
    assert result.exit_code == 0, result.stderr
    assert [line.split() for line in result.stdout.splitlines()[1:]] == [
        ["1", "middle", "0.7000", "high", "0.2000"],
        ["2", "low", "0.5000", "high", "0.4000"],
    ]


def test_jobs_are_listed_in_columns(against, stand_in):
    """Empty cells are dashes."""
    running = {"id": "8", "status": "started", "model": "tiny", "progress": {"epoch": 2, "epochs": 9}}
    stand_in.on("GET", "/v1/jobs", (200, {"jobs": [running, FINISHED]}))
    rows = [line.split() for line in against("jobs", "list").stdout.splitlines()]
    assert rows == [
        ["JOB", "STATUS", "MODEL", "VERSION", "EPOCH", "CREATED"],
        ["8", "started", "tiny", "-", "2/9", "-"],
        ["7", "finished", "tiny", "1", "-", "-"],
    ]


def test_a_job_that_is_not_there_ends_with_1(against, stand_in):
    """What the service says is what the user reads."""
    stand_in.on("GET", "/v1/jobs/9", (404, {"error": "no job '9'"}))
    result = against("jobs", "show", "9")
    assert (result.exit_code, result.stderr) == (1, "Error: no job '9'\n")


@pytest.mark.usefixtures("queue")
def test_output_that_is_no_terminal_has_no_escape_sequences(against, spec):
    """Logs and pipes stay plain."""
    result = against("train", spec)
    assert "\x1b" not in result.output


def test_a_version_that_was_just_published_is_waited_for(against, stand_in):
    """`onehot train … && onehot predict …` works, although each process of the service looks only once a second."""
    not_yet = [
        (404, {"error": "no model 'tiny'"}),
        (503, {"error": "model 'tiny' is not loaded"}, {"Retry-After": "1"}),
    ]
    stand_in.on("POST", "/v1/models/tiny:predict", *not_yet, (200, {"predictions": [[1.0]]}))
    assert against("predict", "tiny", "-", input="[[1]]").exit_code == 0


def test_a_model_that_is_not_there_is_told_soon(against):
    """What the service says, after two of its looks."""
    result = against("predict", "none", "-", input="[[1]]", POLL_S="0.05")
    assert (result.exit_code, result.stderr) == (1, "Error: no POST /v1/models/none:predict here\n")
