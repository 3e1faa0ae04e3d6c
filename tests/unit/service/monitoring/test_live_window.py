import random

import numpy as np
import pytest

from service.monitoring.live_window import LONGEST_S, LiveWindow, blob_of, window_of

ID = b"0123456789abcdef"
NOON = 1_800_000_000.0


def found(window: LiveWindow, *, now_s: float, window_s: float):
    """What a blob of the window says."""
    return window_of([blob_of(window.content())], ID, 2, now_s=now_s, window_s=window_s)


@pytest.mark.parametrize("seed", range(40))
def test_a_window_has_what_came_in_it_and_at_most_a_bucket_more(seed) -> None:
    """However buckets were taken together meanwhile."""
    chance = random.Random(seed)
    longest = (200, 5000, 2 * LONGEST_S)
    ages = sorted((chance.randint(0, chance.choice(longest)) for _ in range(30)), reverse=True)
    window_s = chance.randint(1, min(chance.choice(longest), LONGEST_S))
    window, now_s = LiveWindow(ID, 2), NOON + 2 * LONGEST_S
    for age in ages:
        window.add(np.array([1, 10]), now_s - age)
    ones, tens = found(window, now_s=now_s, window_s=window_s).counts.tolist()
    slack = 10 if window_s <= 110 else 120 if window_s <= 3480 else 3600
    assert sum(age < window_s for age in ages) <= ones <= sum(age <= window_s + slack for age in ages)
    assert tens == 10 * ones


def test_a_day_takes_few_buckets() -> None:
    """The older the longer."""
    window = LiveWindow(ID, 2)
    for second in range(0, 2 * LONGEST_S, 7):
        window.add(np.array([1, 0]), NOON + second)
    assert len(window._buckets) < 75
    last_s = NOON + 2 * LONGEST_S
    assert found(window, now_s=last_s, window_s=LONGEST_S).counts[0] == pytest.approx(LONGEST_S / 7, rel=0.05)
    assert found(window, now_s=last_s, window_s=60).from_s >= last_s - 70


def test_several_processes_add_up_and_other_statistics_do_not_count() -> None:
    """Nor does another number of columns."""
    window, other, longer = LiveWindow(ID, 2), LiveWindow(b"x" * 16, 2), LiveWindow(ID, 3)
    for one, counts in ((window, [1, 2]), (other, [5, 5]), (longer, [5, 5, 5])):
        one.add(np.array(counts), NOON)
    blobs = [blob_of(one.content()) for one in (window, other, window, longer)] + [b"", b"no"]
    assert window_of(blobs, ID, 2, now_s=NOON, window_s=60).counts.tolist() == [2, 4]
    empty = window_of([], ID, 2, now_s=NOON, window_s=60)
    assert (empty.counts.tolist(), empty.from_s) == ([0, 0], None)
