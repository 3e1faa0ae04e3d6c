"""Steps on what the training rows did not have, and on dates: alike in training and in serving."""

from typing import Any

import numpy as np
import pytest

from models.errors import InputError, SpecError, UnknownCategory
from models.preprocessing.instances import Feature, InstanceSpec, parse_instances
from models.preprocessing.pipeline import Preprocessing, StepSpec, fit_steps
from models.preprocessing.table_cells import date_of, explained
from models.spec import load_spec

FEATURES = (Feature("mass"), Feature("island", "category"))


def table(*rows: tuple[Any, ...]) -> Any:
    made = np.empty((len(rows), len(rows[0])), dtype=object)
    made[:] = rows
    return made


TRAINING = table((1.0, "dream"), (2.0, "biscoe"), (3.0, "dream"))


def fitted(step: StepSpec, batch: Any = TRAINING, features: tuple[Feature, ...] = FEATURES) -> Preprocessing:
    """As a manifest gives it back."""
    first = fit_steps([step], batch, features=features)
    return Preprocessing.from_document(first.document, first.output_shape)


def test_an_unseen_category_gets_the_column_of_all_others() -> None:
    """With `unknown: other`; the known ones stay where they are."""
    steps = fitted(StepSpec("one_hot", {"columns": ["island"], "unknown": "other"}))
    assert steps.output_shape == (4,)
    assert steps.apply(table((1.0, "dream"), (1.0, "torgersen"))).tolist() == [[1, 0, 1, 0], [1, 0, 0, 1]]


@pytest.mark.parametrize("arguments", [{"columns": ["island"]}, {"columns": ["island"], "unknown": "error"}])
def test_an_unseen_category_is_refused_by_default(arguments: dict[str, Any]) -> None:
    """And in versions from before there was a choice: their steps are the same."""
    steps = fitted(StepSpec("one_hot", arguments))
    assert "unknown" not in steps.document[0]["one_hot"]
    with pytest.raises(UnknownCategory, match=r"instances\[1\].island: expected one of biscoe, dream; received 'torg"):
        steps.apply(table((1.0, "dream"), (1.0, "torgersen")))


def test_two_steps_may_treat_their_columns_differently() -> None:
    """The places of columns move on with each step."""
    features = (Feature("a", "category"), Feature("b", "category"))
    steps = fit_steps(
        [StepSpec("one_hot", {"columns": ["a"]}), StepSpec("one_hot", {"columns": ["b"], "unknown": "other"})],
        table(("x", "p"), ("y", "q")), features=features,
    )  # fmt: skip
    assert steps.apply(table(("y", "never"))).tolist() == [[0, 1, 0, 0, 1]]
    with pytest.raises(InputError, match="expected one of x, y"):
        steps.apply(table(("never", "p")))


def test_a_date_becomes_year_month_weekday_and_day_of_the_year() -> None:
    """Friday, the 152nd day of a leap year; with a time behind it, the same day."""
    features = (Feature("day", "date"), Feature("mass"))
    steps = fitted(StepSpec("date", {"columns": ["day"]}), table(("2024-01-01", 1.0)), features)
    rows = parse_instances(
        [["2024-05-31", 2.0], {"day": "2023-12-31T23:59:59Z", "mass": 3}], InstanceSpec((2,), features)
    )
    assert steps.apply(rows).tolist() == [[2024, 5, 5, 152, 2], [2023, 12, 7, 365, 3]]


@pytest.mark.parametrize("cell", ["31.05.2024", "2024-02-30", "", 20240531, True, None, "yesterday"])
def test_what_is_no_date_is_refused_with_its_place(cell: Any) -> None:
    """The instance, the column, and how a date is written."""
    features = (Feature("day", "date"),)
    with pytest.raises(InputError, match=r"instances\[0\].day: expected a date as 2024-05-31"):
        parse_instances([[cell]], InstanceSpec((1,), features))


@pytest.mark.parametrize(
    "cell", ["2024-05-31", " 2024-05-31 ", "2024-05-31 10:30", "2024-05-31T10:30:00.123Z", "2024-05-31T10:30:00+02:00"]
)
def test_dates_are_those_of_iso_8601(cell: str) -> None:
    """Alone, or with a time."""
    assert str(date_of(cell)) == "2024-05-31"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("3,750", "'3,750', a number with commas between its digits: write 3750 for 3,750"),
        ("12%", "'12%', a percentage: write 0.12 or 12 for 12%"),
        ("€ 9.50", "'€ 9.50', an amount of money: write the number only, without its currency"),
        ("31.05.2024", "'31.05.2024', a date that is not written as 2024-05-31"),
        ("abc", "'abc'"),
    ],
)
def test_a_cell_that_is_nearly_a_number_is_named_for_what_it_is(cell: str, said: str) -> None:
    """With how to write it."""
    assert explained(cell).startswith(said)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            {"one_hot": {"columns": ["a"], "unknown": "ignore"}},
            "preprocessing.0.one_hot.unknown: expected one of error, o",
        ),
        ({"date": {"column": "a"}}, "preprocessing.0.date.column: expected one of the keys columns"),
        ({"date": {}}, "preprocessing.0.date.columns: expected a value; received nothing"),
    ],
)
def test_a_step_with_wrong_arguments_is_refused_with_its_path(step: dict[str, Any], message: str) -> None:
    """Every problem by its path."""
    document = {"model": "m", "data": {"source": "t.csv"}, "preprocessing": [step], "layers": [{"Dense": {"units": 1}}],
                "compile": {"loss": "mean_squared_error"}}  # fmt: skip
    with pytest.raises(SpecError, match=message):
        load_spec(document)
