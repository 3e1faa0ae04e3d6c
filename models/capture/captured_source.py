"""`captured://MODEL?since=7d`: captured rows with their true labels as data to train on, and as rows to be labelled."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl

import numpy as np
from obstore.store import ObjectStore

from models.capture.feedback_items import Label
from models.capture.label_reading import class_of, classes_of, numbers_of
from models.capture.labelled_rows import JoinedRows
from models.capture.live_quality import class_names_of
from models.capture.quality_index import MOST_PASSES, Known, QualityIndex
from models.capture.segment_format import Layout, decode
from models.capture.segments import read_segment
from models.errors import DataError, shown
from models.names import MULTILABEL, REGRESSION, is_model_name, version_number
from models.preprocessing.instances import Array

__all__ = ["SCHEME", "TARGET", "CapturedSource", "LabelledRows", "read_labelled", "read_moment"]

SCHEME = "captured"
TARGET = "label"
"""What the targets are called."""
AGE = re.compile(r"(\d{1,6})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
PARAMETERS = ("labelled", "since", "until", "version")
MOMENT = "a moment such as 2026-05-31 or 2026-05-31T12:00:00Z, or an age such as 7d"


def read_moment(text: str, *, where: str, now: datetime | None = None) -> datetime:
    """A moment as a person writes it; without a zone it is UTC's.

    Raises:
        DataError: When it is none.
    """
    now = now or datetime.now(UTC)
    try:
        if age := AGE.fullmatch(text):
            return now - timedelta(**{UNITS[age[2]]: int(age[1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise DataError(where=where, expected=MOMENT, received=shown(text)) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CapturedSource:
    """What a source means.

    Args:
        text: As the spec has it.
        model: Whose rows.
        since: Only rows that were computed then or later.
        until: Only rows that were computed before.
        version: Only of this version.
    """

    text: str
    model: str
    since: datetime | None = None
    until: datetime | None = None
    version: int | None = None

    @classmethod
    def of(cls, text: str, *, where: str = "data.source") -> Self:
        """Read a source.

        Raises:
            DataError: Names the part that is wrong.
        """
        model, _, query = text.removeprefix(f"{SCHEME}://").partition("?")
        if not is_model_name(model):
            raise DataError(where=where, expected="the name of a model: captured://MODEL", received=shown(text))
        given = dict(parse_qsl(query, keep_blank_values=True))
        if odd := [name for name in given if name not in PARAMETERS]:
            raise DataError(
                where=where, expected=f"one of {', '.join(PARAMETERS)} behind the ?", received=shown(odd[0])
            )
        if given.get("labelled", "true") != "true":
            raise DataError(where=where, expected="labelled=true: rows without labels cannot be trained on",
                            received=shown(given["labelled"]))  # fmt: skip
        moments = {one: read_moment(given[one], where=where) for one in ("since", "until") if one in given}
        return cls(text, model, **moments, version=_version(given.get("version"), where))

    @property
    def of_rows(self) -> dict[str, Any]:
        """Which rows, as `JoinedRows.of` takes it."""
        since_s, until_s = (None if one is None else one.timestamp() for one in (self.since, self.until))
        return {"since_s": since_s, "until_s": until_s, "version": self.version}


def _version(text: str | None, where: str) -> int | None:
    number = None if text is None else version_number(text)
    if text is not None and number is None:
        raise DataError(where=where, expected="the number of a version", received=shown(text))
    return number


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Rows to train on.

    Args:
        inputs: `(rows, *shape)` float32 or object.
        targets: `(rows,)` text; `(rows, classes)` of several labels; `(rows,)` or `(rows, outputs)` float64.
        features: The columns, where an instance is a row of a table.
        class_names: In the order of the version's outputs, new ones behind; None where there are no classes.
        sha256: Of all of it.
        left_out: What was left out → how many rows.
    """

    inputs: Array
    targets: Array
    features: tuple[str, ...] | None
    class_names: tuple[str, ...] | None
    sha256: str
    left_out: Mapping[str, int] = field(default_factory=dict)


def read_labelled(objects: ObjectStore, source: CapturedSource) -> LabelledRows:
    """The captured rows of a model that have a label, the oldest first.

    Rows of versions whose instances or whose task differ from those of the newest version are left out.

    Raises:
        DataError: When there are none.
        StoreUnavailable: When the store does not answer.
    """
    index, read = QualityIndex(lambda: objects), dict[str, Array | None]()
    for _ in range(MOST_PASSES):
        known = index.look(source.model)
        labelled, newest, alike = _chosen(known, source)
        if _read_inputs(objects, known, alike, read):
            break  # else some were put together, or erased, since the look
    inputs, found = _inputs(known, alike, read)
    alike = alike.take(found)
    labels = [known.codes.values[one] for one in alike.label.tolist()]
    layouts = [alike.layouts[one] for one in alike.layout.tolist()]
    targets, names, readable = _targets(newest, layouts, [[*one] if isinstance(one, tuple) else one for one in labels])
    if not readable.any():
        raise DataError(where="data.source", expected=f"labels that fit {source.model}", received=shown(labels[:3]))
    left_out = {
        "rows of other columns": len(labelled.at_s) - len(found),
        "labels of another kind": int((~readable).sum()),
    }
    digest = _digest(inputs[readable], targets)
    left_out = {what: count for what, count in left_out.items() if count}
    return LabelledRows(inputs[readable], targets, newest.features, names, digest, left_out)


