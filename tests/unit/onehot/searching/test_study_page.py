"""The page of a study: its pictures, each with a title and axes that say what they are."""

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from onehot.searching.search_screen import search_screen, table_rows
from onehot.searching.study_page import study_page

PATH = "compile.optimizer.Adam.learning_rate"


def trial(number: int, value: float | None, **more: Any) -> dict[str, Any]:
    """A trial of one job."""
    status = "failed" if value is None else "finished" if number % 2 else "paused"
    job = {"id": f"{number:032x}", "rung": 0, "repeat": 0, "status": "failed" if value is None else "finished",
           "value": value, "epochs": 3, "error": None if value else {"message": "diverged"},
           "history": [] if value is None else [0.1, 0.2, value], "weights_sha256": None}  # fmt: skip
    parameters = {PATH: 10.0 ** -(number + 1), "layers.0.Conv2D.filters": 16 * (number + 1), "layers.2": "off"}
    return {"number": number, "status": status, "value": value, "epochs": 3, "rung": 0, "parameters": parameters,
            "jobs": [job], **more}  # fmt: skip


def search(*values: float | None) -> dict[str, Any]:
    """A search as the service answers it."""
    return {
        "id": "1" * 32, "model": "digits", "status": "finished", "objective": "val_accuracy", "direction": "maximize",
        "sampler": "tpe", "prune": "asha", "parallel": 2, "trial_count": len(values), "begun": len(values),
        "best": {"trial": 1, "value": 0.9, "parameters": {}}, "winner": {"trial": 1, "value": 0.9, "job_id": "2" * 32},
        "created_at": "2026-01-01T00:00:00+00:00", "ended_at": None, "error": None,
        "result": {"model": "digits", "version": 4, "metrics": {"accuracy": 0.88}},
        "trials": [trial(number, value) for number, value in enumerate(values)], "rungs": [3, 9],
        "importances": {PATH: 0.8, "layers.0.Conv2D.filters": 0.15, "layers.2": 0.05},
    }  # fmt: skip


def pictures(page: str) -> list[ET.Element]:
    """The pictures, each well-formed by itself."""
    return [ET.fromstring(found) for found in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]  # noqa: S314 -- our own


def test_a_study_has_four_pictures_each_with_a_text_that_says_what_it_shows() -> None:
    """History of the best, parallel coordinates, importance, learning curves by rung."""
    found = [picture.findtext("title") or "" for picture in pictures(study_page(search(0.7, 0.9, 0.8, None)))]
    assert [title.split(";")[0] for title in found] == [
        "val_accuracy of 3 trials in their order",
        "3 trials through 3 parameters to val_accuracy",
        f"share of each parameter in the differences between trials: {PATH} 80%, layers.0.Conv2D.filters 15%, "
        "layers.2 5%",
        "val_accuracy of 3 trials by epoch",
    ]  # fmt: skip
    assert "chosen on validation rows from 4 trials" in study_page(search(0.7, 0.9, 0.8, None))


@pytest.mark.parametrize("values", [(0.7, 0.9), (0.5,), (0.5, 0.5), tuple(0.01 * n for n in range(60))])
def test_no_text_of_a_picture_leaves_its_edges(values: tuple[float, ...]) -> None:
    """About 6.6 units a character, as the page's font has at most."""
    for picture in pictures(study_page(search(*values))):
        width = float(picture.attrib["viewBox"].split()[2])
        for text in picture.iter("text"):
            length, x = 6.6 * len(text.text or ""), float(text.attrib["x"])
            left = {"start": x, "middle": x - length / 2, "end": x - length}[text.attrib["text-anchor"]]
            assert left >= -1, text.text
            assert left + length <= width + 1, text.text


def test_a_search_without_a_value_is_a_page_without_pictures() -> None:
    """It has its table all the same."""
    empty = search(None) | {"importances": None, "best": None, "winner": None, "result": None}
    assert pictures(study_page(empty)) == []
    assert "<td>failed</td>" in study_page(empty)


def test_the_table_begins_with_the_best_and_off_a_terminal_each_end_is_one_line() -> None:
    """Told once, however often the search is shown."""
    found = search(0.7, 0.9, None)
    assert [row[0] for row in table_rows(found)] == [1, 0, 2]
    stream = io.StringIO()
    with search_screen(stream, found["id"]) as show:
        show(found)
        show(found)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("trial 1  epoch 3  val_accuracy 0.9000  learning_rate 0.0100  filters 32  layers.2 off")
    assert lines[3] == "trial 2: diverged"
