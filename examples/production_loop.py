"""`make demo-loop`: from the first version to the next one, as production asks for it; and a bad one that comes back.

Handwritten digits are served; then the camera gets darker and sits askew. Monitoring says so, the true labels say what
it costs, a training on the captured rows makes a candidate, and a rollout with shadow and canary brings it to answer.
A second candidate, hardly trained, is rolled back. Every step is checked: the first that does not hold ends the demo.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
from onehot_client import Client, NotFound

from models.errors import OnehotError
from models.settings import PREFIX, read_settings
from models.spec.yaml_text import dump_document, load_document
from onehot.failures import WorkFailed
from onehot.following import INTERRUPTED_STATUS
from onehot.local.interrupts import ends_as_interrupts
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack
from onehot.output import print_line

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
MODEL = "digits"
INDENT = "   "
ROWS = 10
"""Rows of a request."""
SEEN = 1500
"""Rows from the changed camera, on which the next version is trained."""
FLUSHED_S = 2.0
"""After which all processes have told what they counted."""
PATIENCE_S = 100.0
DARKER, NOISE, SIDE = 0.5, 1.0, 8
Array = np.ndarray[Any, np.dtype[Any]]
Camera = Callable[[Array, np.random.Generator], Array]
SPEC = load_document((ROOT / "examples" / "digits.yaml").read_bytes(), name="digits.yaml") | {
    "data": {"source": "sklearn://digits", "validation": 0.15, "test": 0.5},
    "fit": {"epochs": 12, "batch_size": 32},
}
CAPTURED = {"source": f"captured://{MODEL}?labelled=true&since=1h", "validation": 0.15, "test": 0.2}
BETTER = {
    "steps": [{"shadow": 100}, {"canary": 25}, {"canary": 100}], "hold_s": 3, "minimum_rows": 200,
    "guards": {"error_rate": 0.02, "quality": -0.05},
}  # fmt: skip
BETTER_VERSION = 2
LIKE_THE_DEFAULT = {**BETTER, "guards": {"error_rate": 0.02, "agreement": 0.9}}


def main() -> int:
    """Run the demo; its exit status."""
    os.chdir(ROOT)
    began_s = time.monotonic()
    try:
        with ends_as_interrupts():
            _run()
    except KeyboardInterrupt:
        print_line("\nInterrupted; everything that was started is stopped.", err=True)
        return INTERRUPTED_STATUS
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OnehotError as error:
        print_line(f"Error: {error}", err=True)
        return 1
    print_line(f"\nDone in {time.monotonic() - began_s:.0f} s; everything that was started is stopped.")
    return 0


def _run() -> None:
    log: deque[str] = deque(maxlen=25)
    with tempfile.TemporaryDirectory(prefix="onehot-loop-") as folder, _log_on_failure(log):
        environment = _environment(Path(folder))
        config = StackConfig(read_settings(environment), environment, Path(folder) / "valkey")
        digits = _held_out(Path(folder), environment)
        with (
            run_stack(config, on_line=lambda name, line: log.append(f"{name}: {line}"), on_message=log.append) as stack,
            Client(stack.url) as client,
        ):
            _loop(client, stack.url, digits)


def _environment(folder: Path) -> dict[str, str]:
    """A port and a folder of its own, and no setting of the user's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return environment | {
        "ONEHOT_LOG_LEVEL": "warning", "ONEHOT_BIND": f"127.0.0.1:{free_port()}",
        "ONEHOT_STORE": str(folder / "store"), "TMPDIR": str(folder),
    }  # fmt: skip


@contextmanager
def _log_on_failure(log: deque[str]) -> Iterator[None]:
    try:
        yield
    except Exception:
        for line in log:
            print_line(line, err=True)
        raise


