"""A training in a process of its own, for a backend that this process cannot have any more.

The child is `python -m trainer - --json-lines`: the spec goes to its stdin; each epoch, and the end, comes from its
stdout as a line of JSON. SIGTERM has it write a checkpoint and end.
"""

import contextlib
import json
import os
import subprocess
import threading
from typing import Any

from models.errors import TrainingError
from models.queue.search_step import SearchStep
from models.spec import Spec
from models.store.manifest import Manifest
from models.store.store import Store
from trainer.child_processes import module_command
from trainer.fit.progress import Interruption, Progress, TrainingObserver, TrainingPaused

__all__ = ["PAUSED", "TrainingFailed", "train_in_subprocess", "train_trial_in_subprocess"]

LOOK_S = 0.5
PAUSED = "paused"
"""The status of a training that another process shall go on with."""


class TrainingFailed(TrainingError):
    """The error that ended a training in another process."""

    def __init__(self, *, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def train_in_subprocess(
    spec: Spec, *, store: Store, job_id: str, observer: TrainingObserver, warnings: tuple[str, ...] = (),
    winner: SearchStep | None = None,
) -> Manifest:  # fmt: skip
    """Train a spec in a fresh process and pass its progress on; `warnings` are kept with the version.

    Raises:
        TrainingFailed: With the message of the error that ended it.
        Interruption: When the observer says so; the child is ended.
    """
    told = [f"--warning={warning}" for warning in warnings]
    if winner is not None:
        told += ["--search", json.dumps(winner.document)]
    end = _run(spec, observer, "--job-id", job_id, *told)
    return store.manifest(spec.model, int(end["result"]["version"]))


def train_trial_in_subprocess(spec: Spec, step: SearchStep, *, observer: TrainingObserver) -> dict[str, Any]:
    """Train a trial of a search in a fresh process and pass its progress on; what it measured.

    Raises:
        TrainingFailed, Interruption: As `train_in_subprocess`.
    """
    end = _run(spec, observer, "--job-id", step.checkpoints, "--search", json.dumps(step.document))
    return dict(end["result"])


def _run(spec: Spec, observer: TrainingObserver, *arguments: str) -> dict[str, Any]:
    """Run a child to its end; the last of its lines."""
    command = module_command("trainer", "-", "--json-lines", "--parent", str(os.getpid()), *arguments)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        guard = _Guard(child, observer)
        threading.Thread(target=guard.watch, daemon=True).start()
        _send(child, spec)
        end = _follow(child, observer)
        child.wait()
    if guard.interruption is not None and end.get("status") != "finished":
        raise guard.interruption
    if end.get("status") != "finished":
        raise TrainingFailed(**_error_fields(end, child.returncode))
    return end


def _error_fields(end: dict[str, Any], status: int) -> dict[str, str]:
    """The error that the child reported; its exit status where it reported none."""
    if "error" in end:
        return {"kind": end["error"]["type"], "message": end["error"]["message"]}
    if status < 0:
        message = f"the training's process was ended by signal {-status}"
        return {"kind": "ProcessKilled", "message": message}
    return {"kind": "TrainingError", "message": f"the training's process ended with status {status}"}


def _send(child: subprocess.Popen[str], spec: Spec) -> None:
    """Write the spec; a child that ended before it read it says why on its stdout."""
    with contextlib.suppress(BrokenPipeError):
        if child.stdin is not None:
            json.dump(spec.document, child.stdin)
            child.stdin.close()


def _follow(child: subprocess.Popen[str], observer: TrainingObserver) -> dict[str, Any]:
    """Pass every epoch on; the last line."""
    end: dict[str, Any] = {}
    events = (json.loads(line) for line in child.stdout or () if line.startswith("{"))
    for event in events:
        kind = event.pop("event", "")
        if kind in ("epoch", "fold"):
            observer.on_epoch(Progress(**event))
        elif kind == "checkpoint":
            observer.on_checkpoint()
        elif kind == "facts":
            observer.on_facts(event)
        elif kind == "end":
            end = event
    return end


class _Guard:
    """Asks the observer beside the child, which may be silent for long."""

    def __init__(self, child: subprocess.Popen[str], observer: TrainingObserver) -> None:
        self.child = child
        self.observer = observer
        self.interruption: Interruption | None = None

    def watch(self) -> None:
        """End the child when the observer says so, until it has ended."""
        while self.child.poll() is None:
            self._look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(LOOK_S)

    def _look(self) -> None:
        if self.interruption is not None:
            return
        try:
            self.observer.check()
        except TrainingPaused as paused:
            self.interruption = paused
            self.child.terminate()
        except Interruption as interruption:
            self.interruption = interruption
            self.child.kill()
