"""`onehot report`: the evaluation of a version as JSON, or as a page of pictures."""

from pathlib import Path

import click

from onehot.commands.options import json_option, store_option, versions_here
from onehot.commands.sharing.model_card import model_card
from onehot.failures import WorkFailed
from onehot.output import print_json, print_line
from onehot.report_page import report_page

__all__ = ["report"]


@click.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the page goes; default: MODEL-VERSION.html."
)
@click.option("--card", type=click.Path(dir_okay=False, path_type=Path), help="Write a model card (Markdown) there.")
@store_option
@json_option
def report(
    model: str, version: int | None, out: Path | None, card: Path | None, from_store: bool, as_json: bool,  # noqa: FBT001 -- click's flags
) -> None:  # fmt: skip
    """Write the evaluation of VERSION (default: the default one) of MODEL as one HTML page with pictures.

    With --card, as a model card instead, from the store: Markdown that begins with the metadata of Hugging Face's hub.
    """
    with versions_here(from_store=from_store or card is not None) as versions:
        manifest, found = versions.report(model, version)
    if as_json:
        print_json(found)
        return
    if card is not None:
        _write(card, model_card(manifest, found))
    if card is None or out is not None:
        _write(out or Path(f"{model}-{manifest['version']}.html"), report_page(manifest, found))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkFailed(f"{path}: {error.strerror}") from error
    print_line(str(path))
