"""The names that were proved to be trained and served, and the refused ones: data, read without a framework.

`keras_proofs.json` is written by `python -m trainer.keras_catalog.proving`, which trains, exports and compares every
name.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from models.keras_catalog.objects import families, known_names, refused_names

__all__ = ["PROOFS", "Entry", "entries", "markdown"]

PROOFS = Path(__file__).with_name("keras_proofs.json")

TITLES = {"schedules": "Learning-rate schedules", "precision": "Precisions (`fit.precision`)"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of Keras.

    Args:
        family: `layers`, `losses` …
        name: The name in a spec.
        refused: Why it cannot stand in a spec; empty when it is trained and served.
        cases: How many trainings prove it.
        largest_difference: Between Keras and what is served, over all of them; None when there are none.
    """

    family: str
    name: str
    refused: str = ""
    cases: int = 0
    largest_difference: float | None = None

    @property
    def status(self) -> str:
        """The name's status in words."""
        if self.refused:
            return f"refused, because {self.refused}"
        return "trained and served" if self.cases else "not proved"


def entries() -> Iterator[Entry]:
    """Every name of Keras, family by family; in each what is served first."""
    served = _document()["served"]
    for family in families():
        proved = served.get(family, {})
        yield from (Entry(family, name, **proved.get(name, {})) for name in known_names(family))
        yield from (Entry(family, name, reason) for name, reason in refused_names(family).items())
    yield from (Entry("precision", name, **proof) for name, proof in served["precision"].items())


def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PROOFS.read_text("utf-8"))
    return document


def markdown() -> str:
    """The whole table as a page of the documentation."""
    document = _document()
    rows = ", ".join(str(number) for number in document["rows"][:-1])
    lines = [
        "# What a spec may name",
        "",
        f"Everything that Keras {document['keras']} ships. *Trained and served* means: a network with it was built, "
        "trained for two epochs and exported, "
        f"and what ONNX Runtime answers for {rows} and {document['rows'][-1]} rows "
        f"is Keras' own answer within {document['tolerance']:g}. "
        "`python -m trainer.keras_catalog.proving` proves all of it again; "
        "`onehot layers` prints this page (`--markdown`).",
    ]
    for family, members in groupby(entries(), key=lambda entry: entry.family):
        title = TITLES.get(family, family.capitalize())
        lines += ["", f"## {title}", "", "| name | | largest difference |", "| --- | --- | --- |"]
        lines += [_row(entry) for entry in members]
    return "\n".join(lines) + "\n"


def _row(entry: Entry) -> str:
    difference = "" if entry.largest_difference is None else f"{entry.largest_difference:.0e}"
    return f"| `{entry.name}` | {entry.status} | {difference} |"
