import os
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from models.errors import DataError, DiskFull
from models.preprocessing.pipeline import StepSpec, fit_batches, fit_steps
from models.spec import DataSpec
from trainer.data import Dataset, load_dataset, rows
from trainer.data.rows import ChosenRows, FileRows, batches, preprocessed, take_rows

VALUES = np.random.default_rng(1).normal(3, 5, size=(50, 4)).astype(np.float32)
STEPS = (
    StepSpec("rescale", {"scale": 2.0, "offset": 1.0}),
    StepSpec("standardize", {}),
    StepSpec("reshape", {"shape": [2, 2]}),
)


@pytest.fixture
def in_file() -> FileRows:
    """VALUES as rows in a file."""
    stored = FileRows(VALUES.shape, np.float32)
    for start in range(0, 50, 7):
        stored[start : start + 7] = VALUES[start : start + 7]
    return stored


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is larger than memory, and a batch is a few rows."""
    monkeypatch.setattr(rows, "MOST_BYTES", 0)
    monkeypatch.setattr(rows, "BATCH_BYTES", 100)


def test_rows_in_a_file_read_as_an_array_does(in_file: FileRows) -> None:
    """By slice and by number, in any order and twice."""
    assert in_file.shape == (50, 4)
    assert np.array_equal(in_file[3:9], VALUES[3:9])
    assert np.array_equal(in_file[40:99], VALUES[40:])
    chosen = np.array([9, 0, 9, 49])
    assert np.array_equal(in_file[chosen], VALUES[chosen])
    assert in_file[chosen[:0]].shape == (0, 4)


def test_chosen_rows_stay_in_the_file(in_file: FileRows) -> None:
    """A choice of a choice is one choice."""
    some = take_rows(take_rows(in_file, np.arange(10, 30)), np.array([5, 1]))
    assert isinstance(some, ChosenRows)
    assert some.base is in_file
    assert np.array_equal(some[:], VALUES[[15, 11]])
    assert np.array_equal(some[np.array([1])], VALUES[[11]])


@pytest.mark.usefixtures("small_memory")
def test_preprocessing_is_fitted_and_done_batch_by_batch(in_file: FileRows) -> None:
    """With the outcome that it has on an array."""
    whole = fit_steps(STEPS, VALUES)
    fitted = fit_batches(STEPS, lambda: batches(in_file))
    assert len(list(batches(in_file))) > 1
    assert fitted.output_shape == whole.output_shape == (2, 2)
    ready = preprocessed(in_file, fitted)
    assert ready.shape == (50, 2, 2)
    assert np.allclose(ready[:], whole.apply(VALUES), atol=1e-6)


def test_arrays_stay_arrays() -> None:
    """Nothing of this is for data that fits into memory."""
    taken = take_rows(VALUES, np.array([2, 1]))
    assert isinstance(taken, np.ndarray)
    assert len(list(batches(VALUES))) == 1


class TestParquet:
    FRAME = pl.DataFrame({"a": range(40), "b": [n / 4 for n in range(40)], "ok": [n % 2 == 0 for n in range(40)],
                          "y": ["p", "q"] * 20})  # fmt: skip

    def load(self, folder: Path, frame: pl.DataFrame, *steps: StepSpec) -> Dataset:
        """What a file with this table gives."""
        frame.write_parquet(folder / "t.parquet", row_group_size=16)
        return load_dataset(DataSpec("t.parquet"), roots=(str(folder),), steps=steps)

    @pytest.mark.usefixtures("small_memory")
    def test_numbers_are_streamed(self, tmp_path: Path) -> None:
        """Across row groups, with the columns' names."""
        dataset = self.load(tmp_path, self.FRAME)
        assert isinstance(dataset.features, FileRows)
        assert [column.name for column in dataset.columns or ()] == ["a", "b", "ok"]
        assert dataset.features[:].tolist() == [[n, n / 4, n % 2 == 0] for n in range(40)]
        assert dataset.targets.tolist() == ["p", "q"] * 20

    @pytest.mark.usefixtures("small_memory")
    def test_a_gap_is_named_on_its_way(self, tmp_path: Path) -> None:
        """With its column and row."""
        frame = self.FRAME.with_columns(pl.when(pl.col("a") == 33).then(None).otherwise(pl.col("b")).alias("b"))
        with pytest.raises(DataError, match=r"t\.parquet: column 'b', row 34: expected a finite number"):
            self.load(tmp_path, frame)

    @pytest.mark.usefixtures("small_memory")
    def test_text_is_read_into_memory(self, tmp_path: Path) -> None:
        """Steps of tables work on all rows at once."""
        frame = self.FRAME.with_columns(pl.Series("b", ["x", "y"] * 20))
        dataset = self.load(tmp_path, frame, StepSpec("one_hot", {"columns": ["b"]}))
        assert isinstance(dataset.features, np.ndarray)

    def test_small_files_are_arrays(self, tmp_path: Path) -> None:
        """Of the precision that the file has."""
        features = self.load(tmp_path, self.FRAME).features
        assert isinstance(features, np.ndarray)
        assert features.dtype == np.float64

    def test_a_broken_file_is_named(self, tmp_path: Path) -> None:
        """One message, no traceback."""
        (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing PAR1")
        with pytest.raises(DataError, match=r"a readable \.parquet file"):
            load_dataset(DataSpec("t.parquet"), roots=(str(tmp_path),))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_a_full_disk_is_no_fault_of_the_file(tmp_path, monkeypatch) -> None:
    """It says where there is no room, and for how much."""
    pl.DataFrame({"a": [1.0, 2.0], "label": [0, 1]}).write_parquet(tmp_path / "t.parquet")
    monkeypatch.setattr(rows, "MOST_BYTES", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: os.fdopen(os.open("/dev/full", os.O_RDWR), "r+b", 0))
    with pytest.raises(DiskFull, match=f"no space left .*{tempfile.gettempdir()}.* MiB"):
        load_dataset(DataSpec("t.parquet"), roots=(str(tmp_path),))
