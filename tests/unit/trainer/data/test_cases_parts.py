"""Tables whose parts differ from each other, and columns of dates, from the file to what the network takes."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.errors import DataError
from trainer.data.preparation import Prepared, prepare

ROWS = 60


def write(path: Path, island_of_row: dict[int, str], **columns: list[Any]) -> None:
    """Sizes, islands and kinds; some rows on another island."""
    islands = [island_of_row.get(row, "north") for row in range(ROWS)]
    frame = {"size": [row % 7 for row in range(ROWS)], "island": islands, **columns,
             "kind": ["xyz"[row % 3] for row in range(ROWS)]}  # fmt: skip
    pl.DataFrame(frame).write_csv(path) if path.suffix == ".csv" else pl.DataFrame(frame).write_parquet(path)


def prepared(root: Path, make_spec, steps: list[Any], **data: Any) -> Prepared:
    spec = make_spec(data={"target": "kind", **data}, preprocessing=steps)
    return prepare(spec, roots=(str(root),))


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_category_that_only_one_part_has_is_named_with_the_way_on(part: str, tmp_path: Path, make_spec) -> None:
    """Its column, the line of the file where it stands first, how many rows have it, and `unknown: other`."""
    write(tmp_path / "train.csv", {1: "south"})
    write(tmp_path / "other.csv", {10: "south", 20: "west", 30: "west"})
    with pytest.raises(DataError) as caught:
        prepared(tmp_path, make_spec, [{"one_hot": {"columns": ["island"]}}], source="train.csv", **{part: "other.csv"})
    assert caught.value.where == "other.csv: column 'island', line 22"
    assert caught.value.expected == "a category of the training rows, or `one_hot: {columns: [island], unknown: other}`"
    assert caught.value.received == f"'west', which only the {part} part has (2 of its 60 rows)"


def test_a_category_that_only_one_row_has_does_not_end_the_job(tmp_path: Path, make_spec) -> None:
    """With `unknown: other`, wherever the row falls."""
    step = {"one_hot": {"columns": ["island"], "unknown": "other"}}
    write(tmp_path / "train.csv", {})
    write(tmp_path / "other.csv", {20: "west"})
    ready = prepared(tmp_path, make_spec, [step], source="train.csv", test="other.csv")
    assert ready.test.part.inputs[19:21].tolist() == [[5, 1, 0], [6, 0, 1]]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_dates_are_read_alike_from_text_and_from_parquet(ending: str, tmp_path: Path, make_spec) -> None:
    """Columns of text, of dates, and of dates with times."""
    days = [date(2024, 1, 1) + timedelta(days=row) for row in range(ROWS)]
    write(tmp_path / f"t{ending}", {}, day=days)
    steps = [{"date": {"columns": ["day"]}}]
    ready = prepared(tmp_path, make_spec, steps, source=f"t{ending}", features=["size", "day"])
    rows = {tuple(row) for piece in ready.pieces.values() for row in piece.part.inputs.tolist()}
    assert (31 % 7, 2024, 2, 4, 32) in rows  # the first of February, a Thursday
    assert [(feature.name, feature.kind) for feature in ready.instance.features or ()] == [
        ("size", "number"), ("day", "date"),
    ]  # fmt: skip


def test_times_of_parquet_are_dates(tmp_path: Path, make_spec) -> None:
    """As ISO 8601 writes them."""
    write(
        tmp_path / "t.parquet",
        {},
        at=pl.datetime_range(date(2024, 1, 1), date(2024, 2, 29), "1d", eager=True).to_list(),
    )
    ready = prepared(tmp_path, make_spec, [{"date": {"columns": ["at"]}}], source="t.parquet", features=["size", "at"])
    assert ready.preprocessing.output_shape == (5,)


def test_a_gap_in_a_column_of_dates_is_filled(tmp_path: Path, make_spec) -> None:
    """With the most frequent date, as every column of text."""
    days = [None if row == 5 else "2024-05-31" for row in range(ROWS)]
    write(tmp_path / "t.csv", {}, day=days)
    steps = [{"date": {"columns": ["day"]}}, {"fill": {"strategy": "median"}}]
    ready = prepared(tmp_path, make_spec, steps, source="t.csv", features=["day"])
    assert {tuple(row) for row in ready.train.part.inputs.tolist()} == {(2024, 5, 5, 152)}


def test_a_cell_that_is_no_date_is_named(tmp_path: Path, make_spec) -> None:
    """With what it looks like."""
    write(tmp_path / "t.csv", {}, day=["05/06/2024"] * ROWS)
    with pytest.raises(
        DataError, match=r"column 'day'.*expected a date as 2024-05-31; received '05/06/2024', a date that"
    ):
        prepared(tmp_path, make_spec, [{"date": {"columns": ["day"]}}], source="t.csv", features=["day"])


def test_a_number_with_commas_is_named_for_what_it_is(tmp_path: Path, make_spec) -> None:
    """In a column of numbers."""
    write(tmp_path / "t.csv", {}, price=["3,750"] * ROWS)
    with pytest.raises(DataError, match="'3,750', a number with commas between its digits: write 3750"):
        prepared(tmp_path, make_spec, [], source="t.csv", features=["price"])


def test_one_dirty_cell_in_1313_rows_is_named_with_its_column_and_count(tmp_path: Path, make_spec) -> None:
    """So that it is seen how much there is to mend."""
    cells = ["30.5"] * 1313
    cells[700] = "n.k."
    kinds = ["xyz"[row % 3] for row in range(1313)]
    pl.DataFrame({"age": cells, "kind": kinds}).write_csv(tmp_path / "t.csv")
    with pytest.raises(DataError, match=r"column 'age'.*received 'n.k.' \(1 of 1313 rows\)"):
        prepared(tmp_path, make_spec, [{"fill": {"strategy": "median"}}], source="t.csv", features=["age"])
