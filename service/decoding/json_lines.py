"""JSON lines made into a batch: a table of one object a line, of which the model's columns are taken by name."""

from typing import Any

import orjson

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec, parse_instances
from service.decoding.csv_table import OnIgnored

__all__ = ["parse_json_lines"]


def parse_json_lines(
    body: bytes, spec: InstanceSpec, *, most_rows: int | None = None, on_ignored: OnIgnored = lambda _: None
) -> Array:
    """Make a batch of one instance a line.

    Args:
        body: The lines; empty ones are none.
        spec: What an instance looks like.
        most_rows: After so many lines and one more the rest is not read: there are too many then.
        on_ignored: Called with the names of the columns that the model does not know.

    Returns:
        `(batch, *instance shape)` float32, or object where columns hold text.

    Raises:
        InputError: Names the first line, or instance, that does not fit.
    """
    rows: list[Any] = []
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            rows.append(_row(line, number))
        if most_rows is not None and len(rows) > most_rows:
            break
    if spec.features is None:
        return parse_instances(rows, spec)
    known = {feature.name for feature in spec.features}
    objects = [row for row in rows if isinstance(row, dict)]
    on_ignored(list(dict.fromkeys(name for row in objects for name in row if name not in known)))
    return parse_instances([_known(row, known) for row in rows], spec)


def _row(line: bytes, number: int) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InputError(where=f"line {number}", expected="JSON", received=shown(line[:64])) from error


def _known(row: Any, names: set[str]) -> Any:
    return {name: value for name, value in row.items() if name in names} if isinstance(row, dict) else row
