import contextlib
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DataError
from models.sources.parquet_footer import parquet_rows
from service.jobs.data_preview.row_counts import count_rows

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


@pytest.mark.parametrize(
    "rows", [[], [1], [12345] * 30_000, [[0.5] * 100] * 500, [{"a": 'x]y\\"'}] * 9_000, ["é" * 90_000, 1]]
)
@pytest.mark.parametrize("form", [{}, {"indent": 1}, {"ensure_ascii": False}])
def test_elements_are_counted_across_pieces(tmp_path: Path, rows: list[Any], form: dict[str, Any]) -> None:
    """Wherever a piece of the file ends: within a number, a text, a character."""
    (tmp_path / "a.json").write_text(json.dumps(rows, **form))
    assert count_rows(tmp_path / "a.json") == len(rows)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[", "[1", "[1,", "[1,]", "[1 2]", "[1]]", "[,]", "[nul]", "[" * 100_000, "[1] [2]", '["' + "a" * 2**23],
)
def test_what_is_no_list_is_not_counted(tmp_path: Path, text: str) -> None:
    """And an element that would fill the memory is not read to its end."""
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=r"a readable \.json file"):
        count_rows(tmp_path / "a.json")


def test_a_large_list_is_never_in_memory_whole(tmp_path: Path) -> None:
    """Three megabytes as text would be ten as objects."""
    with (tmp_path / "a.json").open("w") as file:
        file.write("[" + ",\n".join(["[1.5, 2.5, 3.5]"] * 200_000) + "]")
    tracemalloc.start()
    try:
        assert count_rows(tmp_path / "a.json") == 200_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_line_without_an_end_is_not_read_to_its_end(tmp_path: Path, name: str) -> None:
    """A table has lines."""
    (tmp_path / name).write_text("a," * 2**22)
    with pytest.raises(DataError, match="line 1 of"):
        count_rows(tmp_path / name)


@pytest.mark.parametrize("shape", ["(-1, 8)", "(9223372036854775807,)", "(3, 9)", "(" * 900])
def test_a_shape_that_the_bytes_do_not_fill_is_not_believed(tmp_path: Path, shape: str) -> None:
    """In a file of its own and in an archive."""
    np.save(tmp_path / "good.npy", np.zeros((3, 8)))
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    content = b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head + (tmp_path / "good.npy").read_bytes()[128:]
    (tmp_path / "a.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("y.npy", content)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(DataError):
            count_rows(tmp_path / name)


def test_a_number_in_a_footer_ends(tmp_path: Path) -> None:
    """Sixty-four bits at most, however many bytes say that they go on."""
    content = b"\x36" + b"\xff" * 100_000 + b"\x01"
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(16) + content + len(content).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(DataError, match="more than 64 bits"):
        count_rows(tmp_path / "a.parquet")
