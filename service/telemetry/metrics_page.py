"""The page that Prometheus reads, made in pieces: between two of them others are answered."""

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

import numpy as np

from service.telemetry.families import Across, Family, labels_of
from service.telemetry.shared_counts import CombinedTables, Place

__all__ = ["KeptPage", "Page", "PageWriter"]

PIECE_CHARACTERS = 16 * 1024
"""Made in a tenth of a millisecond."""
NAMES_AT_ONCE = 100
KEPT_S = 2.0
"""How long a long page is shown; who asks more often sees it again."""
SHORT_BYTES = 128 * 1024
"""A page up to here is made anew for each who asks."""
GZIP_WINDOW = 16 + zlib.MAX_WBITS

Pause = Callable[[], None]


class PageWriter:
    """Adds up what all processes have counted, and writes it down.

    Args:
        families: By their names, in the order of the page.
        places: Of the processes.
    """

    def __init__(self, families: Mapping[str, Family], places: Sequence[Place]) -> None:
        self._families = families
        self._counts = CombinedTables([place.counts for place in places])
        self._gauges = CombinedTables([place.gauges for place in places])
        self._series: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)

    def pieces(self) -> Iterator[str]:
        """The page in pieces, of which some are empty."""
        for combined in (self._counts, self._gauges):
            for number, (key, start) in enumerate(combined.new_names()):
                name, values = labels_of(key)
                self._series[name].append((self._families[name].labels_text(values), start))
                if number % NAMES_AT_ONCE == 0:
                    yield ""
        counts, gauges = _sum(self._counts), _across(self._gauges)
        for family in self._families.values():
            yield family.head()
            numbers = gauges[family.across] if family.kind == "gauge" else counts
            yield from _in_pieces(family.lines(self._series_of(family, numbers)))

    def _series_of(self, family: Family, numbers: Sequence[float]) -> Iterator[tuple[str, Sequence[float]]]:
        width = family.width
        for labels, start in self._series[family.name]:
            own = numbers[start : start + width]
            if own[0] == own[0]:  # else it is a gauge that no living process shows
                yield labels, own


def _in_pieces(texts: Iterator[str]) -> Iterator[str]:
    piece: list[str] = []
    size = 0
    for text in texts:
        piece.append(text)
        size += len(text)
        if size >= PIECE_CHARACTERS:
            yield "".join(piece)
            piece.clear()
            size = 0
    yield "".join(piece)


def _sum(combined: CombinedTables) -> list[float]:
    totals = np.zeros(combined.size)
    for targets, numbers in combined.columns():
        totals[targets] += numbers
    found: list[float] = totals.tolist()
    return found


def _across(combined: CombinedTables) -> Mapping[Across, Sequence[float]]:
    """What gauges show: of processes that have not set one, it is not a number, and does not count."""
    add, least, most = (np.full(combined.size, np.nan) for _ in range(3))
    for targets, numbers in combined.columns():
        least[targets] = np.fmin(least[targets], numbers)
        most[targets] = np.fmax(most[targets], numbers)
        is_set = ~np.isnan(numbers)
        add[targets[is_set]] = np.nan_to_num(add[targets[is_set]]) + numbers[is_set]
    return {"sum": add.tolist(), "min": least.tolist(), "max": most.tolist()}


class Page:
    """One page, and the same compressed once it was asked for so."""

    def __init__(self, pieces: Sequence[bytes], *, begun_s: float, made_s: float) -> None:
        self._pieces = pieces
        self._compressed = b""
        self._begun_s = begun_s
        self._made_s = made_s
        self.is_long = sum(map(len, pieces)) > SHORT_BYTES

    def is_good_for(self, asked_s: float, now_s: float) -> bool:
        """Whether it shows all up to the time of asking; a long one is good for a while longer."""
        return self._begun_s > asked_s or (self.is_long and now_s <= self._made_s + KEPT_S)

    @property
    def content(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces)

    def compressed(self, pause: Pause) -> bytes:
        """As gzip, quickly rather than tightly."""
        if not self._compressed:
            stream = zlib.compressobj(1, wbits=GZIP_WINDOW)
            pieces = []
            for piece in self._pieces:
                pieces.append(stream.compress(piece))
                pause()
            self._compressed = b"".join((*pieces, stream.flush()))
        return self._compressed


class KeptPage:
    """The page that was made last: one is made at a time, and a long one is shown for a while.

    The page asks the job queue, which may take seconds to be away: all who wait for a page that is begun after they
    asked see the same one.

    Args:
        clock: In seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._making = Lock()
        self._page: Page | None = None

    def get(self, make: Callable[[], Iterator[bytes]], pause: Pause) -> Page:
        """The page, made anew when it is time.

        Args:
            make: Gives it in pieces.
            pause: Lets others go on.
        """
        asked_s = self._clock()
        with self._making:
            begun_s = self._clock()
            if self._page is None or not self._page.is_good_for(asked_s, begun_s):
                pieces = [*_with_pauses(make(), pause)]
                self._page = Page(pieces, begun_s=begun_s, made_s=self._clock())
            return self._page


def _with_pauses(pieces: Iterator[Any], pause: Pause) -> Iterator[Any]:
    for piece in pieces:
        pause()
        yield piece
