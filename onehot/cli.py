"""The `onehot` command: finds the module of a command, and turns every error into one message and an exit status."""

import importlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from models.errors import OnehotError, SpecError
from onehot.failures import WorkFailed, WrongUsage

__all__ = ["cli", "main"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The import path of a command, and its line in `onehot --help`, which does not load it."""

    import_path: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "up": Entry("onehot.commands.up:up", "Run everything on this machine: queue server, trainer worker, service."),
    "serve": Entry("onehot.commands.processes:serve", "Run the service alone."),
    "worker": Entry("onehot.commands.processes:worker", "Run one trainer worker alone."),
    "init": Entry("onehot.commands.training.init:init", "Write a starting spec for data."),
    "train": Entry("onehot.commands.training.train:train", "Train a model from a spec and publish it."),
    "search": Entry("onehot.commands.training.search:search", "Try values of a spec and publish the best trial."),
    "predict": Entry("onehot.commands.predict:predict", "Ask the service for predictions."),
    "jobs": Entry("onehot.commands.training.jobs:jobs", "List, show, follow and cancel training jobs."),
    "runs": Entry("onehot.commands.training.runs:runs", "List, show, compare and tag trainings that have ended."),
    "searches": Entry("onehot.commands.training.searches:searches", "List, show, follow and cancel searches."),
    "captured": Entry(
        "onehot.commands.learning.captured_commands:captured", "Sample requests into the store; live quality."
    ),
    "feedback": Entry("onehot.commands.learning.feedback_command:feedback", "Tell the true labels of captured rows."),
    "models": Entry("onehot.commands.models:models", "List, show, label, verify, roll back and delete versions."),
    "rollout": Entry("onehot.commands.rollouts:rollout", "Bring a version to answer step by step, or take it back."),
    "datasets": Entry("onehot.commands.datasets:datasets", "List, upload and delete data sets."),
    "keys": Entry("onehot.commands.keys:keys", "Add, list and revoke the keys that the service accepts."),
    "report": Entry("onehot.commands.report:report", "Write a version's evaluation as a page with pictures."),
    "export": Entry("onehot.commands.sharing.export:export", "Write a version as a folder that needs no Onehot."),
    "import": Entry("onehot.commands.import_model:import_model", "Publish a Keras network of your own."),
    "reproduce": Entry("onehot.commands.training.reproduce:reproduce", "Train a version again and compare."),
    "spec": Entry(
        "onehot.commands.training.spec:spec", "Write the spec of a Keras file, or explain what a spec may say."
    ),
    "layers": Entry("onehot.commands.training.layers:layers", "List what a spec may name, and what is refused."),
}


class Commands(click.Group):
    """Loads a command when it is called; one that fails ends with one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """The names, in the order of first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        """Import the module of one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.import_path.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        """List all commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; no traceback reaches its user, unless ONEHOT_LOG_LEVEL=debug asks for one."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OnehotError as error:
            raise _as_failure(error) from error
        except Exception as error:
            if os.environ.get("ONEHOT_LOG_LEVEL") == "debug":
                raise
            message = f"unexpected {type(error).__name__}: {error}; ONEHOT_LOG_LEVEL=debug shows where"
            raise WorkFailed(message) from error


def _as_failure(error: OnehotError) -> click.ClickException:
    from models.settings import SettingsError  # noqa: PLC0415 -- `onehot --help` needs no marshmallow

    if isinstance(error, SpecError):
        return WrongUsage.from_problems("the spec", str(error).splitlines())
    if isinstance(error, SettingsError):
        return WrongUsage.from_problems("the environment", str(error).splitlines())
    return WorkFailed(str(error))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="onehot", prog_name="onehot")
def cli() -> None:
    """Train Keras Sequential classifiers on a job queue, serve them hot over HTTP.

    Start with `onehot up`, then `onehot train examples/digits.yaml`.
    Settings are environment variables that begin with ONEHOT_.
    Exit status: 0 done, 1 the work failed, 2 wrong usage.
    """


def main() -> None:
    """Run the command line."""
    cli(prog_name="onehot")