def _chosen(known: Known, source: CapturedSource) -> tuple[JoinedRows, Layout, JoinedRows]:
    """The labelled rows, the layout of the newest of them, and those that are like it."""
    labelled = known.joined.of(**source.of_rows).labelled
    newest = labelled.newest
    if newest is None:
        raise DataError(
            where="data.source", expected=f"captured rows of {source.model} with labels", received=_counts(known)
        )
    fits = [_fits(one, newest) for one in labelled.layouts]
    return labelled, newest, labelled.take(np.array(fits, dtype=bool)[labelled.layout])


def _counts(known: Known) -> str:
    rows = len(known.joined.at_s)
    return f"{rows} captured rows, none of them with a label that was asked for" if rows else "no captured rows"


def _fits(layout: Layout, newest: Layout) -> bool:
    return (layout.features, layout.shape, layout.task) == (newest.features, newest.shape, newest.task)


def _read_inputs(objects: ObjectStore, known: Known, chosen: JoinedRows, read: dict[str, Array | None]) -> bool:
    """Read the inputs of the segments of some rows, by path, that were not read before; whether all are still there."""
    is_whole = True
    for segment in np.unique(chosen.segment).tolist():
        path = known.segments[segment]
        if path not in read:
            content = read_segment(objects, path)
            if content is None:
                is_whole = False
            else:
                read[path] = decode(content).inputs
    return is_whole


def _inputs(known: Known, chosen: JoinedRows, read: Mapping[str, Array | None]) -> tuple[Array, Array]:
    """The inputs of rows, and the places of those that are still there, `(rows,) int64`."""
    parts: list[Array] = []
    places: list[Array] = []
    for segment in np.unique(chosen.segment).tolist():
        mine = np.flatnonzero(chosen.segment == segment)
        inputs = read.get(known.segments[segment])
        if inputs is not None:
            parts.append(inputs[chosen.place[mine]])
            places.append(mine)
    if not parts:
        return np.zeros((0, 1), np.float32), np.zeros(0, np.int64)
    order = np.argsort(np.concatenate(places), kind="stable")
    return np.concatenate(parts)[order], np.concatenate(places)[order]


def _targets(
    newest: Layout, layouts: Sequence[Layout], labels: Sequence[Label]
) -> tuple[Array, tuple[str, ...] | None, Array]:
    """Targets of the rows that can be read, the classes, and which rows these are, `(rows,) bool`."""
    if newest.task == REGRESSION:
        return _numbers(labels)
    names = class_names_of(newest)
    if newest.task == MULTILABEL:
        held = [classes_of(label, class_names_of(layout)) for label, layout in zip(labels, layouts, strict=True)]
        hot = [[float(name in one) for name in names] for one in held if one is not None]
        return (
            np.array(hot, np.float32).reshape(-1, len(names)),
            tuple(names),
            np.array([one is not None for one in held]),
        )
    texts = [_class(label, layout) for label, layout in zip(labels, layouts, strict=True)]
    found = {one for one in texts if one is not None}
    all_names = (*(one for one in names if one in found), *sorted(found - set(names)))
    return np.array([one for one in texts if one is not None]), all_names, np.array([one is not None for one in texts])


def _class(label: Label, layout: Layout) -> str | None:
    """The class of a label; one that the version does not know is a new one."""
    return None if isinstance(label, list) else class_of(label, class_names_of(layout)) or str(label)


def _numbers(labels: Sequence[Label]) -> tuple[Array, None, Array]:
    widths = [len(label) if isinstance(label, list) else 1 for label in labels]
    width = max(set(widths), key=widths.count)
    found = [numbers_of(label, width) for label in labels]
    values = np.array([one for one in found if one is not None], np.float64).reshape(-1, width)
    return values[:, 0] if width == 1 else values, None, np.array([one is not None for one in found])


def _digest(inputs: Array, targets: Array) -> str:
    digest = hashlib.sha256(json.dumps(targets.tolist()).encode())
    digest.update(
        json.dumps(inputs.tolist()).encode() if inputs.dtype == object else np.ascontiguousarray(inputs).tobytes()
    )
    return digest.hexdigest()
