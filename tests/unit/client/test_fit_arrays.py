from io import BytesIO

import numpy as np
import pytest
from onehot_client.keras.arrays import Rows, split_last


def rows(count: int) -> Rows:
    """Numbered ones."""
    return Rows.of(np.arange(count * 2.0).reshape(count, 2), list(range(count)), name="x, y")


@pytest.mark.parametrize(("count", "share"), [(10, 0.2), (7, 0.33), (100, 0.15)])
def test_the_last_rows_are_validated_with_as_keras_takes_them(count: int, share: float) -> None:
    """None is in both parts."""
    first, last = split_last(rows(count), share)
    at = int(count * (1.0 - share))
    assert last is not None
    assert first.y.tolist() == list(range(at))
    assert last.y.tolist() == list(range(at, count))


def test_without_a_share_all_rows_are_trained_on() -> None:
    """As fit's default."""
    given = rows(4)
    assert split_last(given, 0.0) == (given, None)


@pytest.mark.parametrize("share", [1.0, 1.5, -0.1, 0.99])
def test_a_share_that_leaves_nothing_is_refused(share: float) -> None:
    """By its name."""
    with pytest.raises(ValueError, match="validation_split: expected a share that leaves rows"):
        split_last(rows(3), share)


def test_floats_become_float32_and_whole_numbers_stay() -> None:
    """Class numbers are none with a point."""
    given = Rows.of([[1.5]], [3], name="x, y")
    assert (given.x.dtype, given.y.dtype.kind) == (np.float32, "i")
    with np.load(BytesIO(given.npz())) as archive:
        assert set(archive) == {"x", "y"}


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1], [2]], [1], "as many targets as instances; received 1 and 2"),
        ([], [], "as many targets"),
        ([["a"]], [1], "features: expected numbers; received dtype <U1"),
        (iter([1]), [1], "features: expected an array; received list_iterator"),
    ],
)
def test_what_is_no_array_of_numbers_is_named(x, y, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match=message):
        Rows.of(x, y, name="x, y")


def test_validation_data_is_a_pair() -> None:
    """Rows have no weights of their own."""
    with pytest.raises(ValueError, match=r"validation_data: expected \(x, y\); received tuple of 3"):
        Rows.of_pair(([[1]], [1], [1]), name="validation_data")
