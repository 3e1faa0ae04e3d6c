"""Live rows of a window compared with the training rows: figures for each column, and alarms in words.

An alarm needs both: a difference that chance does not explain at the window's size, so that small windows raise none,
and one that is large enough to matter, so that large ones do not raise it for everything. All alarms of a window
together are raised by chance once in a thousand windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.preprocessing.instances import Array
from models.statistics.bins import BinCounts, NumberBins
from models.statistics.divergence import Distance, distance, rate_rises
from models.statistics.output_columns import CONFIDENCE, PREDICTED_CLASS
from models.statistics.version_statistics import Bins, VersionStatistics

__all__ = ["ALPHA", "ColumnDrift", "WindowDrift", "compare"]

ALPHA = 1e-3
"""How many of all windows may raise an alarm by chance."""
LEAST_PSI = 0.01
"""A smaller one does not matter: it is that of a shift by a tenth of a standard deviation."""
LEAST_CONFIDENCE_PSI = 0.25
"""Of the confidence, which is higher on the rows that the network has learned than on any others."""
LEAST_RATE = 0.01
"""A share of rows that rises by less does not matter."""
LEAST_ROWS = 50
"""Fewer say nothing."""
RATES = ("missing", "below", "above", "unseen")
IN_WORDS = {
    "missing": "has no value",
    "below": "is below the least of the training rows",
    "above": "is above the largest of the training rows",
    "unseen": "is a category that no training row has",
}


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column.

    Args:
        bins: Of the training rows.
        counts: Of the live rows.
        distance: Between them; None without live rows.
        has_drifted: Whether the distance is an alarm.
        risen: The kinds of rows whose share is an alarm, of `missing`, `below`, `above` and `unseen`.
    """

    bins: Bins
    counts: BinCounts
    distance: Distance | None
    has_drifted: bool
    risen: tuple[str, ...] = ()

    @property
    def document(self) -> dict[str, Any]:
        """The figures, as plain JSON values."""
        bins, live, training = self.bins, self.counts, self.bins.training
        kind = "number" if isinstance(bins, NumberBins) else "category"
        return {
            "name": bins.name, "kind": kind, "drifted": self.has_drifted, **_distance_document(self.distance),
            "missing": _rates(training, live, "missing"),
            **(_range(bins, live) if isinstance(bins, NumberBins) else {"unseen": _share(live.unseen, live)}),
            "bins": _bins_document(bins, training, live),
        }  # fmt: skip

    @property
    def alarms(self) -> Iterator[str]:
        """What is wrong with it, a sentence each."""
        name = f"{self.bins.name!r}"
        if self.has_drifted and self.distance is not None:
            far = self.distance
            yield (f"{name} has drifted: PSI {far.psi:.3g}, where {self.counts.rows} rows of the training's kind have "
                   f"at most {far.psi_limit:.2g}")  # fmt: skip
        for rate in self.risen:
            before, now = (_share(getattr(one, rate), one) for one in (self.bins.training, self.counts))
            was = "" if rate in ("below", "above", "unseen") else f"; of the training rows {before:.1%}"
            yield f"{name} {IN_WORDS[rate]} in {now:.1%} of {self.counts.rows} rows{was}"


def _distance_document(found: Distance | None) -> dict[str, float | None]:
    names = ("psi", "psi_limit", "jensen_shannon", "jensen_shannon_limit")
    return {name: None if found is None else getattr(found, name) for name in names}


def _range(bins: NumberBins, live: BinCounts) -> dict[str, Any]:
    return {"out_of_range": {"minimum": bins.minimum, "maximum": bins.maximum,
                             "below": _share(live.below, live), "above": _share(live.above, live)}}  # fmt: skip


def _rates(training: BinCounts, live: BinCounts, name: str) -> dict[str, float]:
    return {"training": _share(getattr(training, name), training), "live": _share(getattr(live, name), live)}


