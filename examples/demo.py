"""`make demo`: two classifiers through the real queue, served and asked; nothing stays but what it printed."""

import json
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from pictures import picture, shades_for, side_by_side

from models.errors import OnehotError
from models.settings import PREFIX, read_settings
from onehot.client import Service, model_path
from onehot.commands.predict import Answering, ask
from onehot.commands.training.train import read_spec, submit
from onehot.failures import WorkFailed
from onehot.following import FINISHED, INTERRUPTED_STATUS, failure_of, watch_job
from onehot.local.child import Child, Program
from onehot.local.interrupts import ends_as_interrupts
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack
from onehot.local.supervisor import StartFailed
from onehot.output import print_line
from onehot.progress import Style, epoch_screen

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
DIGITS, CLASSIC = "examples/digits.yaml", "examples/classic.yaml"
HELD_OUT_SCRIPT = "examples/held_out.py"
KEPT_LOG_LINES = 25
SERVED_WITHIN_S = 30.0
INDENT = "   "
EPOCHS = Style(("loss", "accuracy", "val_accuracy"), indent=INDENT, stays_on_terminals=True)
FEW_EPOCHS = replace(EPOCHS, lines=10)
SIDE, BRIGHTEST, IMAGE_WIDTH = 8, 16.0, 16
SHOWN_DIGITS, SHOWN_ROWS = 4, 5
SAME_ACCURACY, SUM_TOLERANCE = 1e-6, 1e-5


@dataclass(frozen=True, slots=True)
class HeldOutResults:
    """Instances that a training never saw, with what they truly are and what the service says."""

    instances: Sequence[Sequence[float]]
    truths: Sequence[str]
    answering: Answering
    predictions: Sequence[Sequence[float]]

    @property
    def best(self) -> list[tuple[str, float]]:
        """The predicted class of each instance, with its probability."""
        return [best for (best,) in self.answering.ranked(self.predictions, top_k=1)]

    @property
    def correct(self) -> int:
        """How many classes are predicted as they truly are."""
        return sum(name == truth for (name, _), truth in zip(self.best, self.truths, strict=True))


def main() -> int:
    """Run the demo; its exit status."""
    os.chdir(ROOT)
    started_at = time.monotonic()
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
    print_line(f"\nDone in {time.monotonic() - started_at:.0f} s; everything that was started is stopped.")
    print_line("Next: `make up`, and `.venv/bin/onehot train SPEC` with a spec of your own.")
    return 0


def _run() -> None:
    for needed in (DIGITS, CLASSIC, HELD_OUT_SCRIPT):
        if not Path(needed).is_file():
            raise WorkFailed(f"the demo needs {needed}: run it in a checkout of the repository")
    log: deque[str] = deque(maxlen=KEPT_LOG_LINES)
    with tempfile.TemporaryDirectory(prefix="onehot-demo-") as folder, _log_on_failure(log):
        config = _stack_config(Path(folder))
        print_line("Onehot: classifiers trained through a queue, served over HTTP, on this machine.")
        _title("1. Start a queue server, a trainer worker and the service")
        started_at = time.monotonic()
        with (
            run_stack(config, on_line=lambda name, line: log.append(f"{name}: {line}"), on_message=log.append) as stack,
            Service(stack.url) as service,
        ):
            print_line(f"{INDENT}queue    127.0.0.1:{stack.server_port}, with a password")
            print_line(f"{INDENT}service  {stack.url}, ready after {time.monotonic() - started_at:.1f} s")
            _show_both(service, config.environment)


