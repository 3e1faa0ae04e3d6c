"""`onehot datasets`: uploaded data files, of the service that ONEHOT_URL names or of the store itself."""

from pathlib import Path

import click

from onehot.commands.options import datasets_here, json_option, store_option
from onehot.output import print_json, print_line, print_list

__all__ = ["datasets"]


@click.group()
def datasets() -> None:
    """List, upload and delete data sets, which specs name as `dataset://…`.

    With ONEHOT_URL they are those of that service; without it, or with --store, those of the store, ONEHOT_STORE.
    """


@datasets.command("list")
@store_option
@json_option
def list_datasets(from_store: bool, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """List every uploaded data set."""
    with datasets_here(from_store=from_store) as found:
        rows = found.rows()
    cells = [(row["name"], row["rows"], row["size"], row["created_at"], row["source"]) for row in rows]
    empty = f"No data sets in {found.place} yet: onehot datasets upload FILE keeps one."
    print_list({"datasets": rows}, ("NAME", "ROWS", "BYTES", "CREATED", "SOURCE"), cells, as_json=as_json, empty=empty)


@datasets.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Another name than the file's; its ending says what kind of file it is.")
@store_option
@json_option
def upload(file: Path, name: str | None, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Keep FILE under its digest, and let its name mean it from now on."""
    with datasets_here(from_store=from_store) as found:
        kept = found.upload(file, name or file.name)
    if as_json:
        print_json(kept)
    else:
        print_line(kept["source"])
        print_line(f"A spec can say `source: {kept['source']}`, or `source: dataset://{kept['name']}`.", err=True)


@datasets.command()
@click.argument("name")
@store_option
@json_option
def delete(name: str, from_store: bool, as_json: bool) -> None:  # noqa: FBT001
    """Delete the data set that NAME, or a sha-256, means; versions that were trained on it stay.

    A service refuses it while a job that waits or runs reads it; --store does not know the jobs.
    """
    with datasets_here(from_store=from_store) as found:
        trained = found.delete(name)
    if as_json:
        print_json({"name": name, "deleted": True, "trained_versions": trained})
        return
    print_line(f"data set {name} is gone")
    if trained:
        print_line(f"Trained on it: {', '.join(trained)}: onehot reproduce would need it again.", err=True)
