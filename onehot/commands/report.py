"""`onehot report`: the evaluation of a version as JSON, or as a page of pictures."""

import json
from pathlib import Path

import click

from models.store.store import Store
from onehot.commands.options import json_option, settings_here
from onehot.failures import WorkFailed
from onehot.output import print_json, print_line
from onehot.report_page import report_page

__all__ = ["report"]

REPORT = "report.json"


@click.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where the page goes; default: MODEL-VERSION.html."
)
@json_option
def report(model: str, version: int | None, out: Path | None, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """Write the evaluation of VERSION (default: the default one) of MODEL as one HTML page with pictures."""
    store = Store.open(settings_here().store)
    manifest = store.manifest(model, store.resolve(model, version=version))
    found = json.loads(store.read(manifest, REPORT))
    if as_json:
        print_json(found)
        return
    path = out or Path(f"{model}-{manifest.version}.html")
    try:
        path.write_text(report_page(json.loads(manifest.to_json()), found), encoding="utf-8")
    except OSError as error:
        raise WorkFailed(f"{path}: {error.strerror}") from error
    print_line(str(path))
