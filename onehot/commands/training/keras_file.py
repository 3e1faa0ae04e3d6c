"""`onehot spec FILE`: the spec of a compiled Sequential, written by a process that has Keras."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from models.spec import load_spec
from models.spec.yaml_text import dump_document
from onehot.failures import WorkFailed, WrongUsage
from onehot.local.child import trainer_environment
from onehot.output import print_json, print_line, program

__all__ = ["spec_of_file"]

WRONG_USAGE_STATUS = 2
PLACEHOLDER = "data.npz"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


@click.command("file")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.option("--data", default=PLACEHOLDER, metavar="SOURCE", help="What it is trained on, as data.source of a spec.")
@click.option("--model", metavar="NAME", help="The model's name; default: made of FILE.")
@click.option("--epochs", type=click.IntRange(1), default=1, help="As for Keras' fit; the file does not say it.")
@click.option("--batch-size", type=click.IntRange(1), default=32, help="As for Keras' fit, likewise.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of the training.")
@click.option("--out", "-o", metavar="FILE", help="Write to FILE, which must not exist, instead of stdout.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of YAML.")
def spec_of_file(file: str, out: str | None, as_json: bool, **options: object) -> None:  # noqa: FBT001 -- click's flag
    """Write the spec of the compiled Sequential in FILE, a .keras or .h5 file, or explain what a spec may say.

    It has only the arguments that differ from Keras' defaults. The weights are not part of it: `onehot import`
    publishes them. What no spec has a word for is named, all of it at once. `onehot spec FILE --help` lists
    the options.
    """
    if out is not None and Path(out).exists():
        raise WrongUsage(f"--out: expected a file that does not exist yet; received {out!r}")
    document = _written_by_keras(file, {name: value for name, value in options.items() if value is not None})
    load_spec(document)
    if options["data"] == PLACEHOLDER:
        print_line(f"data.source is {PLACEHOLDER}: --data SOURCE names your own", err=True)
    if out is not None:
        _write(Path(out), document)
    elif as_json:
        print_json(document)
    else:
        print_line(dump_document(document).decode().rstrip("\n"))


def _written_by_keras(file: str, options: dict[str, object]) -> dict[str, Any]:
    """Run the client's own command in a process: this one may import no framework."""
    command = [sys.executable, "-P", "-m", "onehot_client.keras"]
    command += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    environment = {**QUIET, **trainer_environment()}
    done = subprocess.run([*command, "--", file], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        message = lines[-1] if lines else f"Keras' process ended with status {done.returncode}"
        raise (WrongUsage if done.returncode == WRONG_USAGE_STATUS else WorkFailed)(message)
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.write_bytes(dump_document(document))
    except OSError as error:
        raise WorkFailed(f"{path}: {error.strerror}") from error
    print_line(f"{path} is written: {program()} train {path}", err=True)
