"""What one process counted of a version in the last day: few buckets of time, the older the longer."""

import math
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["LONGEST_S", "LiveWindow", "Window", "blob_of", "window_of"]

LEVELS_S = ((10, 120), (120, 3600), (3600, 86_400))
"""Length of a bucket, and until which age buckets are so short."""
LONGEST_S = LEVELS_S[-1][1]
YOUNGEST_S = {LEVELS_S[0][0]: 0, **{length_s: age_s for (_, age_s), (length_s, _) in pairwise(LEVELS_S)}}
"""Length of a bucket → how old everything in it is at least."""
HEAD = struct.Struct("<16sI")
"""Which statistics the counts belong to, and how many numbers a bucket has."""
BUCKET = struct.Struct("<IQ")
"""Its length and its beginning, in seconds, the latter since 1970."""


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted in a window, of all blobs.

    Args:
        counts: `(slots,) int64`.
        from_s: When the oldest bucket in it began, since 1970; None where there is none.
    """

    counts: Array
    from_s: int | None


class LiveWindow:
    """The buckets of one version in one process.

    Args:
        statistics_id: 16 bytes, others for other statistics.
        slots: How many numbers are counted.
    """

    def __init__(self, statistics_id: bytes, slots: int) -> None:
        self._id = statistics_id
        self._slots = slots
        self._buckets: dict[tuple[int, int], Array] = {}

    def add(self, counts: Array, now_s: float) -> None:
        """Add counts, `(slots,) int64`, to the bucket of now; older buckets are taken together where they may be."""
        self._add(LEVELS_S[0][0], now_s, counts)
        self._compact(now_s)

    def _add(self, length_s: int, at_s: float, counts: Array) -> None:
        key = length_s, int(at_s // length_s) * length_s
        if key not in self._buckets:
            self._buckets[key] = np.zeros(self._slots, np.uint32)
        self._buckets[key] += counts.astype(np.uint32)

    def _compact(self, now_s: float) -> None:
        """Move buckets that are old enough into longer ones, and forget those that are too old."""
        longer = {length_s: above for (length_s, _), (above, _) in pairwise(LEVELS_S)}
        ages = dict(LEVELS_S)
        for length_s, start_s in sorted(self._buckets):
            if start_s + length_s <= now_s - ages[length_s]:
                counts = self._buckets.pop((length_s, start_s))
                if length_s in longer:
                    self._add(longer[length_s], start_s, counts)

    def content(self) -> bytes:
        """All buckets as they are now, for `blob_of`."""
        parts = [BUCKET.pack(*key) + counts.tobytes() for key, counts in self._buckets.items()]
        return HEAD.pack(self._id, self._slots) + b"".join(parts)


def blob_of(content: bytes) -> bytes:
    """The content of a live window, compressed, for `window_of`."""
    return content[: HEAD.size] + zlib.compress(content[HEAD.size :], 1)


def window_of(blobs: Iterable[bytes], statistics_id: bytes, slots: int, *, now_s: float, window_s: float) -> Window:
    """What was counted in the last so many seconds, and in the rest of the bucket in which they begin.

    Args:
        blobs: Of all processes; those of other statistics are passed over.
        statistics_id: Of the statistics.
        slots: How many numbers they have.
        now_s: Seconds since 1970.
        window_s: How long the window is.
    """
    counts, from_s = np.zeros(slots, np.int64), math.inf
    size = BUCKET.size + 4 * slots
    for blob in blobs:
        if blob[: HEAD.size] != HEAD.pack(statistics_id, slots):
            continue
        content = zlib.decompress(blob[HEAD.size :])
        for place in range(0, len(content), size):
            length_s, start_s = BUCKET.unpack_from(content, place)
            if min(start_s + length_s, now_s - YOUNGEST_S[length_s]) > now_s - window_s:
                counts += np.frombuffer(content, np.uint32, slots, place + BUCKET.size)
                from_s = min(from_s, start_s)
    return Window(counts, None if math.isinf(from_s) else int(from_s))
