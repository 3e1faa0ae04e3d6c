"""Captured rows, true labels and live quality from the command line, of a store."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.store.store import Store
from tests.captured_rows import LAYOUT, capture_rows
from tests.unit.onehot.test_models_command import draft


@pytest.fixture
def store(onehot) -> Store:  # noqa: ARG001 -- it leads into an empty folder
    """A model with four captured rows, of which versions were sure to a different degree."""
    store = Store.open("var/store")
    manifest = store.publish(draft("a", None), {"model.onnx": b"graph"})
    layout = replace(LAYOUT, model=manifest.model)
    outputs = [[0.5, 0.4, 0.1], [0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.34, 0.33, 0.33]]
    capture_rows(store, ["a", "b", "c", "d"], layout=layout, outputs=outputs)
    return store


def test_capture_is_switched_on_and_off(onehot, store) -> None:
    """And shown; the store is what it changes."""
    done = onehot("captured", "on", "tiny", "--sample", "0.1", "--keep-days", "7", "--drop", "name", "--drop", "email")
    assert done.exit_code == 0, done.stderr
    expected = {"model": "tiny", "enabled": True, "sample": 0.1, "keep_days": 7, "drop": ["name", "email"]}
    expected["columns"] = None
    assert json.loads(onehot("captured", "show", "tiny", "--json").stdout) == expected
    assert "0.1 of the requests" in onehot("captured", "show", "tiny").stdout
    assert onehot("captured", "off", "tiny").stdout == "capture of tiny is off\n"
    assert json.loads((store.folder / "tiny" / "capture.json").read_text())["sample"] == 0.0


@pytest.mark.usefixtures("store")
def test_rows_are_exported_labelled_and_counted(onehot, tmp_path) -> None:
    """The least sure first; the same lines, with labels, are told back, from JSON lines or CSV."""
    lines = onehot("captured", "export", "tiny", "--least-sure-first", "--limit", "2").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["request_id"] for row in rows] == ["d", "a"]
    file = tmp_path / "rows.jsonl"
    assert onehot("captured", "export", "tiny", str(file), "--unlabelled").stdout == f"4 rows in {file}\n"
    told = [{**row, "label": "setosa"} for row in rows] + [{"request_id": "b", "label": None}]
    file.write_text("\n".join(map(json.dumps, told)))
    assert onehot("feedback", str(file)).stdout == "2 labels told\n"
    table = tmp_path / "rows.csv"
    with table.open("w", newline="") as lines:
        csv.writer(lines).writerows([["request_id", "index", "label", "by"], ["c", 0, 1, "ann"], ["b", "", "", "ann"]])
    assert json.loads(onehot("feedback", str(table), "--json").stdout) == {"accepted": 1}
    document = json.loads(onehot("captured", "quality", "tiny", "--json").stdout)
    assert (document["rows"], document["labelled"], document["correct"]) == (4, 3, 3)
    shown = onehot("captured", "quality", "tiny", "--since", "1d")
    assert "1 (0.4385 to 1)" in shown.stdout, shown.stdout + shown.stderr
    assert len(onehot("captured", "export", "tiny", "--labelled").stdout.splitlines()) == 3


@pytest.mark.usefixtures("store")
def test_a_request_is_erased(onehot) -> None:
    """Rows and labels; done again it finds none."""
    assert onehot("captured", "erase", "tiny", "a").stdout == "erased of a: 1 rows, 0 labels\n"
    assert json.loads(onehot("captured", "erase", "tiny", "a", "--json").stdout)["rows"] == 0
    assert len(onehot("captured", "export", "tiny").stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (["captured", "on", "tiny"], 2, "--sample"),
        (["captured", "on", "tiny", "--sample", "2"], 2, "--sample"),
        (["captured", "on", "none", "--sample", "1"], 1, "no model 'none'"),
        (["captured", "quality", "tiny", "--since", "soon"], 1, "--since"),
        (["captured", "erase", "none", "x"], 1, "no model 'none'"),
        (["feedback", "labels.jsonl"], 2, "line 2: expected a request_id"),
        (["feedback", "labels.csv"], 2, "line 2: index: expected"),
        (["feedback", "headless.csv"], 2, "expected the columns request_id and label; received a, 0, 1"),
    ],
)
def test_what_is_wrong_is_named(onehot, store, arguments, status, named) -> None:
    """With its place; nothing is told or changed."""
    Path("labels.jsonl").write_text('{"request_id": "a", "label": 1}\n{"label": 1}\n')
    Path("labels.csv").write_text("request_id,index,label\na,first,1\n")
    Path("headless.csv").write_text("a,0,1\n")
    done = onehot(*arguments)
    assert (done.exit_code, named in done.stderr) == (status, True), done.stderr
    assert not (store.folder / "_feedback").exists()
