"""`onehot feedback`: true labels from a file."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from models.capture.feedback_items import FIELDS
from models.errors import shown
from models.keras_catalog.argument_kinds import Mismatch
from onehot.commands.options import captured_here, json_option, store_option
from onehot.failures import WrongUsage
from onehot.output import print_json, print_line

__all__ = ["feedback"]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@store_option
@json_option
def feedback(file: Path, from_store: bool, as_json: bool) -> None:  # noqa: FBT001 -- click's flags
    """Tell the true labels of captured rows: FILE is .csv or .jsonl, with request_id, index and label.

    Rows without a label are passed over, other columns too; doing it twice does no harm.
    """
    items = [*_items(file)]
    with captured_here(from_store=from_store) as found:
        accepted = found.tell(items) if items else 0
    if as_json:
        print_json({"accepted": accepted})
    else:
        print_line(f"{accepted} labels told")


def _items(file: Path) -> Iterator[dict[str, Any]]:
    rows = _csv_rows(file) if file.suffix.lower() == ".csv" else _json_rows(file)
    for number, row in rows:
        if row.get("label") not in (None, ""):
            yield _item(row, f"{file.name}, line {number}")


def _csv_rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if missing := {"request_id", "label"} - {*(reader.fieldnames or ())}:
            names = ", ".join(reader.fieldnames or ("none",))
            raise WrongUsage(f"{file.name}: expected the columns request_id and label; received {names}, "
                             f"without {' and '.join(sorted(missing))}")  # fmt: skip
        for number, row in enumerate(reader, start=2):
            index = row.get("index") or "0"
            yield number, {**row, "index": int(index) if index.isdecimal() else index}


def _json_rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise WrongUsage(f"{file.name}, line {number}: expected a JSON object; {error}") from error
            if not isinstance(row, dict):
                raise WrongUsage(f"{file.name}, line {number}: expected a JSON object; received {shown(row)}")
            yield number, row


def _item(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    given = {"index": 0, **{name: row[name] for name in FIELDS if row.get(name) not in (None, "")}}
    if "request_id" not in given:
        raise WrongUsage(f"{where}: expected a request_id; received none")
    return {name: _checked(name, value, where) for name, value in given.items()}


def _checked(name: str, value: Any, where: str) -> Any:
    try:
        return FIELDS[name](value)
    except Mismatch as mismatch:
        raise WrongUsage(f"{where}: {name}: expected {mismatch.expected}; received {shown(value)}") from mismatch
