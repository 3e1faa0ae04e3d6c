import json

import numpy as np
import pytest

from models.rollout.figures import PairFigures, RolloutFigures, SideFigures, added
from models.rollout.latency_bins import BINS, bin_of, lower_edge_s, quantile_bin, upper_edge_s


def latencies(*seconds):
    return np.bincount([bin_of(one) for one in seconds], minlength=BINS)


def figures(seconds=3.0, classes=2):
    side = SideFigures(10, 1, 30, latencies(0.001, 0.002), np.full(classes, 2.5), 4, 3)
    pairs = PairFigures(9, 8.5, np.full(classes, 9.0), np.full(classes, 8.0), np.full(classes, -0.25), 1)
    return RolloutFigures(seconds, side, SideFigures(requests=1), pairs)


def test_figures_of_processes_add_up():
    """Counts and sums; of the time the longest; the longer list of classes."""
    total = figures(3.0, classes=2) + figures(5.0, classes=3)
    assert total.seconds == 5.0
    assert (total.default.requests, total.default.errors, total.default.correct, total.candidate.requests) == (
        20,
        2,
        6,
        2,
    )
    assert total.default.class_shares.tolist() == [5.0, 5.0, 2.5]
    assert total.pairs.shift.tolist() == [-0.5, -0.5, -0.25]
    assert total.default.latencies.sum() == 4


def test_bytes_are_read_back_equal():
    """What a process posts is what another one adds."""
    content = figures().to_bytes()
    assert RolloutFigures.from_bytes(content).to_bytes() == content
    assert len(content) < 2000
    assert added([content, content]).to_bytes() == (figures() + figures()).to_bytes()
    assert added([]).to_bytes() == RolloutFigures().to_bytes()


def test_figures_of_another_release_are_read():
    """What is missing is nothing, what is unknown is passed over."""
    document = json.loads(figures().to_bytes())
    del document["default"]["labelled"]
    document["pairs"]["later"] = {"any": "thing"}
    read = RolloutFigures.from_bytes(json.dumps(document).encode())
    assert (read.default.labelled, read.default.requests) == (0, 10)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"seconds": 1, "default": 3, "candidate": {}, "pairs": {}}', b'{"seconds": "x"}',
     b'{"seconds": 1, "default": {"latencies": {"length": 3, "at": [7], "values": [1]}}, "candidate": {}, "pairs": 0}',
     b'{"seconds": 1, "default": {"latencies": {"length": 9e9, "at": []}}, "candidate": {}, "pairs": {}}'],
)  # fmt: skip
def test_what_is_no_figures_is_one_error_and_left_out_of_a_sum(content):
    """A blob of a stranger changes no verdict."""
    with pytest.raises(ValueError):  # noqa: PT011 -- any
        RolloutFigures.from_bytes(content)
    assert added([content, figures().to_bytes()]).default.requests == 10


def test_a_bin_holds_latencies_within_a_twentieth():
    """From microseconds to minutes; what is beyond is in the first and last."""
    for seconds in (1e-5, 3.3e-4, 0.02, 1.0, 90.0):
        found = bin_of(seconds)
        assert lower_edge_s(found) <= seconds < upper_edge_s(found) <= 1.05 * lower_edge_s(found)
    assert (bin_of(0.0), bin_of(-1.0), bin_of(1e9)) == (0, 0, BINS - 1)
    assert quantile_bin(latencies(*[0.001] * 98, 0.5, 0.5), 0.99) == bin_of(0.5)
    assert quantile_bin(latencies(), 0.99) is None
