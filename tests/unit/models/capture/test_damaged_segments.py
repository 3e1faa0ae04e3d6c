"""Segments and labels that were spoiled: one kind of error, which callers expect, and no other."""

import gzip
import json
import random

import numpy as np
import pytest
from obstore.store import MemoryStore

from models.capture import segments
from models.capture.feedback_items import FeedbackItem, decode_items, encode_items
from models.capture.segment_format import CapturedRows, Layout, decode, encode
from models.capture.segments import read_segment, write_segment

SPOILED = 1000


def segment() -> bytes:
    """Of twenty rows of two columns, text among them."""
    layout = Layout("m", 1, "classification", ("x", "y"), None, ("a", "b"), (2,))
    inputs = np.array([[number, "text"] for number in range(20)], dtype=object)
    ids = np.array([b"id"] * 20)
    return encode(
        CapturedRows(layout, ids, np.arange(20, dtype=np.int32), np.zeros(20), np.ones((20, 2), "f4"), inputs)
    )


def labels() -> bytes:
    """Fifty of them."""
    return encode_items([FeedbackItem(1, "a", 0, "x")] * 50)


@pytest.mark.parametrize(("made", "read", "count"), [(segment, decode, 20), (labels, decode_items, 50)])
def test_flipped_bits_are_one_error(made, read, count) -> None:
    """Most are found by a checksum; in places that none protects they raise whatever they like inside."""
    whole = made()
    assert len(read(whole)) == count
    rng, refused = random.Random(5), 0
    for _ in range(SPOILED):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 3))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        try:
            read(bytes(content))
        except ValueError:
            refused += 1
    assert refused > SPOILED / 2


@pytest.mark.parametrize(
    "line",
    [[2**63, "a", 0, "x", None], [-1, "a", 0, "x", None], [1, "a", 2**40, "x", None], [1, "a", 0, {"a": 1}, None],
     [1, "a", 0, None, None], [1, "a", 0, [[1]], None], [1, "a", 0]],
)  # fmt: skip
def test_a_label_that_was_never_told_is_an_error(line) -> None:
    """All models' labels stand in one folder: what is believed of one is counted for all."""
    with pytest.raises(ValueError, match=r"label|expected|class"):
        decode_items(gzip.compress(json.dumps(line).encode()))


def test_what_is_larger_than_any_segment_is_not_read(monkeypatch) -> None:
    """It is no segment, whatever is in it."""
    objects = MemoryStore()
    write_segment(objects, "m/captured/2026-01-01/a.npz", segment())
    monkeypatch.setattr(segments, "LARGEST_BYTES", 10)
    assert read_segment(objects, "m/captured/2026-01-01/a.npz") == b""
    with pytest.raises(ValueError, match="cannot be read"):
        decode(b"")
