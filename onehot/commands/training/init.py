"""`onehot init`: a starting spec for data, written by the trainer, which can read it."""

import subprocess
import sys
from pathlib import Path

import click

from onehot.failures import WorkFailed, WrongUsage
from onehot.local.child import trainer_environment
from onehot.output import print_line, program

__all__ = ["init"]

WRONG_USAGE_STATUS = 2


@click.command()
@click.argument("data", metavar="DATA")
@click.option(
    "--target",
    metavar="NAME",
    help="The column or array to be predicted; else one with a usual name, else the last column.",
)
@click.option("--model", metavar="NAME", help="The model's name; else made of DATA.")
@click.option("--out", metavar="FILE", help="Write to FILE, which must not exist, instead of stdout.")
def init(data: str, target: str | None, model: str | None, out: str | None) -> None:
    """Look at DATA and write a spec that trains as it stands, with comments.

    DATA is a file (.csv, .parquet, .npz …), a folder of images with one sub-folder a class, sklearn://NAME,
    keras://NAME, dataset://NAME, or an object store's URL.
    """
    if out is not None and Path(out).exists():
        raise WrongUsage(f"--out: expected a file that does not exist yet; received {out!r}")
    text, notes = _written_by_trainer(data, target, model)
    if notes:
        print_line(notes, err=True)
    if out is None:
        print_line(text.rstrip("\n"))
        return
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkFailed(f"{out}: {error.strerror}") from error
    print_line(f"{out} is written: {program()} train {out}", err=True)


def _written_by_trainer(data: str, target: str | None, model: str | None) -> tuple[str, str]:
    """Run the trainer's own command: the spec, and its notes."""
    command = [sys.executable, "-P", "-m", "trainer.init"]
    command += [f"--{name}={value}" for name, value in (("target", target), ("model", model)) if value is not None]
    command += ["--", data]
    done = subprocess.run(command, env=trainer_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        message = done.stderr.strip() or f"the trainer ended with status {done.returncode}"
        if done.returncode == WRONG_USAGE_STATUS:
            raise WrongUsage(message)
        raise WorkFailed(message.splitlines()[-1])
    return done.stdout, done.stderr.strip()
