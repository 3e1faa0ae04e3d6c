"""Columns in another spelling: which are certain, and what their cells mean."""

import pytest

from models.preprocessing.cell_forms import date_form, form_of, in_form, number_form


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["12%", "0.5 %", "-3%", None, "NA"], "percent"),
        (["1,234,567", "3,750"], "thousands"),
        (["3,750.50", "1,200"], "thousands"),
        (["950", "1,250", "17"], "thousands"),
        ([950.0, "1,250"], "thousands"),
        (["1.5", "1,250"], "thousands"),
        # each may mean something else
        (["3,750", "1,250"], None),
        (["0", "1,250"], None),
        (["1250", "1,250"], None),
        (["0,950", "1,250"], None),
        (["12%", "12"], None),
        (["12%", "1,250"], None),
        (["12,5%"], None),
        (["1,25", "950"], None),
        # and these are what they are
        (["1", "2.5"], None),
        (["a", "12%"], None),
        ([None, float("nan"), "?"], None),
        ([], None),
    ],
)
def test_a_column_of_numbers_has_a_form_where_it_is_certain(cells, form) -> None:
    """All cells agree, and a comma cannot be a decimal sign."""
    assert number_form(cells) == form


@pytest.mark.parametrize(("decimal", "form"), [(".", "thousands"), (",", None)])
def test_the_decimal_sign_that_was_said_decides(decimal, form) -> None:
    """`data.csv: {decimal: "."}`."""
    assert number_form(["3,750", "1,250"], decimal=decimal) == form


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["31.05.2024", "01.02.2024"], "day first"),
        (["01.02.2024"], "day first"),
        (["31/05/2024", "01/02/2024 12:30"], "day first"),
        (["05/31/2024", "01/02/2024", None], "month first"),
        (["2024/05/31"], "year first"),
        (["01/02/2024"], None),
        (["31/05/2024", "05/31/2024"], None),
        (["31.05.24"], None),
        (["31.02.2024"], None),
        (["2024-05-31"], None),
        (["2024-05-31", "some day"], None),
    ],
)
def test_a_column_of_dates_has_a_form_where_one_order_alone_fits(cells, form) -> None:
    """A point stands behind the number of a day; slashes tell by a day above 12."""
    assert date_form(cells) == form


@pytest.mark.parametrize(
    ("cell", "form", "meant"),
    [
        ("12%", "percent", 0.12),
        (0.12, "percent", 0.12),
        ("12", "percent", None),
        ("3,750.5", "thousands", 3750.5),
        ("950", "thousands", 950.0),
        ("3,75", "thousands", None),
        (950, "thousands", 950.0),
        ("31.05.2024", "day first", "2024-05-31"),
        ("05/31/2024", "month first", "2024-05-31"),
        ("2024/5/31", "year first", "2024-05-31"),
        ("2024-05-31", "day first", "2024-05-31"),
        ("05/31/2024", "day first", None),
        (20240531, "day first", None),
    ],
)
def test_a_cell_means_one_thing(cell, form, meant) -> None:
    """In training and in requests; what is not in the form means nothing."""
    assert in_form(cell, form) == meant


def test_categories_have_no_form() -> None:
    """Their text stays what it is."""
    assert form_of(["12%", "13%"], "category") is None
