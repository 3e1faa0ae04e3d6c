"""The internals of prometheus-client that the service touches: counting in files, cheaply.

Every request writes ten numbers, and the library takes a microsecond for each. The files and their form are the
library's, and so is the reading; left out are a lock, and a look at the process' number at each write, which one
process with one event loop does not need.
"""

import os
import struct
from bisect import bisect_left
from pathlib import Path
from typing import Any

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict, mmap_key

__all__ = ["PROVED_FOR", "count", "count_in_files", "observe"]

PROVED_FOR = "prometheus-client>=0.26,<0.27"

DOUBLE = struct.Struct("d")


def count_in_files(folder: Path) -> None:
    """Let everything that is counted from now on be counted in files of this folder, a set for each process.

    A process counts in files of its own from the first number that it has with labels: the parent of others has none.
    """
    gauges = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    files: dict[tuple[int, str], MmapedDict] = {}

    def file_of(kind: str) -> MmapedDict:
        key = (os.getpid(), kind)
        if key not in files:
            files[key] = MmapedDict(str(folder / f"{kind}_{os.getpid()}.db"))  # type: ignore[no-untyped-call]
        return files[key]

    def value(kind: str, *names: Any, **options: Any) -> Any:
        # A process' gauges are read by the library at its death; they are few, and are left to it.
        return gauges(kind, *names, **options) if kind == "gauge" else _Number(file_of(kind), mmap_key(*names))

    values.ValueClass = value


def count(counter: Any, amount: float = 1) -> None:
    """As the library's own `inc`, without its checks."""
    counter._value.inc(amount)  # noqa: SLF001


def observe(histogram: Any, amount: float) -> None:
    """As the library's own `observe`, in half the time."""
    histogram._sum.inc(amount)  # noqa: SLF001
    histogram._buckets[bisect_left(histogram._upper_bounds, amount)].inc(1)  # noqa: SLF001


class _Number:
    """One number of a file, with the methods that the library's metrics call."""

    __slots__ = ("_file", "_place", "_value")

    def __init__(self, file: MmapedDict, key: str) -> None:
        self._file = file
        self._value: float = file.read_value(key)[0]  # type: ignore[no-untyped-call]
        self._place = file._positions[key]  # noqa: SLF001 -- it never moves, though the map that it is in may grow

    def inc(self, amount: float) -> None:
        self._value += amount
        DOUBLE.pack_into(self._file._m, self._place, self._value)  # noqa: SLF001 -- behind it stands a time, for gauges

    def get(self) -> float:
        return self._value

    def set_exemplar(self, exemplar: Any) -> None:
        """None: files of several processes hold no exemplars."""
