import contextlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.parquet_footer import parquet_rows
from models.row_counts import count_rows

FRAME = pl.DataFrame({"a": [1.0, 2.0, 3.0], "text": ["x", "y\nz", None], "y": [0, 1, 0]})


def test_rows_of_every_kind_of_file_are_counted(tmp_path: Path) -> None:
    """From headers and footers, or line by line."""
    FRAME.write_csv(tmp_path / "a.csv")
    FRAME.write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, FRAME.to_dicts())) + "\n\n")
    (tmp_path / "a.json").write_text(json.dumps(FRAME.to_dicts()))
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), y=np.zeros(3))
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    for path in sorted(tmp_path.iterdir()):
        assert count_rows(path) == 3, path.name


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.parquet", "a.json"])
def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path, name: str) -> None:
    """One message, no traceback."""
    (tmp_path / name).write_bytes(b"something else altogether, and long enough")
    with pytest.raises(DataError, match=rf"a readable \{name[1:]} file"):
        count_rows(tmp_path / name)


def test_pickles_are_not_counted(tmp_path: Path) -> None:
    """They would have to be loaded."""
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    with pytest.raises(DataError):
        count_rows(tmp_path / "a.npz")


def test_row_groups_and_many_columns_do_not_matter(tmp_path: Path) -> None:
    """The footer is read, however long its schema is."""
    wide = pl.DataFrame({f"c{n}": range(1000) for n in range(200)})
    wide.write_parquet(tmp_path / "a.parquet", row_group_size=100)
    assert count_rows(tmp_path / "a.parquet") == 1000


@given(st.binary(max_size=200))
def test_no_footer_hangs_or_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """It is a number or a ValueError, whatever the bytes are."""
    path = tmp_path_factory.mktemp("footer") / "a.parquet"
    path.write_bytes(b"PAR1" + bytes(16) + content + len(content).to_bytes(4, "little") + b"PAR1")
    with contextlib.suppress(ValueError):
        assert isinstance(parquet_rows(path), int)
