"""Tables as people bring them to `onehot init`: what it takes, what it leaves out, and what it says of both."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import DataError
from models.settings import Settings
from models.spec import Spec, load_spec
from models.spec.yaml_text import load_document
from models.suggestions.suggested_spec import SuggestedSpec
from trainer.init.__main__ import main, suggest

ROWS = 240
RNG = np.random.default_rng(3)
SIZE = RNG.normal(10, 2, ROWS).round(3)
KIND = np.array(["oak", "elm"])[(SIZE + RNG.normal(0, 1, ROWS) > 10).astype(int)]
TABLE: dict[str, Sequence[Any]] = {"size": SIZE, "place": np.array(["north", "south"])[RNG.integers(0, 2, ROWS)]}


def suggested(root: Path, target: str | None = None, **columns: Sequence[Any]) -> SuggestedSpec:
    """What `init` makes of a CSV file of these columns."""
    rows = zip(*columns.values(), strict=True)
    quoted = [",".join(f'"{cell}"' if "," in str(cell) else str(cell) for cell in row) for row in rows]
    (root / "t.csv").write_text("\n".join([",".join(columns), *quoted]))
    return suggest("t.csv", target, settings=Settings(data_roots=(str(root),)))


def spec_of(found: SuggestedSpec) -> Spec:
    return load_spec(load_document(found.text))


def test_without_a_target_the_one_that_was_taken_and_the_others_are_named(tmp_path: Path) -> None:
    """In the comments and in `notes`; with --target there is nothing to say."""
    found = suggested(tmp_path, **TABLE, kind=KIND)
    assert "No --target was given: 'kind' is taken for the target." in found.text
    assert "Other candidates: place (2 classes), size (numbers)." in found.notes[0]
    assert suggested(tmp_path, "kind", **TABLE, kind=KIND).notes == ()


def test_target_and_features_always_stand_in_the_spec(tmp_path: Path) -> None:
    """Also where nothing is left out: columns that come later change nothing."""
    data = spec_of(suggested(tmp_path, **TABLE, kind=KIND)).data
    assert (data.target, data.features) == ("kind", ("size", "place"))


@pytest.mark.parametrize("names", [("x", "y"), ("data", "labels")])
def test_target_and_features_of_arrays_stand_in_the_spec(names: tuple[str, str], tmp_path: Path) -> None:
    """The arrays' names."""
    np.savez(tmp_path / "a.npz", **{names[0]: np.zeros((30, 4)), names[1]: np.arange(30) % 3})
    data = spec_of(suggest("a.npz", settings=Settings(data_roots=(str(tmp_path),)))).data
    assert (data.features, data.target) == names


def test_a_column_index_of_an_npy_file_stands_in_the_spec(tmp_path: Path) -> None:
    """The last one, by its number."""
    np.save(tmp_path / "a.npy", np.stack([SIZE, SIZE % 3, np.arange(ROWS) % 2], axis=1))
    assert spec_of(suggest("a.npy", settings=Settings(data_roots=(str(tmp_path),)))).data.target == "2"


def test_a_target_that_was_taken_and_cannot_be_used_says_how_to_name_another(tmp_path: Path) -> None:
    """The last column is a comment with gaps."""
    comments = ["" if row % 3 else "seen again" for row in range(ROWS)]
    with pytest.raises(DataError, match=r"'comments'.*No --target was given: name the column"):
        suggested(tmp_path, **TABLE, kind=KIND, comments=comments)


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("n", RNG.permutation(ROWS)),
        ("ticket", RNG.permutation(ROWS) + 70_000),
        ("customer_id", RNG.choice(10**8, ROWS, replace=False)),
        ("ID", RNG.choice(10**8, ROWS, replace=False).astype(float)),
        ("order", RNG.choice(600, ROWS, replace=False)),
    ],
)
def test_shuffled_ids_are_left_out(name: str, ids: Sequence[Any], tmp_path: Path) -> None:
    """And it is said why."""
    found = suggested(tmp_path, **TABLE, **{name: ids}, kind=KIND)
    assert spec_of(found).data.features == ("size", "place")
    assert f"{name!r} is left out: it is an id: every row has another whole number." in found.notes


def test_quantities_that_all_differ_are_kept(tmp_path: Path) -> None:
    """Incomes in whole dollars are no ids."""
    found = suggested(tmp_path, **TABLE, income=np.random.default_rng(1).choice(10**7, ROWS, replace=False), kind=KIND)
    assert "income" in spec_of(found).data.features


def test_ids_of_text_are_left_out(tmp_path: Path) -> None:
    """Few rows, or many."""
    few = {name: list(column[:40]) for name, column in {**TABLE, "code": np.arange(ROWS), "kind": KIND}.items()}
    few["code"] = [f"a{row}" for row in range(40)]
    assert "'code' is left out: every row has another text." in suggested(tmp_path, **few).notes