def _bins_document(bins: Bins, training: BinCounts, live: BinCounts) -> list[dict[str, Any]]:
    shares = (_shares(one) for one in (training, live))
    return [{"name": name, "training": before, "live": now}
            for name, before, now in zip(bins.labels, *shares, strict=True)]  # fmt: skip


def _shares(counts: BinCounts) -> list[float]:
    total = int(counts.binned.sum())
    return [count / total if total else 0.0 for count in counts.binned.tolist()]


def _share(count: int, counts: BinCounts) -> float:
    return count / counts.rows if counts.rows else 0.0


@dataclass(frozen=True, slots=True)
class WindowDrift:
    """A window of live rows.

    Args:
        features: What came in, column by column.
        outputs: What was answered, likewise.
        rows: How many rows were counted.
    """

    features: tuple[ColumnDrift, ...]
    outputs: tuple[ColumnDrift, ...]
    rows: int

    @property
    def alarms(self) -> list[str]:
        """All of them, in words."""
        return [alarm for column in (*self.features, *self.outputs) for alarm in column.alarms]

    @property
    def drift(self) -> float:
        """The largest PSI beyond what chance would make of it, over all columns but the confidence."""
        columns = [one for one in (*self.features, *self.outputs) if one.bins.name != CONFIDENCE]
        return max((one.distance.beyond_chance for one in columns if one.distance is not None), default=0.0)

    @property
    def document(self) -> dict[str, Any]:
        """The figures, as plain JSON values."""
        outputs = {one.bins.name: one for one in self.outputs}
        classes, confidence = outputs.get(PREDICTED_CLASS), outputs.get(CONFIDENCE)
        others = [one.document for name, one in outputs.items() if name not in (PREDICTED_CLASS, CONFIDENCE)]
        return {
            "rows": self.rows,
            "drift": self.drift,
            "alarms": self.alarms,
            "features": [one.document for one in self.features],
            "classes": None if classes is None else classes.document,
            "confidence": None if confidence is None else confidence.document,
            "outputs": others,
        }


def compare(statistics: VersionStatistics, counts: Array, *, alpha: float = ALPHA) -> WindowDrift:
    """Compare the live rows of a window with the training rows.

    Half of alpha is shared by the features, half by the outputs, evenly by all that can be an alarm.

    Args:
        statistics: Of the version.
        counts: `(slots,) int64`, as `VersionStatistics.count` gives them, added up over the window.
        alpha: How many windows may raise an alarm by chance.
    """
    columns = [(bins, bins.read(part)) for bins, part in statistics.split(counts)]
    features, outputs = columns[: len(statistics.features)], columns[len(statistics.features) :]
    rows = max((read.rows for _, read in columns), default=0)
    return WindowDrift(tuple(_compared(features, alpha / 2)), tuple(_compared(outputs, alpha / 2)), rows)


def _compared(columns: Sequence[tuple[Bins, BinCounts]], alpha: float) -> Iterator[ColumnDrift]:
    """Each column; a quarter of alpha is for rates, whose bound is never reached."""
    each = max(1, len(columns))
    for bins, live in columns:
        found = distance(bins.training.binned, live.binned, alpha=0.75 * alpha / each)
        risen = [rate for rate in RATES if _has_risen(bins, live, rate, 0.25 * alpha / each / len(RATES))]
        yield ColumnDrift(bins, live, found, _has_drifted(bins, live, found), tuple(risen))


def _has_drifted(bins: Bins, live: BinCounts, found: Distance | None) -> bool:
    least = LEAST_CONFIDENCE_PSI if bins.name == CONFIDENCE else LEAST_PSI
    return found is not None and live.rows >= LEAST_ROWS and found.psi > max(found.psi_limit, least)


def _has_risen(bins: Bins, live: BinCounts, rate: str, alpha: float) -> bool:
    training = bins.training
    before, now = getattr(training, rate), getattr(live, rate)
    if live.rows < LEAST_ROWS or now < (before / max(training.rows, 1) + LEAST_RATE) * live.rows:
        return False
    return rate_rises((before, training.rows), (now, live.rows), alpha=alpha)
