"""How good predictions were, counted from captured rows and true labels.

Shares have Wilson's interval of 95 %, which keeps its level also for few rows and shares near 0 and 1 (Wilson 1927,
Probable Inference; compared in Brown, Cai and DasGupta 2001, Interval Estimation for a Binomial Proportion); means of
errors have the normal distribution's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from models.capture.label_reading import class_of, classes_of, numbers_of
from models.capture.labelled_rows import NONE, Codes, JoinedRows, RowFacts
from models.capture.segment_format import Layout
from models.class_ranking import class_labels
from models.names import MULTILABEL, REGRESSION, SIGMOID
from models.preprocessing.instances import Array
from models.runs.statistics import mean_interval, wilson_interval

__all__ = ["class_names_of", "quality_document", "right_and_labelled"]

CLASSIFICATION = "classification"


@dataclass(frozen=True, slots=True)
class Judged:
    """Labelled rows of a classifier.

    Args:
        versions: `(rows,) int64`.
        truth: `(rows,) int64` codes of classes; `NONE` where the label means none of the version's.
        predicted: `(rows,) int64` codes.
    """

    versions: Array
    truth: Array
    predicted: Array

    @property
    def known(self) -> "Judged":
        """Those whose label means a class."""
        chosen = self.truth != NONE
        return Judged(self.versions[chosen], self.truth[chosen], self.predicted[chosen])


def quality_document(joined: JoinedRows, rows: Sequence[RowFacts], codes: Codes) -> dict[str, Any]:
    """What rows say of how good the predictions were.

    Args:
        joined: The rows of a time, or of a version; versions of another task than the newest have are left out.
        rows: The segments that were joined.
        codes: That they were made with.
    """
    newest = joined.newest
    if newest is None:
        return {"task": None, "rows": 0, "labelled": 0, "unknown_labels": 0}
    joined = joined.of(task=newest.task)
    labelled = joined.labelled
    if newest.task == REGRESSION:
        return {"task": REGRESSION, "rows": len(joined.at_s), **_regression(joined, labelled, rows, codes)}
    judged = _judged(labelled, rows, codes)
    known = judged.known
    return {
        "task": CLASSIFICATION, "rows": len(joined.at_s), "labelled": len(known.truth),
        "unknown_labels": len(judged.truth) - len(known.truth), **_share(known.truth == known.predicted),
        "classes": _by_class(known, codes) if newest.task != MULTILABEL else [],
        "versions": _by_version(joined, known),
    }  # fmt: skip


def right_and_labelled(joined: JoinedRows, rows: Sequence[RowFacts], codes: Codes) -> tuple[int, int]:
    """How many rows of a classifier were predicted right, and how many have a label that means a class."""
    newest = joined.newest
    if newest is None or newest.task == REGRESSION:
        return 0, 0
    known = _judged(joined.of(task=newest.task).labelled, rows, codes).known
    return int((known.truth == known.predicted).sum()), len(known.truth)


def _judged(labelled: JoinedRows, rows: Sequence[RowFacts], codes: Codes) -> Judged:
    truth = np.full(len(labelled.at_s), NONE, np.int64)
    for number, layout in enumerate(labelled.layouts):
        chosen = labelled.layout == number
        said, places = np.unique(labelled.label[chosen], return_inverse=True)
        truth[chosen] = _classes(said, layout, codes)[places]
    return Judged(_versions(labelled), truth, _predicted(labelled, rows))


def _versions(joined: JoinedRows) -> Array:
    found: Array = np.array([one.version for one in joined.layouts], np.int64)[joined.layout]
    return found


def _predicted(joined: JoinedRows, rows: Sequence[RowFacts]) -> Array:
    """The codes that were predicted for rows of classifiers."""
    ends = np.cumsum([0, *(len(one.at_s) for one in rows)])
    every = [one.predicted if one.predicted.ndim == 1 else np.full(len(one.at_s), NONE) for one in rows]
    found: Array = np.concatenate([*every, np.zeros(0, np.int64)])[ends[joined.segment] + joined.place]
    return found.astype(np.int64)


def _classes(said: Array, layout: Layout, codes: Codes) -> Array:
    """The codes of the classes that labels mean for a version."""
    names = class_names_of(layout)
    read = classes_of if layout.task == MULTILABEL else class_of
    labels = (codes.values[one] for one in said.tolist())
    meant = [read([*label] if isinstance(label, tuple) else label, names) for label in labels]
    found = [NONE if one is None else int(codes.of([one])[0]) for one in meant]
    return np.array(found, np.int64)


def class_names_of(layout: Layout) -> list[str]:
    """The names of a version's classes; of a version without, their indexes."""
    count = len(layout.class_names) or (2 if layout.task == SIGMOID else 0)
    return class_labels(layout.class_names, count)


