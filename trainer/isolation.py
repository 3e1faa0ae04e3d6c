"""A training in a process of its own, for a backend that this process cannot have any more.

The child is `python -m trainer - --json-lines`: the spec goes to its stdin; each epoch, and the end, comes from its
stdout as a line of JSON.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from models.errors import TrainingError
from models.manifest import Manifest
from models.spec import Spec
from models.store import Store
from trainer.watching import Progress, TrainingCancelled, Watcher

__all__ = ["TrainingFailed", "train_isolated"]

CANCEL_POLL_S = 1.0


class TrainingFailed(TrainingError):
    """What a training in another process ended with."""

    def __init__(self, *, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def train_isolated(spec: Spec, *, store: Store, job_id: str, watcher: Watcher) -> Manifest:
    """Train a spec in a fresh process and pass its progress on.

    Raises:
        TrainingFailed: With the message of the error that ended it.
        TrainingCancelled: When the watcher says so; the child is ended.
    """
    command = [sys.executable, "-m", "trainer", "-", "--json-lines", "--job-id", job_id, "--parent", str(os.getpid())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        cancelled = _cancel_on_request(child, watcher)
        _send(child, spec)
        end = _follow(child, watcher)
        child.wait()
    if cancelled.is_set():
        raise TrainingCancelled
    if end.get("status") != "finished":
        error = end.get("error", {"type": "TrainingError", "message": f"the process ended with {child.returncode}"})
        raise TrainingFailed(kind=error["type"], message=error["message"])
    return store.manifest(spec.model, int(end["result"]["version"]))


def _send(child: subprocess.Popen[str], spec: Spec) -> None:
    """Write the spec; a child that ended before it read it says why on its stdout."""
    with contextlib.suppress(BrokenPipeError):
        if child.stdin is not None:
            json.dump(spec.document, child.stdin)
            child.stdin.close()


def _follow(child: subprocess.Popen[str], watcher: Watcher) -> dict[str, Any]:
    """Pass every epoch on; the last line."""
    end: dict[str, Any] = {}
    for event in _events(child):
        kind = event.pop("event", "")
        if kind == "epoch":
            watcher.on_epoch(Progress(**event))
        elif kind == "end":
            end = event
    return end


def _events(child: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    for line in child.stdout or ():
        if line.startswith("{"):
            yield json.loads(line)


def _cancel_on_request(child: subprocess.Popen[str], watcher: Watcher) -> threading.Event:
    """Watch beside the child, which may be silent for long."""
    cancelled = threading.Event()

    def watch() -> None:
        while child.poll() is None:
            if watcher.is_cancelled():
                cancelled.set()
                child.kill()
            try:
                child.wait(CANCEL_POLL_S)
            except subprocess.TimeoutExpired:
                continue

    threading.Thread(target=watch, daemon=True).start()
    return cancelled
