"""`onehot import`: this process becomes the trainer's importer."""

import click

from onehot.commands.options import json_option, settings_here
from onehot.commands.processes import exec_module

__all__ = ["import_model"]


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True))
@click.option("--model", required=True, metavar="NAME", help="The model that gets a new version.")
@click.option("--class-names", metavar="A,B,C", help="In the order of the outputs; default: 0, 1, 2 …")
@click.option("--data", metavar="SOURCE", help="What it is measured on, as data.source of a spec; default: nothing.")
@click.option("--target", metavar="NAME", help="The array or column of the data with the labels.")
@json_option
def import_model(
    file: str, model: str, class_names: str | None, data: str | None, target: str | None,
    as_json: bool,  # noqa: FBT001 -- click's flags
) -> None:  # fmt: skip
    """Publish a Keras network of your own, when it is served exactly as Keras computes it.

    FILE is a .keras or .h5 file. It is loaded in Keras' safe mode: layers with code of their own are refused by name.
    """
    settings_here()
    given = {"--class-names": class_names, "--data": data, "--target": target}
    options = [part for name, value in given.items() if value for part in (name, value)]
    exec_module("trainer.importing", ["--model", model, *options, *(["--json"] if as_json else []), "--", file])
