import numpy as np

from service.monitoring.recent_rows import (
    BATCHES_A_TURN,
    MOST_OBJECTS,
    MOST_ROWS,
    MOST_VALUES,
    ROWS_A_TURN,
    RowBuffer,
)  # fmt: skip


def rows(count: int, size: int = 8, dtype: type = np.float32):
    """Instances and predictions."""
    return np.arange(count * size).reshape(count, size).astype(dtype), np.zeros((count, 2), np.float32)


def test_small_batches_come_out_as_one() -> None:
    """Each row with its prediction; the buffer is empty then."""
    buffer = RowBuffer()
    assert not any(buffer.add(*rows(3)) for _ in range(4))
    assert buffer.seen == 12
    batch, predictions = buffer.take()
    assert (batch.shape, predictions.shape) == ((12, 8), (12, 2))
    assert (buffer.seen, buffer.take()) == (0, None)


def test_of_a_large_batch_rows_are_kept_that_are_evenly_spread() -> None:
    """In memory of their own; all are seen."""
    buffer = RowBuffer()
    batch, predictions = rows(50_000)
    assert buffer.add(batch, predictions)
    assert buffer.seen == 50_000
    kept, _ = buffer.take()
    assert len(kept) == MOST_ROWS
    assert (kept[0, 0], kept[-1, 0]) == (0, batch[-1, 0])
    assert not np.shares_memory(kept, batch)


def test_a_full_buffer_says_so_and_a_turn_takes_so_many_rows() -> None:
    """Those beyond are only seen, until the next turn."""
    buffer, taken = RowBuffer(), 0
    for _ in range(ROWS_A_TURN // 500 + 10):
        if buffer.add(*rows(500)):
            taken += len(buffer.take()[0])
    seen = buffer.seen
    assert not buffer.add(*rows(500))
    assert buffer.seen == seen + 500
    assert ROWS_A_TURN <= taken + len(buffer.take()[0]) < ROWS_A_TURN + 500
    buffer.begin_turn()
    buffer.add(*rows(7))
    assert buffer.take() is not None


def test_memory_is_bounded_whatever_a_row_is() -> None:
    """Pictures, and cells of any kind."""
    buffer = RowBuffer()
    large = np.zeros((2, 300, 300, 3), np.float32)
    assert buffer.add(large, np.zeros((2, 2), np.float32))
    assert buffer.take()[0].size <= max(MOST_VALUES, large[0].size)
    buffer.add(*rows(5000, 10, object))
    assert buffer.take()[0].size <= MOST_OBJECTS


def test_of_many_small_requests_so_many_are_kept() -> None:
    """Each costs as much as many rows of one request; those beyond are seen, until the next turn."""
    buffer = RowBuffer()
    for _ in range(BATCHES_A_TURN + 10):
        buffer.add(*rows(1))
    assert buffer.seen == BATCHES_A_TURN + 10
    assert len(buffer.take()[0]) == BATCHES_A_TURN
    buffer.begin_turn()
    buffer.add(*rows(1))
    assert buffer.take() is not None
