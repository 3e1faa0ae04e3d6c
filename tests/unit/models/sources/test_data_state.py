"""What a spec's data is at one moment."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.sources import data_state
from models.sources.data_state import DataState, look_at_data
from models.spec import Spec, load_spec
from models.store.datasets import Datasets
from models.store.store import Store

ROWS = [{"a": 1, "b": 2, "label": "x"}, {"a": 3, "b": 4, "label": "y"}]
TABLE = "a,b,label\n1,2,x\n3,4,y\n"


def spec(source: str, **data: Any) -> Spec:
    return load_spec({
        "model": "m",
        "data": {"source": source, **data},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy"},
    })  # fmt: skip


def look(folder: Path, source: str, **data: Any) -> dict[str, DataState]:
    return look_at_data(spec(source, **data), roots=(str(folder),))


def write(path: Path) -> None:
    """A file of two rows and two features, of the kind that its name says."""
    arrays = {"x": np.zeros((2, 3, 4)), "y": np.zeros(2)}
    writers: dict[str, Callable[[], Any]] = {
        ".csv": lambda: path.write_text(TABLE),
        ".gz": lambda: path.write_bytes(gzip.compress(TABLE.encode())),
        ".json": lambda: path.write_text(json.dumps(ROWS)),
        ".jsonl": lambda: path.write_text("\n".join(map(json.dumps, ROWS))),
        ".npz": lambda: np.savez(path, **arrays),
        ".npy": lambda: np.save(path, np.zeros((2, 3))),
    }
    writers[path.suffix]()


LAYOUTS = {
    "data.csv": "columns a, b, target label",
    "data.csv.gz": "columns a, b, target label",
    "data.json": "columns a, b, target label",
    "data.jsonl": "columns a, b, target label",
    "data.npz": "features x with rows of shape [3, 4], target y of []",
    "data.npy": "rows of shape [3]",
}


@pytest.mark.parametrize(("name", "layout"), LAYOUTS.items())
def test_a_file_has_a_content_and_a_layout(tmp_path: Path, name: str, layout: str) -> None:
    """The digest of its bytes, and what is trained on, in words."""
    write(tmp_path / name)
    first = look(tmp_path, name)["data.source"]
    assert first.layout == layout
    assert first.content.startswith("sha-256 ")
    assert look(tmp_path, name)["data.source"] == first
    with (tmp_path / name).open("ab") as file:
        file.write(b"\n")
    assert look(tmp_path, name)["data.source"].content != first.content


def test_a_folder_of_images_has_classes_and_names(tmp_path: Path) -> None:
    """Its images are not read."""
    for name in ("cat/1.png", "dog/1.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True)
        (tmp_path / "pets" / name).touch()
    first = look(tmp_path, "pets")["data.source"]
    assert first.layout == "classes cat, dog"
    (tmp_path / "pets/cat/2.png").touch()
    second = look(tmp_path, "pets")["data.source"]
    assert (second.layout, second.content == first.content) == (first.layout, False)


def test_a_large_file_has_size_and_time_for_its_content(tmp_path: Path, monkeypatch) -> None:
    """Reading it twice would cost too much."""
    monkeypatch.setattr(data_state, "MOST_DIGESTED_BYTES", 10)
    write(tmp_path / "data.csv")
    os.utime(tmp_path / "data.csv", (1000, 1000))
    assert look(tmp_path, "data.csv")["data.source"].content == f"{len(TABLE)} bytes, modified at 1000.000000"


def test_many_columns_are_kept_as_a_digest(tmp_path: Path) -> None:
    """What waits in the queue stays small, and every difference counts."""
    states = []
    for last in ("column_4999", "another"):
        names = [*(f"column_{number}" for number in range(4999)), last, "label"]
        (tmp_path / "wide.csv").write_text(f"{','.join(names)}\n{','.join('1' for _ in names)}\n")
        states.append(look(tmp_path, "wide.csv")["data.source"])
    assert all(len(state.layout) < 500 for state in states)
    assert states[0].layout != states[1].layout


def test_each_source_of_a_spec_is_looked_at(tmp_path: Path) -> None:
    """By the key that names it; a fraction is none."""
    for name in ("data.csv", "other.csv"):
        write(tmp_path / name)
    assert set(look(tmp_path, "data.csv", validation=0.5, test="other.csv")) == {"data.source", "data.test"}


@pytest.mark.parametrize("source", ["sklearn://iris", "s3://bucket/data.csv", "missing.csv", "/etc/passwd"])
def test_a_source_that_is_not_at_hand_is_passed_over(tmp_path: Path, source: str) -> None:
    """It is read, or refused, by those who train on it."""
    assert look(tmp_path, source) == {}


@pytest.mark.parametrize("name", ["data.npz", "data.npy", "data.parquet", "data.json", "data.jsonl", "data.csv.gz"])
def test_a_damaged_file_has_a_content_only(tmp_path: Path, name: str) -> None:
    """What is wrong with it is said where it is read."""
    (tmp_path / name).write_bytes(b"\x93 no such file")
    state = look(tmp_path, name)["data.source"]
    assert (state.content[:8], state.layout) == ("sha-256 ", "")


def test_an_uploaded_data_set_is_known_by_its_digest(tmp_path: Path) -> None:
    """Its name may mean another one by the time that a job starts."""
    datasets = Datasets(Store.open(tmp_path / "store").objects)
    states = []
    for text in (TABLE, TABLE.replace("a,b", "a,c")):
        (tmp_path / "data.csv").write_text(text)
        datasets.put("data.csv", tmp_path / "data.csv", created_at="", count_rows=lambda _: 2)
        states.append(look_at_data(spec("dataset://data.csv"), roots=(), datasets=datasets)["data.source"])
    assert [state.layout for state in states] == ["columns a, b, target label", "columns a, c, target label"]
    assert states[0].content != states[1].content
