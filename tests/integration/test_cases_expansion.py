"""Compressed files that become too much: refused alike at upload, at submission and by the trainer."""

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError
from models.sources.expansion import check_expanded
from models.sources.parquet_footer import read_footer
from models.spec import DataSpec, load_spec
from service.jobs.data_preview.memory import MemoryBounds
from service.jobs.data_preview.preview import preview_data
from trainer.data import load_dataset

MOST = 2**20
LINES = b"a,b,y\n" + b"1,2,x\n3,4,z\n" * 200_000


def write_zeros(path: Path) -> None:
    pl.select(a=pl.zeros(2_000_000, dtype=pl.Float32), y=pl.zeros(2_000_000, dtype=pl.Int8)).write_parquet(path)


def write_text(path: Path) -> None:
    pl.DataFrame({"a": ["x" * 2_000_000, "x"], "y": [0, 1]}).write_parquet(path, compression="zstd")


WRITERS = {
    "zeros.npz": lambda path: np.savez_compressed(path, x=np.zeros((400_000, 4), np.uint8), y=np.zeros(400_000)),
    "zeros.parquet": write_zeros,
    "text.parquet": write_text,
    "lines.csv.gz": lambda path: path.write_bytes(gzip.compress(LINES)),
    "members.tsv.gz": lambda path: path.write_bytes(gzip.compress(b"a\tb\ty\n") + 40 * gzip.compress(LINES[6:60_006])),
}
"""Name → how a file of a few kilobytes is written that becomes more than a megabyte."""


@pytest.mark.parametrize("name", WRITERS)
def test_what_becomes_too_much_is_refused_by_all(name: str, tmp_path: Path) -> None:
    """By one rule, with the setting that allows it."""
    WRITERS[name](tmp_path / name)
    assert (tmp_path / name).stat().st_size < MOST / 10
    with pytest.raises(DataError, match=r"body: expected .* of at most 1048576 bytes.*ONEHOT_MAX_DATA_BYTES"):
        check_expanded(tmp_path / name, "body", most_bytes=MOST)
    spec = load_spec({
        "model": "a", "data": {"source": name}, "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy"},
    })  # fmt: skip
    roots = (str(tmp_path),)
    problems = preview_data(spec, roots=roots, bounds=MemoryBounds(data_bytes=MOST))
    assert "ONEHOT_MAX_DATA_BYTES" in problems[0].expected
    with pytest.raises(DataError, match="ONEHOT_MAX_DATA_BYTES"):
        load_dataset(DataSpec(name), roots=roots, most_bytes=MOST)
    check_expanded(tmp_path / name, "body", most_bytes=2**30)


def test_numbers_that_were_measured_may_be_many(tmp_path: Path) -> None:
    """A Parquet file of them is read a slice at a time: it may be larger than memory."""
    pl.DataFrame({"a": np.random.default_rng(1).random(300_000)}).write_parquet(tmp_path / "a.parquet")
    check_expanded(tmp_path / "a.parquet", "body", most_bytes=MOST)


def test_a_footer_says_rows_columns_and_bytes(tmp_path: Path) -> None:
    """Of nested columns the leaves."""
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": [[1, 2], [3]], "c": [{"d": 1, "e": "x"}, {"d": 2, "e": "y"}]})
    frame.write_parquet(tmp_path / "a.parquet")
    footer = read_footer(tmp_path / "a.parquet")
    assert (footer.rows, footer.columns) == (2, 4)
    assert footer.data_bytes > 0


@pytest.mark.parametrize("name", ["a.npz", "a.parquet", "a.csv.gz", "a.csv"])
def test_what_cannot_be_read_is_told_by_its_reader(name: str, tmp_path: Path) -> None:
    """Here nothing is said of it."""
    (tmp_path / name).write_bytes(b"something else altogether" * 100)
    check_expanded(tmp_path / name, "body", most_bytes=1)