@pytest.mark.parametrize(
    ("name", "copy"),
    [("label", KIND), ("code", (KIND == "elm").astype(int)), ("score", (KIND == "elm") + RNG.random(ROWS) / 3)],
)
def test_a_copy_of_the_target_is_warned_of(name: str, copy: Sequence[Any], tmp_path: Path) -> None:
    """Under another name, in other words, or as what alone predicts it."""
    found = suggested(tmp_path, "kind", **TABLE, **{name: copy}, kind=KIND)
    assert [note for note in found.notes if f"{name!r} alone predicts the target" in note]
    assert not [note for note in found.notes if "'size' alone" in note]


def test_a_copy_of_a_target_of_numbers_is_warned_of(tmp_path: Path) -> None:
    """In another unit."""
    price = RNG.normal(3000, 900, ROWS)
    found = suggested(tmp_path, **TABLE, cents=price * 100, price=price)
    assert [note for note in found.notes if "'cents' alone predicts the target" in note]


def test_rare_values_get_a_column_for_others(tmp_path: Path) -> None:
    """One value that one row in 240 has: it may be in the validation or the test part only."""
    crew = ["1st", "2nd", "*"]
    classes = [crew[row % 2] for row in range(ROWS)]
    classes[100] = crew[2]
    found = suggested(tmp_path, **TABLE, passenger_class=classes, kind=KIND)
    assert [step.arguments for step in spec_of(found).preprocessing if step.name == "one_hot"] == [
        {"columns": ["place"]}, {"columns": ["passenger_class"], "unknown": "other"},
    ]  # fmt: skip
    assert "'passenger_class' has values in fewer than 5 rows: '*' (1)" in found.text


def test_one_dirty_cell_is_named_with_column_row_and_count(tmp_path: Path) -> None:
    """In 1 313 rows of numbers: the line as an editor counts it, the header being line 1."""
    rng = np.random.default_rng(5)
    age = [f"{one:.2f}" for one in rng.normal(30, 9, 1313)]
    age[700] = "n.k."
    found = suggested(
        tmp_path, age=age, fare=rng.normal(size=1313), kind=np.array(["x", "y"])[rng.integers(0, 2, 1313)]
    )
    assert "'age' is left out: it holds numbers, but 1 of 1313 rows has text: 'n.k.' in line 702" in found.text
    assert spec_of(found).data.features == ("fare",)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([f"{1 + row % 9},{100 + row}" for row in range(ROWS)], "it holds numbers with commas between their digits"),
        ([f"{row % 100},5%" for row in range(ROWS)], "it holds percentages, as '0,5%'"),
        ([f"${row}.50" for row in range(ROWS)], "it holds amounts of money, as '$0.50'"),
        (
            [f"{1 + row % 12}/{1 + row % 12}/2024" for row in range(ROWS)],
            "it holds dates that are not written as 2024-",
        ),
        ([f"{row % 24}:30" for row in range(ROWS)], "it holds times of day, as '0:30'"),
        (["Anvers"] * ROWS, "it is 'Anvers' in every row"),
        (["", *["" for _ in range(ROWS - 2)], "seen"], "it has a value in 1 of 240 rows"),
    ],
)
def test_a_column_that_cannot_be_read_is_named_for_what_it_is(cells: list[str], said: str, tmp_path: Path) -> None:
    """Instead of so many different texts."""
    found = suggested(tmp_path, **TABLE, odd=cells, kind=KIND)
    assert f"'odd' is left out: {said}" in found.text
    assert "odd" not in (spec_of(found).data.features or ())


def test_dates_get_a_step_of_their_own(tmp_path: Path) -> None:
    """ISO 8601, with or without a time."""
    days = [f"2024-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(ROWS)]
    found = suggested(tmp_path, **TABLE, day=days, at=[f"{day} 10:30" for day in days], kind=KIND)
    steps = {step.name: step.arguments for step in spec_of(found).preprocessing}
    assert steps["date"] == {"columns": ["day", "at"]}


def test_a_table_without_anything_to_learn_from_is_refused(tmp_path: Path) -> None:
    """With the reason for each column."""
    with pytest.raises(DataError, match="something can be learned from; received 'n': it numbers the rows"):
        suggested(tmp_path, n=list(range(ROWS)), kind=KIND)


def test_the_notes_go_to_stderr_as_well(tmp_path: Path, monkeypatch, capsys) -> None:
    """So that they are seen when the spec goes to a file."""
    suggested(tmp_path, **TABLE, kind=KIND)
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", str(tmp_path))
    assert main(["t.csv"]) == 0
    written = capsys.readouterr()
    assert "'kind' is taken for the target" in written.err
    assert load_spec(load_document(written.out)).data.target == "kind"
