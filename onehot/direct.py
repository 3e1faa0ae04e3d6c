"""Training in a child process of this machine, shown like a job of the queue."""

import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from models.errors import StoreUnavailable
from models.runs.local import LocalRun
from models.settings import read_settings
from models.spec import load_spec
from models.store.gate_verdict import with_verdict
from models.store.store import Store
from onehot.events import END, EPOCH, FOLD
from onehot.following import FINISHED, INTERRUPTED_STATUS, error_of, failure, print_stopped
from onehot.local.child import Child, Program, trainer_environment
from onehot.local.interrupts import ends_as_interrupts, signals_call
from onehot.output import print_json, print_line
from onehot.progress import UNTRACKED, Tracker, epoch_screen

__all__ = ["train_here"]

POLL_S = 0.2
CANCELED = "the training was canceled"
FACTS = "facts"
"""The event that tells what the record of the run is to say."""


def train_here(document: Mapping[str, Any], *, as_json: bool, tracker: Tracker = UNTRACKED) -> dict[str, Any]:
    """Train in a child process and show its progress; returns the result, which is printed as JSON only.

    Args:
        document: The spec.
        as_json: Whether the result is printed.
        tracker: Hears of epochs and end.

    Raises:
        WorkFailed: When the training did not finish.
        WrongUsage: When that was the fault of its spec or data.
    """
    run = LocalRun.begin(uuid.uuid4().hex, load_spec(document).document, document)
    with tempfile.TemporaryDirectory(prefix="onehot-") as folder:
        spec = Path(folder) / "spec.json"
        spec.write_text(json.dumps(document), encoding="utf-8")
        end = _run(spec, run, tracker)
    tracker.ended(end)
    if end.get("status") != FINISHED:
        raise failure(end, error_of(end) or f"the training ended as {end.get('status')}")
    result = with_verdict(end.get("result") or {})
    if as_json:
        print_json(result)
    return result


def _run(spec: Path, run: LocalRun, tracker: Tracker) -> dict[str, Any]:
    lines: SimpleQueue[str] = SimpleQueue()
    command = (sys.executable, "-P", "-u", "-m", "trainer", str(spec), "--json-lines", "--run-id", run.id)
    child = Child(Program("trainer", command, trainer_environment()), lambda _, line: lines.put(line))
    end: dict[str, Any] = {}
    is_canceled = False
    try:
        with ends_as_interrupts(), epoch_screen(sys.stderr, waiting="training on this machine: starting") as show:
            for event in _events(child, lines):
                kind = event.pop("event", "")
                if kind == EPOCH:
                    show(event)
                    tracker.epoch(event)
                    run.add_epoch(event)
                elif kind == FOLD:
                    show(event)
                elif kind == FACTS:
                    run.facts.update(event)
                elif kind == END:
                    end = event
    except KeyboardInterrupt:
        tracker.ended({"status": "stopped", "error": "the training was interrupted"})
        print_line("\nTraining stopped; nothing is published.", err=True)
        is_canceled = True
    finally:
        with signals_call(child.ask_to_stop):
            child.stop()
    if not end:
        _record(run, *(("stopped", CANCELED) if is_canceled else ("failed", _last_words(child))))
    if is_canceled:
        sys.exit(INTERRUPTED_STATUS)
    print_stopped(run.epochs[-1] if run.epochs else {})
    return end or {"error": {"message": _last_words(child)}}


def _record(run: LocalRun, status: str, message: str) -> None:
    """Write the record of a training that was killed, and could not do so itself."""
    kind = "TrainingCanceled" if status == "stopped" else "ProcessKilled"
    try:
        run.end(Store.open(read_settings(os.environ).store), status, {"type": kind, "message": message})
    except StoreUnavailable as unavailable:
        print_line(f"no record of run {run.id} in the store: {unavailable}", err=True)


def _events(child: Child, lines: SimpleQueue[str]) -> Iterator[dict[str, Any]]:
    """What the trainer reports; its framework's chatter between the JSON lines is passed over."""
    running = True
    while running or not lines.empty():
        running = child.poll() is None
        if not running:
            child.wait()
        try:
            event = json.loads(lines.get(timeout=POLL_S))
        except (Empty, ValueError):
            continue
        if isinstance(event, dict):
            yield event


def _last_words(child: Child) -> str:
    last = child.last_lines[-1] if child.last_lines else "it printed nothing"
    return f"the trainer ended with status {child.poll()}: {last}"
