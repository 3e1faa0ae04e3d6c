from io import BytesIO

import numpy as np
import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from service.decoding.media_types import parse_batch

PARQUET = "application/vnd.apache.parquet"
NUMBERS = InstanceSpec((2,), features=(Feature("width"), Feature("height")))
MIXED = InstanceSpec(
    (3,), features=(Feature("island", kind="category"), Feature("mass", optional=True), Feature("day", kind="date"))
)


def parquet_of(**columns) -> bytes:
    """A file of these columns."""
    file = BytesIO()
    write_parquet(Table.from_pydict(columns), file)
    return file.getvalue()


def floats(*values) -> Array:
    """A column of numbers."""
    return Array(list(values), DataType.float64())


def texts(*values) -> Array:
    """A column of text."""
    return Array(list(values), DataType.string())


def test_columns_are_taken_by_name_in_any_order() -> None:
    """Those that the model does not know are passed over, and named."""
    ignored = []
    body = parquet_of(height=floats(2, 4), species=texts("a", "b"), width=floats(1, 3))
    batch = parse_batch(body, PARQUET, NUMBERS, on_ignored=ignored.extend)
    assert batch.tolist() == [[1, 2], [3, 4]]
    assert batch.dtype == np.float32
    assert ignored == ["species"]


def test_text_gaps_and_dates_are_what_they_are_in_json() -> None:
    """A null is a gap, a date its ISO form."""
    days = Array([20455, 20456], DataType.int32()).cast(DataType.date32())
    body = parquet_of(island=texts("Biscoe", "Dream"), mass=floats(None, 3.5), day=days)
    batch = parse_batch(body, PARQUET, MIXED)
    same = parse_batch(
        b'{"island": "Biscoe", "mass": null, "day": "2026-01-02"}\n'
        b'{"island": "Dream", "mass": 3.5, "day": "2026-01-03"}',
        "application/jsonl", MIXED,
    )  # fmt: skip
    assert batch.shape == same.shape == (2, 3)
    assert [list(map(str, row)) for row in batch] == [list(map(str, row)) for row in same]


@pytest.mark.parametrize("body", [b"", b"PAR1PAR1", b"PAR1" + bytes(40) + b"PAR1", b"not a table at all"])
def test_what_is_no_parquet_file_is_refused(body) -> None:
    """Also where the library panics: that is its own process's affair."""
    with pytest.raises(InputError, match=r"body: expected a \.parquet file"):
        parse_batch(body, PARQUET, NUMBERS)


def test_a_small_file_that_becomes_much_is_refused() -> None:
    """A thousand equal texts take no room in the file."""
    body = parquet_of(width=texts(*["x" * 10_000] * 1000), height=floats(*range(1000)))
    assert len(body) < 50_000
    with pytest.raises(InputError, match="at most 1000000 bytes"):
        parse_batch(body, PARQUET, NUMBERS, most_bytes=1_000_000)


def test_no_more_rows_are_read_than_may_be() -> None:
    """One too many shows that there are too many."""
    body = parquet_of(width=floats(*range(50)), height=floats(*range(50)))
    assert len(parse_batch(body, PARQUET, NUMBERS, most_rows=3)) == 4