def _stack_config(folder: Path) -> StackConfig:
    """Free ports, a folder of its own and no setting of the user's: nothing here meets what runs elsewhere."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment["ONEHOT_BIND"] = f"127.0.0.1:{free_port()}"
    environment["ONEHOT_STORE"] = str(folder / "store")
    environment["TMPDIR"] = str(folder)  # frameworks leave files there when they are killed
    return StackConfig(read_settings(environment), environment, folder / "valkey")


def _show_both(service: Service, environment: Mapping[str, str]) -> None:
    with _held_out_rows(environment) as held_out:
        _title("2. Train a convolutional network on handwritten digits")
        accuracy = _train(service, DIGITS, EPOCHS)
        digits, classic = held_out()
        asked = _ask(service, "digits", digits, accuracy)
        _title("3. Ask the service about digits that the training never saw")
        _print_correct(asked, "digits")
        _show_digits(asked)
        _title("4. The classic case: 8 numbers in, 12 and 8 hidden units, 3 classes out")
        accuracy = _train(service, CLASSIC, FEW_EPOCHS)
        asked = _ask(service, "classic", classic, accuracy)
        _print_correct(asked, "classic")
        _show_rows(asked)


def _train(service: Service, spec: str, style: Style) -> float:
    """Train through the queue; the accuracy that was measured on held-out data."""
    job = submit(service, read_spec(spec, ()))
    print_line(f"{INDENT}POST /v1/jobs with {spec}")
    with epoch_screen(sys.stdout, waiting=f"job {job['id']} is queued", style=style) as show:
        job = watch_job(service, str(job["id"]), show)
    if job.get("status") != FINISHED:
        raise WorkFailed(failure_of(job))
    result = job["result"]
    accuracy = float(result["metrics"]["accuracy"])
    print_line(f"{INDENT}published {result['model']} version {result['version']}: test accuracy {accuracy:.4f}")
    return accuracy


@contextmanager
def _held_out_rows(environment: Mapping[str, str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Ask the trainer's own split, in a process of its own, which rows of both specs are held out."""
    command = (sys.executable, "-P", HELD_OUT_SCRIPT, DIGITS, CLASSIC)
    child = Child(Program("held-out rows", command, environment), lambda _name, _line: None)

    def rows() -> list[dict[str, Any]]:
        if child.wait() != 0:
            raise WorkFailed("\n".join([f"{HELD_OUT_SCRIPT} failed:", *child.last_lines]))
        found: list[dict[str, Any]] = json.loads(child.last_lines[-1])
        return found

    try:
        yield rows
    finally:
        child.stop()


def _ask(service: Service, model: str, held_out: Mapping[str, Any], accuracy: float) -> HeldOutResults:
    """Send all held-out rows in one request.

    Raises:
        WorkFailed: When what is served is not as good as what was published.
    """
    request = {"instances": held_out["instances"]}
    version, predictions = ask(service, model_path(model), request, patience_s=SERVED_WITHIN_S)
    answering = Answering.of(service, model, version)
    asked = HeldOutResults(held_out["instances"], held_out["classes"], answering, predictions)
    received = asked.correct / len(asked.truths)
    if abs(received - accuracy) > SAME_ACCURACY:
        raise WorkFailed(f"{model}: expected the published accuracy {accuracy} over HTTP; received {received}")
    return asked


def _print_correct(asked: HeldOutResults, model: str) -> None:
    total = len(asked.truths)
    print_line(f"{INDENT}POST /v1/models/{model}:predict with {total} instances: {asked.correct} right")


def _show_digits(asked: HeldOutResults) -> None:
    """The first ones, and the ones that the model was least sure of: there its mistakes are."""
    numbers, best = range(len(asked.truths)), asked.best
    unsure = sorted(numbers, key=lambda number: best[number][1])[:SHOWN_DIGITS]
    for what, chosen in (("The first four:", numbers[:SHOWN_DIGITS]), ("The four it is least sure of:", unsure)):
        print_line(f"\n{INDENT}{what}\n")
        blocks = [_digit(asked, number) for number in chosen]
        for line in side_by_side(blocks, width=IMAGE_WIDTH):
            print_line(INDENT + line)


def _digit(asked: HeldOutResults, number: int) -> list[str]:
    shades = shades_for(sys.stdout.encoding)
    (name, probability), truth = asked.best[number], asked.truths[number]
    image = picture(asked.instances[number], width=SIDE, brightest=BRIGHTEST, shades=shades)
    mark = "" if name == truth else "  (!)"
    return [*image, f"predicted {name}", f"p = {probability:.4f}", f"truly {truth}{mark}"]


def _show_rows(asked: HeldOutResults) -> None:
    print_line(
        INDENT + "".join(f"{heading:>10}" for heading in (*asked.answering.class_names, "sum", "predicted", "truly"))
    )
    for number in range(SHOWN_ROWS):
        probabilities = asked.predictions[number]
        total = sum(probabilities)
        if abs(total - 1) > SUM_TOLERANCE:
            raise WorkFailed(f"expected probabilities that sum to 1 within {SUM_TOLERANCE}; received {total}")
        cells = [*(f"{p:.4f}" for p in probabilities), f"{total:.6f}", asked.best[number][0], asked.truths[number]]
        print_line(INDENT + "".join(f"{cell:>10}" for cell in cells))


@contextmanager
def _log_on_failure(log: deque[str]) -> Iterator[None]:
    try:
        yield
    except StartFailed:
        raise  # it shows the lines that matter
    except (click.ClickException, OnehotError):
        print_line("\nThe last lines of what was started:", err=True)
        for line in log:
            print_line(f"{INDENT}{line}", err=True)
        raise


def _title(text: str) -> None:
    print_line(click.style(f"\n{text}", bold=True))


if __name__ == "__main__":
    sys.exit(main())
