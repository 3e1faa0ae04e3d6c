"""`python -m trainer SPEC.yaml`: train a spec in this process, without a queue.

Exit status: 0 published, 1 the training failed, 2 wrong usage, a wrong spec or wrong settings, 75 stopped before
it was over: the same --job-id resumes it.
"""

import argparse
import json
import os
import signal
import sys
import traceback
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.errors import OnehotError, Problem, SpecError
from models.queue.events import fold_in_words
from models.queue.search_step import SearchStep
from models.runs.local import LocalRun
from models.settings import Settings, SettingsError, read_settings
from models.sources.spec_paths import with_whole_paths
from models.spec import Spec, load_spec
from models.spec.yaml_text import load_document, set_path
from models.store.manifest import Manifest
from trainer.child_processes import die_with_parent
from trainer.fit.progress import NullObserver, Progress, TrainingPaused, event_name
from trainer.launch.failures import error_document
from trainer.launch.launch import launch, launch_trial
from trainer.launch.local_run import recorded
from trainer.launch.subprocess_training import PAUSED
from trainer.queue.shutdown_flag import is_shutting_down, request_shutdown_on


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one spec; the exit status."""
    options = _parser().parse_args(arguments)
    if options.parent:
        die_with_parent(options.parent)
    output: JsonLines | Lines = JsonLines(tells_facts=_is_child(options)) if options.json_lines else Lines()
    try:
        settings, (spec, written) = read_settings(os.environ), _read_spec(options.spec, options.set)
    except (SettingsError, SpecError) as error:
        output.failed(error)
        return 2
    try:
        if options.search:
            return _train_step(spec, settings, options, output)
        manifest = _train(spec, written, settings, options, output)
    except TrainingPaused:
        output.paused()
        return os.EX_TEMPFAIL
    except OnehotError as error:
        output.failed(error)
        return 2 if isinstance(error, SpecError) else 1
    except Exception as error:  # noqa: BLE001 -- the process ends here, and the reader of its lines must learn why
        traceback.print_exc()
        output.failed(error)
        return 1
    output.finished(manifest)
    return 0


def _train(
    spec: Spec, written: Mapping[str, Any], settings: Settings, options: argparse.Namespace, output: NullObserver
) -> Manifest:
    """Only a training with a job's id can be resumed; a process that is part of a job leaves the record to it."""
    resumes, warnings = bool(options.job_id), tuple(options.warning)
    if resumes:
        request_shutdown_on(signal.SIGTERM)
    if options.parent:
        return launch(spec, settings=settings, job_id=options.job_id, observer=output, warnings=warnings)
    run = LocalRun.begin(options.job_id or options.run_id or uuid.uuid4().hex, spec.document, written)
    with recorded(run, settings, output) as observer:
        manifest = launch(spec, settings=settings, job_id=run.id, observer=observer, resumes=resumes, warnings=warnings)
        run.result = manifest.summary
    return manifest


def _is_child(options: argparse.Namespace) -> bool:
    """Whether the process that started this one has its own part in the record of the run."""
    return bool(options.parent or options.run_id)


def _train_step(spec: Spec, settings: Settings, options: argparse.Namespace, output: "JsonLines | Lines") -> int:
    """Train a step of a search; what it measured, or published, is the end that is told."""
    request_shutdown_on(signal.SIGTERM)
    step = SearchStep.from_document(json.loads(options.search))
    if step.epochs is None:
        published = launch(spec, settings=settings, job_id=options.job_id, observer=output, winner=step)
        output.ended(published.summary)
    else:
        output.ended(launch_trial(spec, step, settings=settings, observer=output))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Train a spec and publish the version.")
    parser.add_argument("spec", metavar="SPEC", help="a YAML or JSON file, or - for stdin")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change one value: fit.epochs=5"
    )
    parser.add_argument("--json-lines", action="store_true", help="one JSON object for each epoch, and one for the end")
    parser.add_argument("--job-id", default="", help="publish once for this id, however often it runs")
    parser.add_argument("--run-id", default="", help="the id of the run, and of its record in the store")
    parser.add_argument("--warning", action="append", default=[], help="a sentence that is kept with the version")
    parser.add_argument("--search", default="", metavar="JSON", help="the step of a search that this is")
    parser.add_argument("--parent", type=int, default=0, help="end when this process, the parent, ends")
    return parser


