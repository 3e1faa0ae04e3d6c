import csv
import io

import pytest

from models.sources.csv_dialect import Dialect
from models.sources.csv_text import cells_of_line, csv_rows, is_header, open_table


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("\n\na,b\r\n\r\n1,2", [["a", "b"], ["1", "2"]]),
        ("a,b\r1,2\r", [["a", "b"], ["1", "2"]]),
        ('"x\ny","say ""z"""\n', [["x\ny", 'say "z"']]),
    ],
)
def test_empty_lines_are_no_rows(text, rows) -> None:
    """Whatever lines end with; a quoted cell may go on over them."""
    assert list(csv_rows(io.StringIO(text, newline=""))) == rows


def test_the_names_are_those_of_the_first_line_that_is_not_empty(tmp_path) -> None:
    """Without a byte order mark, and without the blanks around them."""
    (tmp_path / "t.csv").write_text('\ufeff\n\n a,"b ""c""" ,d\n1,2,3\n')
    with open_table(tmp_path / "t.csv") as table:
        assert table.names == ["a", 'b "c"', "d"]


def test_a_row_of_gaps_is_none_of_a_table(tmp_path) -> None:
    """As a spreadsheet leaves them below its last row."""
    (tmp_path / "t.csv").write_text("a,b\n1,2\n,\nNA, ?\n3,\n")
    with open_table(tmp_path / "t.csv") as table:
        assert (table.names, list(table.rows)) == (["a", "b"], [["1", "2"], ["3", ""]])
    (tmp_path / "t.csv").write_text("")
    with open_table(tmp_path / "t.csv") as table:
        assert (table.names, list(table.rows)) == ([], [])


def test_another_dialect_has_another_separator() -> None:
    """Rows, single lines and headers."""
    dialect = Dialect(separator=";")
    assert list(csv_rows(["a;1,5\n"], dialect)) == [["a", "1,5"]]
    assert cells_of_line("a;1,5", dialect) == ["a", "1,5"]
    assert cells_of_line('"a;b";1', dialect) == ["a;b", "1"]


def test_a_quote_without_an_end_is_refused_in_its_line() -> None:
    """It does not swallow the next."""
    with pytest.raises(csv.Error):
        cells_of_line('1,"2')


@pytest.mark.parametrize(
    ("row", "known", "expected"),
    [
        (["a", "b"], (), True),
        ([" a ", "NA"], (), True),
        (["a", ""], (), False),
        (["a", "1"], (), False),
        (["nan", "inf"], (), False),
        ([], (), False),
        (["a", "x"], ("a", "b"), True),
        (["x", "y"], ("a", "b"), False),
        ([" 2020", "a"], ("a", "2020"), True),
        (["a", "1"], ("a", "b"), False),
    ],
)
def test_a_header_has_names_and_no_numbers(row, known, expected) -> None:
    """Unless a number is a name that is known."""
    assert is_header(row, known) is expected
