import sys

import pytest

import trainer.launch.subprocess_training
from models.spec import Spec
from models.store.store import Store
from trainer.fit.progress import NullObserver, TrainingCanceled, TrainingPaused
from trainer.launch.subprocess_training import TrainingFailed, train_in_subprocess


@pytest.fixture
def run(monkeypatch, make_spec, tmp_path):
    """Train with a child that runs this code in place of the trainer."""

    def run_code(code: str, observer: NullObserver | None = None):
        popen = trainer.launch.subprocess_training.subprocess.Popen
        monkeypatch.setattr(
            trainer.launch.subprocess_training.subprocess,
            "Popen",
            lambda _, **options: popen([sys.executable, "-c", code], **options),
        )
        spec: Spec = make_spec()
        return train_in_subprocess(spec, store=Store.open(tmp_path), job_id="job", observer=observer or NullObserver())

    return run_code


class Saying(NullObserver):
    """Raises at the first look."""

    def __init__(self, interruption: Exception) -> None:
        self.interruption = interruption

    def check(self) -> None:
        """Raise."""
        raise self.interruption


def test_a_child_that_was_killed_is_told(run) -> None:
    """With the signal."""
    with pytest.raises(TrainingFailed, match="ended by signal 9") as failed:
        run("import os; os.kill(os.getpid(), 9)")
    assert failed.value.kind == "ProcessKilled"


def test_a_child_that_says_nothing_is_told(run) -> None:
    """With its status."""
    with pytest.raises(TrainingFailed, match="ended with status 3"):
        run("raise SystemExit(3)")


def test_a_child_is_canceled(run) -> None:
    """At once."""
    with pytest.raises(TrainingCanceled):
        run("import time; time.sleep(60)", Saying(TrainingCanceled()))


def test_a_child_is_paused_by_sigterm(run) -> None:
    """It has time for its checkpoint."""
    code = (
        "import json, signal, sys\n"
        "def pause(*_):\n"
        "    print(json.dumps({'event': 'end', 'status': 'paused'}))\n"
        "    sys.exit(75)\n"
        "signal.signal(signal.SIGTERM, pause)\n"
        "signal.pause()\n"
    )
    with pytest.raises(TrainingPaused):
        run(code, Saying(TrainingPaused()))
