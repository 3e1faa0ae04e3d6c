"""`onehot import`: a Keras file, or one in MLflow, through the trainer's importer."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from onehot.commands.options import json_option, settings_here
from onehot.commands.processes import exec_module
from onehot.commands.sharing.mlflow_source import download_keras_file, is_mlflow_uri

__all__ = ["import_model"]

IMPORTER = "trainer.importing"


class FileOrUri(click.Path):
    """A file that exists, or a name of MLflow's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check that a file is there."""
        return value if is_mlflow_uri(str(value)) else super().convert(value, param, ctx)


@click.command("import")
@click.argument("file", metavar="FILE", type=FileOrUri(exists=True))
@click.option("--model", required=True, metavar="NAME", help="The model that gets a new version.")
@click.option("--class-names", metavar="A,B,C", help="In the order of the outputs; default: 0, 1, 2 …")
@click.option("--data", metavar="SOURCE", help="What it is measured on, as data.source of a spec; default: nothing.")
@click.option("--target", metavar="NAME", help="The array or column of the data with the labels.")
@click.option("--track", metavar="URI", help="The MLflow server of models:/ and runs:/; default: MLFLOW_TRACKING_URI.")
@json_option
def import_model(file: str, track: str | None, as_json: bool, **named: str | None) -> None:  # noqa: FBT001 -- click's flags
    """Publish a Keras network of your own, when it is served exactly as Keras computes it.

    FILE is a .keras or .h5 file, or one in MLflow: models:/NAME/3, models:/NAME@ALIAS, or an artifact runs:/ID/PATH
    (extra mlflow). It is loaded in Keras' safe mode: layers with code of their own are refused by name.
    """
    settings_here()
    given = {f"--{name.replace('_', '-')}": value for name, value in named.items()}
    options = [part for name, value in given.items() if value for part in (name, value)]
    options += ["--json"] if as_json else []
    if is_mlflow_uri(file):
        sys.exit(_import_from_mlflow(file, options, server=track))
    exec_module(IMPORTER, [*options, "--", file])


def _import_from_mlflow(uri: str, options: Sequence[str], *, server: str | None) -> int:
    """Import what MLflow has under a name; the importer's exit status."""
    with tempfile.TemporaryDirectory(prefix="onehot-") as folder:
        path = download_keras_file(uri, Path(folder), server=server)
        command = [sys.executable, "-P", "-m", IMPORTER, *options, "--called", uri, "--", str(path)]
        return subprocess.run(command, check=False).returncode
