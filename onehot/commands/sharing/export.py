"""`onehot export`: a version as a folder for a model hub, or for a life without Onehot."""

from pathlib import Path

import click

from models.store.store import Store
from onehot.commands.options import settings_here
from onehot.commands.sharing.hub_folder import hub_files, write_folder
from onehot.output import print_line

__all__ = ["export"]


@click.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option(
    "--hub", "folder", required=True, metavar="FOLDER", type=click.Path(path_type=Path),
    help="A new folder, laid out as a repository of Hugging Face.",
)  # fmt: skip
def export(model: str, version: int | None, folder: Path) -> None:
    """Write VERSION (default: the default one) of MODEL from the store (ONEHOT_STORE) as a folder that needs no Onehot.

    It holds model.keras, model.onnx, the files that Keras loads from a hub, the manifest, a model card (README.md) and
    predict.py, which answers as the service does. Push it with `hf upload` or git.
    """
    store = Store.open(settings_here().store, create=False)
    manifest = store.manifest(model, store.resolve(model, version=version))
    write_folder(hub_files(store, manifest), folder.absolute())
    print_line(f"{folder}: {manifest.model} version {manifest.version}")
    print_line(f"Next: hf upload USER/{manifest.model} {folder}")
