"""The output of commands: JSON, aligned columns, pairs. Plain off a terminal: click strips styles."""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

__all__ = [
    "passed_over_sentences", "print_json", "print_line", "print_list", "print_pairs", "print_table", "program",
    "short_number",
]  # fmt: skip

GAP = "  "
NAME = "onehot"


def program() -> str:
    """What this program is called here: its path as it was typed, where a shell does not find it by its name."""
    typed = sys.argv[0]
    return typed if Path(typed).name == NAME and shutil.which(NAME) is None else NAME


def print_line(text: str = "", *, err: bool = False) -> None:
    """Print one line."""
    click.echo(text, err=err)


def print_json(document: Any) -> None:
    """Print a document as JSON."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, each column as wide as its widest cell; numbers stand on the right."""
    rows = [list(row) for row in rows]
    cells = [[short_number(cell) if isinstance(cell, float) else _text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [all(isinstance(row[i], int | float) for row in rows) for i in range(len(headings))]
    click.secho(_line(headings, widths, right), bold=True)
    for row in cells:
        click.echo(_line(row, widths, right))


def print_list(
    document: Any, headings: Sequence[str], rows: Iterable[Sequence[object]], *, as_json: bool, empty: str
) -> None:
    """Print a list: its document as JSON, or its rows as a table, or a sentence on stderr when it is empty."""
    shown = list(rows)
    if as_json:
        print_json(document)
    elif shown:
        print_table(headings, shown)
    else:
        print_line(empty, err=True)


def print_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and values, one a line; empty values are left out."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        if value not in (None, "", [], {}):
            click.echo(f"{name:<{width}}{GAP}{short_number(value) if isinstance(value, float) else value}")


def short_number(value: float) -> str:
    """A measurement with four decimals, or in scientific notation where those would hide it."""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e6 else f"{value:.3g}"


def passed_over_sentences(passed_over: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What folders of images held beside images, one sentence for each of them."""
    return [
        f"passed over in {source}: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"
        for source, kinds in passed_over.items()
    ]


def _text(cell: object) -> str:
    return "-" if cell is None or cell == "" else str(cell)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return GAP.join(aligned).rstrip()
