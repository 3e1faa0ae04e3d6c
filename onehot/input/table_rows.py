"""Tables that `onehot predict` is given: the columns that the model knows, of the very file that it was trained on."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from models.errors import DataError, OnehotError
from models.preprocessing.instances import Feature
from models.preprocessing.table_cells import is_gap, value_of
from models.settings import Settings
from models.sources.csv_dialect import HEAD_BYTES, find_decimal, find_dialect, with_point
from models.sources.csv_text import column_names, csv_rows, is_header
from models.sources.damaged_files import UNREADABLE
from models.sources.expansion import check_expanded
from models.sources.known_sources import CSV_ENDINGS, ending_of
from models.sources.matched_columns import numbered_columns
from models.spec.parts import CsvSpec
from onehot.failures import WrongUsage
from onehot.local.child import trainer_environment

__all__ = ["MOST_BYTES", "TABLE_ENDINGS", "Table", "check_size", "read_table"]

JSON_LINES = (".jsonl", ".ndjson")
REFUSED: tuple[type[Exception], ...] = (OnehotError, *UNREADABLE)
TABLE_ENDINGS = (*CSV_ENDINGS, *JSON_LINES, ".parquet")
MOST_BYTES = Settings().max_data_bytes
"""What a compressed file may become where the settings do not say it."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file.

    Args:
        rows: Lists of cells, of which the first may hold the names, or objects keyed by column.
        place: The file, for errors.
    """

    rows: Sequence[Any]
    place: str

    def instances(self, features: Sequence[Feature] = ()) -> tuple[list[Any], list[str]]:
        """The rows as a request has them, and the names of the columns that a model with these features passes over.

        Raises:
            WrongUsage: When there are none, or a row has another length.
        """
        rows = self.rows if isinstance(self.rows[0], dict) else self._named(features)
        if not rows:
            raise WrongUsage(f"{self.place}: expected rows; received only names")
        if not features or not isinstance(rows[0], dict):
            return list(rows), []
        known = {feature.name.strip(): feature.name for feature in features}
        ignored = dict.fromkeys(name for row in rows for name in row if name.strip() not in known)
        return [_chosen(row, known) for row in rows], list(ignored)

    def _named(self, features: Sequence[Feature]) -> list[Any]:
        first, *rest = self.rows
        with_header = is_header(first, column_names([feature.name for feature in features]))
        names = column_names(first) if with_header else numbered_columns(len(first), features)
        rows = rest if with_header else list(self.rows)
        for number, row in enumerate(rows, start=1 + len(self.rows) - len(rows)):
            if names and len(row) != len(names):
                raise WrongUsage(f"{self.place}: line {number}: expected {len(names)} values; received {len(row)}")
        spelled = {feature.name.strip() for feature in features if feature.form is not None}
        if not names:
            return [[value_of(cell) for cell in row] for row in rows]
        return [{name: _value(cell, as_text=name in spelled) for name, cell in zip(names, row, strict=True)}
                for row in rows]  # fmt: skip


def _value(cell: str, *, as_text: bool) -> Any:
    """The value of a cell; text where the service reads a spelling of its own."""
    return value_of(cell) if not as_text or is_gap(cell) else cell


def _chosen(row: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    return {known[name.strip()]: value for name, value in row.items() if name.strip() in known}


def check_size(place: str, *, most_bytes: int) -> None:
    """Refuse a compressed file that becomes more than this many bytes.

    Raises:
        WrongUsage: With both sizes.
    """
    try:
        check_expanded(Path(place), place, most_bytes=most_bytes)
    except DataError as error:
        raise WrongUsage(str(error)) from error


def read_table(place: str, *, most_bytes: int = MOST_BYTES) -> Table | None:
    """Read a table; None where a file is none.

    Args:
        place: The file.
        most_bytes: What a compressed file may become.

    Raises:
        WrongUsage: When it cannot be read as what its name says, or becomes too much.
    """
    ending = ending_of(place)
    if ending == ".json":
        return _json_table(place)
    if ending not in TABLE_ENDINGS:
        return None
    check_size(place, most_bytes=most_bytes)
    reader = READERS.get(ending, _csv_cells)
    try:
        content = Path(place).read_bytes()
        rows = reader(gzip.decompress(content) if ending.endswith(".gz") else content, place)
    except FileNotFoundError as error:
        raise WrongUsage(f"{place}: {error.strerror}") from error
    except REFUSED as error:
        raise WrongUsage(f"{place}: expected {EXPECTED.get(ending, 'CSV in UTF-8')}; received {error}") from error
    if not rows:
        raise WrongUsage(f"{place}: expected rows; received none")
    return Table(rows, place)


def _json_table(place: str) -> Table | None:
    """A list of objects by itself, as it is trained on; any other document is a request, which is not looked into."""
    try:
        document = json.loads(Path(place).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    is_table = isinstance(document, list) and document and all(isinstance(row, dict) for row in document)
    return Table(document, place) if is_table else None


def _csv_cells(content: bytes, place: str) -> list[Any]:
    dialect = find_dialect(content[:HEAD_BYTES], CsvSpec(), source=place)
    text = content.decode(dialect.encoding)
    rows = [row for row in csv_rows(StringIO(text, newline=""), dialect) if any(map(str.strip, row))]
    decimal = find_decimal(CsvSpec(), dialect.separator, _any_cell(rows), source=place)
    return [[with_point(cell.strip(), decimal) for cell in row] for row in rows] if decimal == "," else rows


def _any_cell(rows: Iterable[Sequence[str]]) -> Callable[[str], bool]:
    return lambda pattern: any(re.match(pattern, cell.strip()) for row in rows for cell in row)


def _json_lines(content: bytes, place: str) -> list[Any]:
    rows = []
    for number, line in enumerate(content.decode("utf-8-sig").splitlines(), start=1):
        row = json.loads(line) if line.strip() else None
        if line.strip() and not isinstance(row, dict):
            raise WrongUsage(f"{place}: line {number}: expected a JSON object; received {type(row).__name__}")
        rows += [row] if row is not None else []
    return rows


def _parquet_rows(_: bytes, place: str) -> list[Any]:
    """Read by the trainer, whose library of tables the command line does without."""
    command = [sys.executable, "-P", "-m", "trainer.data.readers.parquet_rows", "--", place]
    done = subprocess.run(command, env=trainer_environment(), capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise WrongUsage(f"{place}: {said[-1] if said else 'the trainer that reads it ended'}")
    return _json_lines(done.stdout, place)


READERS: Mapping[str, Callable[[bytes, str], list[Any]]] = {
    **dict.fromkeys(JSON_LINES, _json_lines),
    ".parquet": _parquet_rows,
}
EXPECTED: Mapping[str, str] = {**dict.fromkeys(JSON_LINES, "one JSON object a line"), ".parquet": "a .parquet file"}
