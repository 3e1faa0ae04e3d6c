"""Rows in errors are counted as an editor counts them, and alike at submission and in training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import DataError
from models.spec import load_spec
from service.jobs.data_preview.preview import preview_data
from trainer.data.preparation import prepare


def spec_of(source: str, *, units: int = 2, activation: str = "softmax", **data: Any):
    return load_spec({
        "model": "a", "data": {"source": source, **data},
        "layers": [{"Dense": {"units": units, "activation": activation}}],
        "compile": {"loss": "categorical_crossentropy" if activation == "softmax" else "mse"},
    })  # fmt: skip


GOOD = "".join(f"{row},{row % 3},{'xy'[row % 2]}\n" for row in range(20))

CASES = {
    "text in a column": ("a,b,y\n" + GOOD + "1,bad,x\n", {}, "line 22"),
    "a gap": ("a,b,y\n" + GOOD + "1,,x\n", {}, "line 22"),
    "no header": (GOOD + "1,bad,x\n", {"csv": {"header": False}}, "line 21"),
    "a target that is missing": ("a,b,y\n" + GOOD + "1,2,\n", {}, "line 22"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_row_of_a_csv_file_is_named_by_its_line(case: str, tmp_path: Path) -> None:
    """The line of names is the first."""
    text, data, line = CASES[case]
    (tmp_path / "t.csv").write_text(text)
    spec = spec_of("t.csv", **data)
    (problem, *_) = preview_data(spec, roots=(str(tmp_path),))
    assert problem.path.endswith(f", {line}"), problem
    with pytest.raises(DataError) as caught:
        prepare(spec, roots=(str(tmp_path),))
    assert caught.value.where.endswith(f", {line}"), caught.value


def test_lines_without_anything_and_rows_that_were_dropped_are_counted(tmp_path: Path) -> None:
    """They stand in the file all the same."""
    (tmp_path / "t.csv").write_text("\n\na,b,y\n0,1,x\n,,\n1,2,\n" + GOOD + "1,bad,x\n")
    spec = spec_of("t.csv", target="y", drop_missing_target=True)
    with pytest.raises(DataError, match=r"column 'b', line 27: "):
        prepare(spec, roots=(str(tmp_path),))


@pytest.mark.parametrize("name", ["t.jsonl", "t.npz"])
def test_a_row_of_another_file_is_numbered_from_one(name: str, tmp_path: Path) -> None:
    """A label that is none."""
    if name == "t.npz":
        np.savez(tmp_path / name, x=np.zeros((9, 2)), y=np.array([*[0.0, 1.0] * 4, 0.5]))
    else:
        lines = [f'{{"a": {row}, "b": 1, "y": {row % 2}}}' for row in range(8)]
        (tmp_path / name).write_text("\n".join([*lines, '{"a": 1, "b": 1, "y": 0.5}']))
    spec = spec_of(name)
    (problem, *_) = preview_data(spec, roots=(str(tmp_path),))
    assert problem.path.endswith(", row 9"), problem
    with pytest.raises(DataError, match=", row 9: "):
        prepare(spec, roots=(str(tmp_path),))


@pytest.mark.parametrize("source", ["t.npz", "t.npy", "sklearn://iris", "folder"])
def test_dropping_rows_without_a_target_is_for_tables(source: str, tmp_path: Path) -> None:
    """Said by its key, at submission and by the trainer."""
    np.savez(tmp_path / "t.npz", x=np.zeros((9, 2)), y=np.arange(9) % 2)
    np.save(tmp_path / "t.npy", np.zeros((9, 3)))
    for name in ("a", "b"):
        (tmp_path / "folder" / name).mkdir(parents=True)
    spec = spec_of(source, drop_missing_target=True)
    (problem, *_) = preview_data(spec, roots=(str(tmp_path),))
    assert problem.path == "data.drop_missing_target"
    assert problem.expected.startswith("it for tables only (.csv")
    with pytest.raises(DataError, match=r"data\.drop_missing_target: expected it for tables only"):
        prepare(spec, roots=(str(tmp_path),))
