"""Counts of all processes of the service, in memory that they share: on no disk that can be full.

The parent makes the memory before it forks. Each process writes to a place of its own, and any of them reads all. When
a process has died, the next one takes over its place: the counts go on, the gauges are gone.
"""

import math
import mmap
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog

__all__ = ["CombinedTables", "Place", "SharedCounts", "Table"]

LENGTH_BYTES = 8
COUNT_NAMES_BYTES = 4 * 1024 * 1024
COUNT_NUMBERS = 64 * 1024
GAUGE_NAMES_BYTES = 512 * 1024
GAUGE_NUMBERS = 8 * 1024
WIDEST = 32
"""Numbers behind the last one, for names that found no room: written to, and on no page."""

log = structlog.get_logger("service")


class Table:
    """Numbers by name. Names are only added, one line each; only what is used takes memory.

    How long all lines are is written last, so that a process that reads meanwhile sees whole lines.

    Args:
        memory: Whose first bytes are zero, or a table of the same shape that another process has written.
        names_bytes: For the lines.
        unset: What a number is before it is set.
    """

    def __init__(self, memory: "memoryview[int]", names_bytes: int, *, unset: float = 0.0) -> None:
        self.numbers = memory[LENGTH_BYTES + names_bytes :].cast("d")
        self.names: list[tuple[str, int, int]] = []
        """Name, its first number, and how many it has."""
        self._length = memory[:LENGTH_BYTES].cast("Q")
        self._lines = memory[LENGTH_BYTES : LENGTH_BYTES + names_bytes]
        self._unset = unset
        self._starts: dict[str, int] = {}
        self._read = 0
        self._used = 0
        self._is_full = False

    def start_of(self, name: str, width: int) -> int:
        """The first of a name's numbers, which are there from now on; where all is full, of numbers on no page."""
        found = self._starts.get(name)
        return self._added(name, width) if found is None else found

    def _added(self, name: str, width: int) -> int:
        line = f"{width} {name}\n".encode()
        end = self._read + len(line)
        spare = len(self.numbers) - WIDEST
        if end > len(self._lines) or self._used + width > spare:
            self._say_full()
            return spare
        self.numbers[self._used : self._used + width] = array("d", [self._unset] * width)
        self._lines[self._read : end] = line
        self._length[0] = end
        self.catch_up()
        return self._starts[name]

    def _say_full(self) -> None:
        if not self._is_full:
            log.warning("no room for more series: new ones are not counted, the others are", series=len(self.names))
        self._is_full = True

    def catch_up(self) -> None:
        """Learn the names that were added since."""
        end = self._length[0]
        lines = bytes(self._lines[self._read : end]).decode()
        for line in lines.split("\n")[:-1]:
            width, _, name = line.partition(" ")
            self._starts[name] = self._used
            self.names.append((name, self._used, int(width)))
            self._used += int(width)
        self._read = end

    def forget_numbers(self) -> None:
        """No number is set any more."""
        self.catch_up()
        self.numbers[: self._used] = array("d", [self._unset] * self._used)


class Place:
    """What one process counts, and the gauges that it shows."""

    BYTES = 2 * LENGTH_BYTES + COUNT_NAMES_BYTES + GAUGE_NAMES_BYTES + 8 * (COUNT_NUMBERS + GAUGE_NUMBERS)

    def __init__(self, memory: "memoryview[int]") -> None:
        counts = LENGTH_BYTES + COUNT_NAMES_BYTES + 8 * COUNT_NUMBERS
        self.counts = Table(memory[:counts], COUNT_NAMES_BYTES)
        self.gauges = Table(memory[counts:], GAUGE_NAMES_BYTES, unset=math.nan)


class SharedCounts:
    """The places of all processes.

    Args:
        places: How many processes may count at once; of the ones beyond, nothing is on the page.
    """

    def __init__(self, places: int) -> None:
        memory = memoryview(mmap.mmap(-1, places * Place.BYTES))
        starts = range(0, len(memory), Place.BYTES)
        self.places = [Place(memory[start : start + Place.BYTES]) for start in starts]
        self._free = [*reversed(range(places))]

    def reserve(self) -> int | None:
        """A place for the process that is forked next; for the parent."""
        return self._free.pop() if self._free else None

    def release(self, place: int | None) -> None:
        """Take a dead process' gauges off the page, and give its place to the next one; for the parent."""
        if place is not None:
            self.places[place].gauges.forget_numbers()
            self._free.append(place)


@dataclass(frozen=True, slots=True)
class _Source:
    """One table, and where its numbers go in a combined one."""

    table: Table
    targets: "array[int]"


class CombinedTables:
    """The tables of several processes by their names, for adding their numbers up."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._sources = [_Source(table, array("q")) for table in tables]
        self._known = [0] * len(self._sources)
        self._starts: dict[str, int] = {}
        self.size = 0

    def new_names(self) -> Iterator[tuple[str, int]]:
        """Each name that no table had before, and its first number among the combined ones."""
        for number, source in enumerate(self._sources):
            source.table.catch_up()
            names = source.table.names
            for name, _, width in names[self._known[number] : len(names)]:
                start = self._starts.setdefault(name, self.size)
                source.targets.extend(range(start, start + width))
                self._known[number] += 1
                if start == self.size:
                    self.size += width
                    yield name, start

    def columns(self) -> Iterator[tuple[Any, Any]]:
        """Of each table, places among the combined numbers, and the numbers.

        Shape: both `(numbers of the table,)`, int64 and float64.
        """
        for source in self._sources:
            if source.targets:
                targets = np.array(source.targets)
                yield targets, np.array(source.table.numbers[: len(targets)])
