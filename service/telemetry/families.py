"""Families of series, as Prometheus knows them: their names, their labels, and their lines on the page."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

__all__ = ["Across", "Family", "labels_of", "observe"]

Across = Literal["sum", "min", "max"]
"""What a gauge shows of several processes."""

ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    Args:
        name: Without the endings that the page adds.
        meaning: For the page.
        labels: Their names.
        bounds: Of a histogram's buckets, without infinity.
        across: Of a gauge; nothing else adds up in another way.
    """

    kind: Literal["counter", "gauge", "histogram"]
    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    across: Across = "sum"

    @property
    def width(self) -> int:
        """How many numbers a series has: a histogram its sum, one for each bucket, and one for what is beyond."""
        return len(self.bounds) + 2 if self.kind == "histogram" else 1

    def key(self, values: Sequence[str]) -> str:
        """The name of a series among those of all families; `labels_of` reads it."""
        return json.dumps([self.name, *values])

    def head(self) -> str:
        """The lines before the family's series."""
        return f"# HELP {self.name} {self.meaning}\n# TYPE {self.name} {self.kind}\n"

    def labels_text(self, values: Sequence[str]) -> str:
        """The labels of a series as they stand on the page, without the braces around them."""
        labels = sorted(zip(self.labels, values, strict=True))
        return ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in labels)

    def lines(self, series: Iterable[tuple[str, Sequence[float]]]) -> Iterator[str]:
        """The lines of series, one text for each: of their labels as `labels_text` gives them, and their numbers."""
        if self.kind == "histogram":
            yield from self._histogram_lines(series)
        else:
            for labels, numbers in series:
                yield f"{self.name}{_in_braces(labels)} {numbers[0]!r}\n"

    def _histogram_lines(self, series: Iterable[tuple[str, Sequence[float]]]) -> Iterator[str]:
        heads = [f'{self.name}_bucket{{le="{bound}"' for bound in (*map(repr, self.bounds), "+Inf")]
        for labels, numbers in series:
            rest, own = f",{labels}}}" if labels else "}", _in_braces(labels)
            totals = [*accumulate(numbers[1:])]
            lines = [f"{head}{rest} {total!r}\n" for head, total in zip(heads, totals, strict=True)]
            lines += f"{self.name}_count{own} {totals[-1]!r}\n", f"{self.name}_sum{own} {numbers[0]!r}\n"
            yield "".join(lines)


def observe(numbers: "memoryview[float]", start: int, bounds: Sequence[float], amount: float) -> None:
    """Count an amount in a series of a histogram."""
    numbers[start] += amount
    numbers[start + 1 + bisect_left(bounds, amount)] += 1


def labels_of(key: str) -> tuple[str, tuple[str, ...]]:
    """The family of a series and the values of its labels."""
    name, *values = json.loads(key)
    return name, tuple(values)


def _in_braces(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""