def _read_spec(name: str, assignments: Sequence[str]) -> tuple[Spec, dict[str, Any]]:
    """The spec, and the document that it was read from."""
    text = sys.stdin.buffer.read() if name == "-" else _file_bytes(name)
    document = load_document(text, name=name)
    for assignment in assignments:
        document = set_path(document, assignment)
    located = document if name == "-" else with_whole_paths(document, beside=Path(name).parent)
    return load_spec(located), document


def _file_bytes(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise SpecError([Problem(name, "a readable file", error.strerror or type(error).__name__)]) from error


class Output(NullObserver):
    """Reports what happens; ends the training when the process was asked to end."""

    def check(self) -> None:
        """Go on until SIGTERM came.

        Raises:
            TrainingPaused: When it did.
        """
        if is_shutting_down():
            raise TrainingPaused


class Lines(Output):
    """Progress for people."""

    def on_epoch(self, progress: Progress) -> None:
        """One line an epoch."""
        metrics = "  ".join(f"{name} {value:.4f}" for name, value in progress.metrics.items())
        place = " ".join([fold_in_words(progress.document), f"epoch {progress.epoch}/{progress.epochs}"]).strip()
        print(f"{place}  {metrics}", flush=True)
        if progress.stopped:
            print(progress.stopped, flush=True)

    def finished(self, manifest: Manifest) -> None:
        """What was published."""
        metrics = ", ".join(f"{name} {value:.4f}" for name, value in manifest.metrics.items())
        print(f"published {manifest.model} version {manifest.version}: {metrics}", flush=True)

    def ended(self, result: dict[str, Any]) -> None:
        """What a step of a search measured."""
        print(json.dumps(result), flush=True)

    def paused(self) -> None:
        """That the training is not over, on stderr."""
        print(TrainingPaused(), file=sys.stderr, flush=True)

    def failed(self, error: Exception) -> None:
        """The message alone, on stderr."""
        print(error, file=sys.stderr, flush=True)


class JsonLines(Output):
    """Progress for programs; for the process that started this one also what the record of the run is to say."""

    def __init__(self, *, tells_facts: bool) -> None:
        self._tells_facts = tells_facts

    def on_epoch(self, progress: Progress) -> None:
        """One object an epoch."""
        self._write({"event": event_name(progress.document), **progress.document})

    def on_facts(self, facts: Mapping[str, Any]) -> None:
        """Pass them on to who asked for them."""
        if self._tells_facts:
            self._write({"event": "facts", **facts})

    def finished(self, manifest: Manifest) -> None:
        """The end, with what a job would return."""
        self._write({"event": "end", "status": "finished", "result": manifest.summary})

    def ended(self, result: dict[str, Any]) -> None:
        """The end of a step of a search, with what a job would return."""
        self._write({"event": "end", "status": "finished", "result": result})

    def on_checkpoint(self) -> None:
        """That there will be one."""
        self._write({"event": "checkpoint"})

    def paused(self) -> None:
        """The end of this process, not of the training."""
        self._write({"event": "end", "status": PAUSED})

    def failed(self, error: Exception) -> None:
        """The end, with the error; also on stderr."""
        self._write({"event": "end", "status": "failed", "error": error_document(error)})
        print(error, file=sys.stderr, flush=True)

    def _write(self, event: dict[str, Any]) -> None:
        print(json.dumps(event), flush=True)


if __name__ == "__main__":
    sys.exit(main())