def _share(right: Array) -> dict[str, Any]:
    hits, rows = int(right.sum()), len(right)
    interval = [*wilson_interval(hits, rows)] if rows else None
    return {"correct": hits, "accuracy": hits / rows if rows else None, "interval": interval}


def _by_class(known: Judged, codes: Codes) -> list[dict[str, Any]]:
    found = np.unique(np.concatenate([known.truth, known.predicted]))
    shown = []
    for code in sorted(found.tolist(), key=lambda one: str(codes.values[one])):
        true, taken = known.truth == code, known.predicted == code
        right = _share(known.predicted[true] == code)
        precise = _share(known.truth[taken] == code)
        shown.append({
            "class": codes.values[code], "labelled": int(true.sum()), "correct": right["correct"],
            "recall": right["accuracy"], "recall_interval": right["interval"], "predicted": int(taken.sum()),
            "precision": precise["accuracy"], "precision_interval": precise["interval"],
        })  # fmt: skip
    return shown


def _by_version(joined: JoinedRows, known: Judged) -> list[dict[str, Any]]:
    versions = _versions(joined)
    right = known.truth == known.predicted
    return [
        {"version": version, "rows": int((versions == version).sum()), "labelled": int(of.sum()), **_share(right[of])}
        for version in np.unique(versions).tolist()
        for of in [known.versions == version]
    ]


def _regression(joined: JoinedRows, labelled: JoinedRows, rows: Sequence[RowFacts], codes: Codes) -> dict[str, Any]:
    places = zip(labelled.segment.tolist(), labelled.place.tolist(), labelled.label.tolist(), strict=True)
    errors = [_errors(rows[segment].predicted[place], codes.values[label]) for segment, place, label in places]
    versions, counted = _versions(labelled).tolist(), _versions(joined)
    found = [(version, one) for version, one in zip(versions, errors, strict=True) if one is not None]
    by_version = {number: [one for version, one in found if version == number] for number in set(counted.tolist())}
    return {
        "labelled": len(found), "unknown_labels": len(errors) - len(found), **_figures([one for _, one in found]),
        "versions": [
            {"version": number, "rows": int((counted == number).sum()), "labelled": len(one), **_figures(one)}
            for number, one in sorted(by_version.items())
        ],
    }  # fmt: skip


def _errors(predicted: Array, label: Any) -> Array | None:
    truth = numbers_of([*label] if isinstance(label, tuple) else label, len(predicted))
    return None if truth is None else predicted - np.array(truth)


def _figures(errors: Sequence[Array]) -> Mapping[str, Any]:
    """Mean absolute error and root mean squared error, over all rows and outputs, with their intervals."""
    names = ("mean_absolute_error", "root_mean_squared_error")
    if not errors:
        return dict.fromkeys([name for one in names for name in (one, f"{one}_interval")])
    distances = np.array([np.abs(one).mean() for one in errors])
    squares = np.array([(one**2).mean() for one in errors])
    low, high = (sqrt(max(0.0, bound)) for bound in mean_interval(squares))
    return {
        names[0]: float(distances.mean()), f"{names[0]}_interval": [*mean_interval(distances)],
        names[1]: sqrt(float(squares.mean())), f"{names[1]}_interval": [low, high],
    }  # fmt: skip
