import pytest

from models.preprocessing.table_cells import GAPS, holds_nothing, number_of, spellings_of, value_of


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", 1),
        (" 1\t", 1),
        ("+1", 1),
        ("-0", 0),
        ("1.0", 1.0),
        (".5e1", 5.0),
        ("5.", 5.0),
        ("True", True),
        (" false", False),
        ("Dream", "Dream"),
        (" Dream ", "Dream"),
        ("007", "007"),
        ("-01", "-01"),
        ("0", 0),
        ("0.5", 0.5),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("inf", "inf"),
        ("1e999", "1e999"),
    ],
)
def test_a_cell_is_a_number_a_boolean_or_text(cell, value) -> None:
    """As JSON has it; blanks around it mean nothing."""
    found = value_of(cell)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_one_with_blanks_around_it(gap) -> None:
    """However it is written."""
    assert value_of(f" {gap}") is None
    assert holds_nothing([gap, f"{gap}\t"])
    assert number_of(gap) is None


@pytest.mark.parametrize(
    ("cell", "number"), [(" 1.5 ", 1.5), ("007", 7.0), (2, 2.0), (True, 1.0), ("1_0", None), ("NaN", None),
                         (float("inf"), None), (None, None), ([1], None), (10**400, None)],
)  # fmt: skip
def test_a_number_is_what_json_calls_one(cell, number) -> None:
    """Also padded with zeros, where a number is needed; never what only Python reads."""
    assert number_of(cell) == number


@pytest.mark.parametrize(
    ("cell", "spelling"), [("1.0", "1"), (" 1.50", "1.5"), ("1", "1"), (" a ", "a"), ("TRUE", "true"), ("true", "True")]
)
def test_a_category_has_the_spellings_of_its_value(cell, spelling) -> None:
    """A client may write it as its table does."""
    assert spelling in spellings_of(cell)


def test_a_padded_category_has_no_other_spelling() -> None:
    """007 is no 7."""
    assert spellings_of("007") == ("007",)
