"""`"3,750"`, `12%` and dates in other orders: read where they are certain, and served as they were trained."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from flask.testing import FlaskClient

from models.errors import DataError
from models.settings import Settings
from models.spec import load_spec
from models.store.manifest import Manifest
from models.store.store import Store
from service.app import create_app
from service.jobs.data_preview.preview import preview_data
from service.registry.registry import Registry
from trainer.backends.choice import choose_backend
from trainer.data.preparation import prepare

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
ROWS = 40
PLACES = np.arange(ROWS)
SPELLED = pl.DataFrame(
    {
        "price": [f"{1000 + 150 * row:,}" if row % 2 else str(200 + row) for row in PLACES.tolist()],
        "share": [f"{row % 30} %" for row in PLACES.tolist()],
        "day": [f"{1 + row % 28:02}.{1 + row % 12:02}.2024" for row in PLACES.tolist()],
        "kind": np.where(PLACES % 2, "dear", "cheap"),
    }
)
PLAIN = SPELLED.with_columns(
    pl.col("price").str.replace_all(",", "").cast(pl.Int64),
    pl.col("share").str.replace(" %", "").cast(pl.Float64) / 100,
    pl.col("day").str.to_date("%d.%m.%Y").cast(pl.String),
)
FEATURES = ["price", "share", "day"]


def document(source: str, **data: Any) -> dict[str, Any]:
    return {
        "model": "m", "seed": 1, "data": {"source": source, "features": FEATURES, "target": "kind", **data},
        "preprocessing": [{"date": {"columns": ["day"]}}, "standardize"],
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}, "fit": {"epochs": 2},
    }  # fmt: skip


def trained(folder: Path) -> tuple[FlaskClient, Manifest]:
    store = Store.open(folder / "store")
    settings = Settings(store=str(folder / "store"), data_roots=(str(folder),), redis_url="redis://127.0.0.1:1/0")
    manifest = train(load_spec(document("t.csv")), store=store, settings=settings, job_id="job")
    registry = Registry(lambda: Store.open(folder / "store"), keep_versions=2)
    registry.refresh()
    return create_app(settings, registry=registry).test_client(), manifest


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
def test_spelled_cells_are_the_numbers_that_they_mean(name: str, tmp_path: Path) -> None:
    """In every kind of table, as if they had been written plainly; a preview has nothing against them."""
    write = {".csv": "write_csv", ".parquet": "write_parquet", ".jsonl": "write_ndjson"}[Path(name).suffix]
    getattr(SPELLED, write)(tmp_path / name)
    getattr(PLAIN, write)(tmp_path / f"plain{Path(name).suffix}")
    spec = load_spec(document(name))
    assert preview_data(spec, roots=(str(tmp_path),)) == []
    ours = prepare(spec, roots=(str(tmp_path),))
    plain = prepare(load_spec(document(f"plain{Path(name).suffix}")), roots=(str(tmp_path),))
    np.testing.assert_array_equal(ours.train.part.inputs, plain.train.part.inputs)
    assert [column.form for column in ours.instance.features or ()] == ["thousands", "percent", "day first"]


def test_a_spelled_cell_is_served_as_it_was_trained(tmp_path: Path) -> None:
    """As CSV, as JSON text and lines, and as plain values; the version says how its columns are spelled."""
    SPELLED.write_csv(tmp_path / "t.csv")
    client, manifest = trained(tmp_path)
    assert [feature.form for feature in manifest.instance.features or ()] == ["thousands", "percent", "day first"]
    rows = [dict(zip(FEATURES, row, strict=True)) for row in SPELLED.select(FEATURES).rows()]
    plain = [dict(zip(FEATURES, row, strict=True)) for row in PLAIN.select(FEATURES).rows()]
    lines = "\n".join(map(json.dumps, rows))
    answers = [
        client.post("/v1/models/m:predict", json={"instances": rows}),
        client.post("/v1/models/m:predict", json={"instances": plain}),
        client.post("/v1/models/m:predict", data=(tmp_path / "t.csv").read_bytes(), content_type="text/csv"),
        client.post("/v1/models/m:predict", data=lines, content_type="application/jsonl"),
    ]
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    first, *others = [answer.json["predictions"] for answer in answers]
    for other in others:
        assert other == first
    features = client.get("/v1/models/m/metadata").json["metadata"]["instance"]["features"]
    assert [one["form"] for one in features] == ["thousands", "percent", "day first"]


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("share", "12", "instances[0].share: expected a percentage as 12%"),
        ("price", "3,75", "instances[0].price: expected a number as 3,750"),
        ("day", "05/31/2024", "instances[0].day: expected a date as 31.05.2024"),
    ],
)
def test_a_cell_in_another_spelling_is_refused_by_name(column: str, cell: str, said: str, tmp_path: Path) -> None:
    """12 may mean 12 or 0.12."""
    SPELLED.write_csv(tmp_path / "t.csv")
    client, _ = trained(tmp_path)
    row = {"price": "3,750", "share": "12%", "day": "31.05.2024", column: cell}
    answer = client.post("/v1/models/m:predict", json={"instances": [row]})
    assert answer.status_code == 400
    assert said in answer.json["error"]


def test_another_source_is_read_in_the_spelling_of_the_first(tmp_path: Path) -> None:
    """What is not certain there by itself is certain by the first; other spellings are named."""
    SPELLED.write_csv(tmp_path / "t.csv")
    rows = {"price": ["3,750", "1,250"], "share": ["1%", "2%"], "day": ["01/02/2024", "03/04/2024"]}
    pl.DataFrame({**rows, "kind": ["dear", "cheap"]}).write_csv(tmp_path / "test.csv")
    spec = load_spec(document("t.csv", test="test.csv"))
    assert prepare(spec, roots=(str(tmp_path),)).test.raw.features.tolist() == [
        [3750.0, 0.01, "2024-02-01"],
        [1250.0, 0.02, "2024-04-03"],
    ]
    pl.DataFrame({**rows, "share": ["1", "2"], "kind": ["dear", "cheap"]}).write_csv(tmp_path / "test.csv")
    with pytest.raises(DataError, match=r"test\.csv: column 'share', line 2: expected a percentage"):
        prepare(spec, roots=(str(tmp_path),))


def test_a_target_may_be_spelled_so(tmp_path: Path) -> None:
    """Numbers to predict."""
    SPELLED.write_csv(tmp_path / "t.csv")
    spec = load_spec({
        **document("t.csv", target="price", features=["share"]), "preprocessing": ["standardize"],
        "layers": [{"Dense": {"units": 1}}], "compile": {"loss": "mse"},
    })  # fmt: skip
    assert preview_data(spec, roots=(str(tmp_path),)) == []
    targets = np.concatenate([one.labels.values for one in prepare(spec, roots=(str(tmp_path),)).pieces.values()])
    assert sorted(targets.reshape(-1).tolist()) == sorted(PLAIN["price"].to_list())
