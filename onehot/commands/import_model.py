"""`onehot import`: this process becomes the trainer's importer."""

import click

from onehot.commands.options import json_option, settings_here
from onehot.commands.processes import become

__all__ = ["import_model"]


@click.command("import")
@click.argument("file", metavar="FILE.keras", type=click.Path(exists=True, dir_okay=False))
@click.option("--model", required=True, metavar="NAME", help="The model that gets a new version.")
@click.option("--class-names", metavar="A,B,C", help="In the order of the outputs; default: 0, 1, 2 …")
@json_option
def import_model(file: str, model: str, class_names: str | None, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """Publish somebody's own Keras network, when it is served exactly as Keras computes it.

    It is loaded in Keras' safe mode: layers with code of their own are refused by name.
    """
    settings_here()
    names = ["--class-names", class_names] if class_names else []
    become("trainer.importing", ["--model", model, *names, *(["--json"] if as_json else []), "--", file])
