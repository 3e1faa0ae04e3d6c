"""The lines of the index of runs, kept in the store as `<model>/run-lines.json`.

A service that starts reads one object a model instead of every record. Each line names the record that it was made of:
an old one is never taken for another, and without the file everything still works.
"""

from collections.abc import Mapping
from sys import intern
from typing import Any, NamedTuple

import obstore
import orjson

from models.errors import StoreUnavailable
from models.runs.summary import Summary, summary_of
from models.store.object_store import OtherSize, answering, get
from models.store.store import Store

__all__ = ["Line", "TaggedLine", "read_lines", "write_lines"]

LARGEST_BYTES = 64 * 2**20
FIELDS = sorted(summary_of(dict.fromkeys(("id", "model", "status", "queue"), "")))
"""Of a line. A file of other fields is one of another version of this program."""


class Line(NamedTuple):
    """What the index keeps of a record.

    Args:
        summary: As lists show it.
        parameters: Path of the spec → value, of those that are short.
    """

    summary: Summary
    parameters: Mapping[str, Any]


TaggedLine = tuple[str, Line | None]
"""The tag of the record that a line was made of, and the line; none of a record that cannot be read."""


def read_lines(store: Store, model: str) -> dict[str, TaggedLine]:
    """Id of the run → its line, of the runs of a model as they were kept; nothing of a file that is damaged.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    try:
        content = get(store.objects, _path(model), most_bytes=LARGEST_BYTES)
        document = {} if content is None else orjson.loads(content)
        if not isinstance(document, dict) or document.get("fields") != FIELDS:
            return {}
        return {run_id: _line(*kept) for run_id, kept in document["lines"].items()}
    except (OtherSize, ValueError, TypeError, LookupError, AttributeError):
        return {}


def write_lines(store: Store, model: str, lines: Mapping[str, TaggedLine]) -> None:
    """Keep the lines of a model; a store that does not take them goes without."""
    kept = {run_id: (tag, *(line or (None, None))) for run_id, (tag, line) in lines.items()}
    content = orjson.dumps({"fields": FIELDS, "lines": kept})
    try:
        with answering():
            obstore.put(store.objects, _path(model), content)
    except StoreUnavailable:
        return


def _line(tag: str, summary: Mapping[str, Any] | None, parameters: Mapping[str, Any] | None) -> TaggedLine:
    if summary is None or parameters is None:
        return tag, None
    if sorted(summary) != FIELDS:
        raise ValueError("a line of other fields")
    return tag, Line(dict(summary), {intern(path): value for path, value in parameters.items()})


def _path(model: str) -> str:
    return f"{model}/run-lines.json"