def _held_out(folder: Path, environment: Mapping[str, str]) -> tuple[Array, list[str]]:
    """The digits that no training of this demo's first spec sees: `(898, 64) float32` and what they show."""
    path = folder / "digits.yaml"
    path.write_bytes(dump_document(SPEC))
    command = [sys.executable, "-P", "examples/held_out.py", str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (found,) = json.loads(done.stdout.splitlines()[-1])
    return np.asarray(found["instances"], np.float32), list(found["classes"])


def _loop(client: Client, url: str, digits: tuple[Array, list[str]]) -> None:
    half = len(digits[1]) // 2
    first, second = ((digits[0][rows], digits[1][rows]) for rows in (slice(half), slice(half, None)))
    _title("1. Train digits, serve them, keep what is asked")
    _train(client, SPEC)
    client.set_capture(MODEL, {"sample": 1.0, "keep_days": 1})
    usual, changed = Callers(*first, camera=lambda pictures, _: pictures), Callers(*first, camera=_askew)
    for _ in range(half // ROWS):
        usual.ask(client)
    time.sleep(FLUSHED_S)
    _expect(not _alarms(client), "pictures like those of the training raise no alarm")
    print_line(f"{INDENT}{usual.summary}; the service counts {_accuracy(client):.3f} by the labels that it was told")
    _title("2. The camera changes: darker, and a little askew")
    for _ in range(SEEN // ROWS):
        changed.ask(client)
    for alarm in _await(lambda: _alarms(client), "monitoring says so")[:3]:
        print_line(f"{INDENT}alarm: {alarm}")
    print_line(f"{INDENT}{changed.summary}")
    told = usual.rows.total() + changed.rows.total()
    _await(lambda: client.quality(MODEL)["labelled"] == told, f"all {told} rows are in the store with their labels")
    _title("3. Train on the captured rows; the candidate goes by shadow and canary")
    better = _follow(client, url, second, {**SPEC, "data": CAPTURED, "rollout": BETTER})
    _expect(better["state"] == "promoted", f"the candidate answers now: {better['reason']}")
    _expect(client.model(MODEL).default_version == 2, "version 2 is the default version")
    _title("4. A candidate that was hardly trained, and on pictures of the old camera")
    poor = {**SPEC, "rollout": LIKE_THE_DEFAULT, "fit": {"epochs": 1, "batch_size": 256}}
    worse = _follow(client, url, second, poor)
    _expect(worse["state"] == "rolled_back", f"the candidate went back: {worse['reason']}")
    _expect(client.model(MODEL).default_version == 2, "version 2 is the default version still")


class Callers:
    """Ask about pictures and tell what they truly show; each picture once before any comes again.

    Args:
        pictures: `(rows, 64) float32`.
        classes: What they show.
        camera: What it makes of them.
    """

    def __init__(self, pictures: Array, classes: list[str], *, camera: Camera) -> None:
        self._pictures = pictures
        self._classes = np.asarray(classes)
        self._camera = camera
        self._chance = np.random.default_rng(11)
        self._next: deque[int] = deque()
        self.rows: Counter[int] = Counter()
        self.right: Counter[int] = Counter()

    @property
    def summary(self) -> str:
        """How many rows each version answered, and how many of them rightly."""
        versions = sorted(self.rows.items())
        return "; ".join(f"version {one}: {self.right[one] / rows:.3f} of {rows} rows right" for one, rows in versions)

    def ask(self, client: Client) -> None:
        """One request, and its feedback."""
        if len(self._next) < ROWS:
            self._next.extend(self._chance.permutation(len(self._pictures)).tolist())
        chosen = [self._next.popleft() for _ in range(ROWS)]
        seen = self._camera(self._pictures[chosen], self._chance)
        answer, truth = client.predict(MODEL, seen.astype(np.float32)), self._classes[chosen]
        client.feedback(answer.feedback(truth.tolist()))
        self.rows[answer.version] += ROWS
        self.right[answer.version] += int((answer.classes == truth).sum())

    @contextmanager
    def asking(self, url: str) -> Iterator[None]:
        """Ask all the time, in a thread; one request that fails ends the demo."""
        stopping, failures = threading.Event(), []

        def ask_on() -> None:
            try:
                with Client(url) as client:
                    while not stopping.is_set():
                        self.ask(client)
            except Exception as error:  # noqa: BLE001 -- told by the thread that waits
                failures.append(error)

        thread = threading.Thread(target=ask_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()
        for failure in failures:
            raise WorkFailed(f"a caller's request failed: {failure}") from failure


def _askew(pictures: Array, chance: np.random.Generator) -> Array:
    """Half as bright, with noise, and one pixel to the side: `(rows, 64)`."""
    squares = pictures.reshape(-1, SIDE, SIDE)
    moved = np.roll(squares, 1, axis=2).reshape(pictures.shape)
    return np.asarray(np.clip(DARKER * moved + chance.normal(0, NOISE, pictures.shape), 0, None))


def _train(client: Client, spec: Mapping[str, Any]) -> int:
    job = client.wait(client.train(spec))
    version = int(job.document["result"]["version"])
    print_line(f"{INDENT}version {version}: test accuracy {job.document['result']['metrics']['accuracy']:.3f}")
    return version


def _follow(
    client: Client, url: str, digits: tuple[Array, list[str]], spec: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """Train under way, and the rollout that its publishing begins, to its end."""
    callers = Callers(*digits, camera=_askew)
    with callers.asking(url):
        version = _train(client, spec)
        told, ended = 0, None
        deadline_s = time.monotonic() + PATIENCE_S
        while ended is None and time.monotonic() < deadline_s:
            rollout = _rollout(client, version)
            for event in rollout["story"][told:]:
                print_line(f"{INDENT}{event['event']}: {event['reason']}")
            told = len(rollout["story"])
            ended = rollout if rollout["ended_at"] else None
            time.sleep(0.2)
    print_line(f"{INDENT}no request failed; {callers.summary}")
    _expect(ended is not None, f"the rollout is over within {PATIENCE_S:.0f} s")
    return dict(ended or {})


def _rollout(client: Client, version: int) -> dict[str, Any]:
    """The rollout of a candidate, once the service knows it."""
    try:
        found = dict(client.rollout(MODEL))
    except NotFound:
        found = {}
    return found if found.get("candidate") == version else {"story": [], "ended_at": None}


def _default_version(client: Client) -> int | None:
    return client.model(MODEL).default_version


def _alarms(client: Client) -> list[str]:
    return list(client.monitoring(MODEL, window_s=20)["alarms"])


def _accuracy(client: Client) -> float:
    return float(client.quality(MODEL)["accuracy"])


def _await(holds: Callable[[], Any], what: str) -> Any:
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        if time.monotonic() > deadline_s:
            raise WorkFailed(f"expected within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.2)
    return found


def _expect(holds: bool, what: str) -> None:  # noqa: FBT001 -- as assert
    if not holds:
        raise WorkFailed(f"expected: {what}")
    print_line(f"{INDENT}{what}")


def _title(text: str) -> None:
    print_line(f"\n{text}")


if __name__ == "__main__":
    sys.exit(main())
