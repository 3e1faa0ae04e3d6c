from pathlib import Path

import numpy as np

from models.spec import load_spec
from trainer.data.preparation import Prepared, prepare
from trainer.data.profile import data_profile

REST = {
    "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
}


def prepared(source: Path, target: str, **more: object) -> Prepared:
    spec = load_spec({"model": "m", "data": {"source": str(source), "target": target}, **REST, **more})
    return prepare(spec, roots=(str(source.parent),))


def test_a_table_is_described_column_by_column(tmp_path: Path) -> None:
    """Numbers by their range, text by how many different ones; gaps are counted."""
    lines = [f"{number},{'NA' if number % 10 == 0 else number / 2},{'xy'[number % 2]},{('no', 'yes')[number % 2]}"
             for number in range(100)]  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,target", *lines]))
    steps = [{"fill": {"strategy": "median"}}, {"one_hot": {"columns": ["c"]}}]
    found = data_profile(prepared(tmp_path / "t.csv", "target", preprocessing=steps).train)
    a, b, c = found["columns"]
    assert (found["instance_shape"], sorted(found["class_counts"]), found["rows"]) == ([3], ["no", "yes"], 70)
    assert (a["name"], a["kind"], a["missing"]) == ("a", "number", 0)
    assert 0 <= a["minimum"] < a["mean"] < a["maximum"] <= 99
    assert b["missing"] > 0
    assert c == {"name": "c", "kind": "category", "missing": 0, "distinct": 2}


def test_an_array_is_described_by_its_range(tmp_path: Path) -> None:
    """Of a few million values at most."""
    x = np.linspace(0, 16, 40 * 8, dtype=np.float32).reshape(40, 8)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(40) % 2)
    found = data_profile(prepared(tmp_path / "a.npz", "y").train)
    assert set(found) == {"instance_shape", "rows", "class_counts", "values"}
    assert 0 <= found["values"]["minimum"] < found["values"]["maximum"] <= 16
