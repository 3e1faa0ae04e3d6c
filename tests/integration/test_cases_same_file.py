"""Predicting with the very file that was trained on: each row gets the class that the report counts for it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from flask import Flask
from werkzeug.serving import make_server

from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from service.app import create_app
from service.registry.registry import Registry
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(180)
CHANCE = np.random.default_rng(3)
SIZES, WEIGHTS = CHANCE.random(60).round(3), CHANCE.random(60).round(3)
KINDS = np.where(SIZES + WEIGHTS > 1, "big", "small")
FRAME = pl.DataFrame({"number": range(60), "kind": KINDS, "weight": WEIGHTS, "size": SIZES})
NAMED = {"features": ["size", "weight"], "target": "kind"}
JSON_LINES = "application/jsonl"
PARQUET = "application/vnd.apache.parquet"


def write_npz(path: Path) -> None:
    np.savez(path, x=np.stack([SIZES, WEIGHTS], axis=1), y=KINDS)


def write_semicolons(path: Path) -> None:
    path.write_text(FRAME.write_csv(separator=";").replace(".", ","), "windows-1252")


WRITERS: dict[str, tuple[Callable[[Path], Any], dict[str, Any], str | None]] = {
    "t.csv": (FRAME.write_csv, NAMED, "text/csv"),
    "semicolons.csv": (write_semicolons, NAMED, "text/csv"),
    "t.tsv": (lambda path: FRAME.write_csv(path, separator="\t"), NAMED, "text/tab-separated-values"),
    "bare.csv": (lambda path: FRAME.write_csv(path, include_header=False),
                 {"features": ["column_4", "column_3"], "target": "column_2", "csv": {"header": False}}, "text/csv"),
    "t.parquet": (FRAME.write_parquet, NAMED, PARQUET),
    "t.jsonl": (FRAME.write_ndjson, NAMED, JSON_LINES),
    "t.json": (FRAME.write_json, NAMED, None),
    "t.npz": (write_npz, {}, "application/x-npz"),
}  # fmt: skip
"""Name → how it is written, the spec's `data`, and the content type under which its bytes are sent as they are."""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=WRITERS)
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Flask, Any]:
    """A file, a service with the version that was trained on it, and its report, held out on that file."""
    path = tmp_path / request.param
    writer, data, _ = WRITERS[request.param]
    writer(path)
    document = {
        "model": "m", "seed": 1, "data": {"source": path.name, "test": path.name, "validation": path.name, **data},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}, "fit": {"epochs": 8},
    }  # fmt: skip
    store = Store.open(tmp_path / "store")
    settings = Settings(store=str(tmp_path / "store"), data_roots=(str(tmp_path),), redis_url="redis://127.0.0.1:1/0")
    manifest = train(load_spec(document), store=store, settings=settings, job_id="job")
    registry = Registry(lambda: Store.open(tmp_path / "store"), keep_versions=2)
    registry.refresh()
    return path, create_app(settings, registry=registry), json.loads(store.read(manifest, "report.json"))


def matrix(classes: list[str]) -> list[list[int]]:
    """Rows of the file by their class and the class that they were taken for."""
    pairs = list(zip(KINDS.tolist(), classes, strict=True))
    return [[pairs.count((true, taken)) for taken in ("big", "small")] for true in ("big", "small")]


def best(names: list[str], predictions: Any) -> list[str]:
    return [names[int(np.argmax(row))] for row in predictions]


def test_the_file_that_was_trained_on_is_answered(trained: tuple[Path, Flask, Any]) -> None:
    """By `onehot predict`, which names what it passed over, and over HTTP, with the classes that the report counts."""
    path, app, report = trained
    _, _, content_type = WRITERS[path.name]
    with serving(app) as url:
        done = subprocess.run(
            [sys.executable, "-m", "onehot", "predict", "m", str(path), "--json"], capture_output=True, text=True,
            env={**os.environ, "ONEHOT_URL": url}, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert matrix(best(answer["class_names"], answer["predictions"])) == report["confusion_matrix"]
    names = {"bare.csv": "column_1, column_2", "t.npz": ""}.get(path.name, "number, kind")
    assert names in done.stderr
    assert ("passed over" in done.stderr) == bool(names)
    if content_type is not None:
        answer = app.test_client().post("/v1/models/m:predict", data=path.read_bytes(), content_type=content_type)
        assert answer.status_code == 200, answer.text
        assert matrix(best(["big", "small"], answer.json["predictions"])) == report["confusion_matrix"]
        assert answer.headers.get("X-Onehot-Ignored-Columns", "") == names
    else:  # as JSON objects, with the columns of the model
        rows = FRAME.select("size", "weight").to_dicts()
        answer = app.test_client().post("/v1/models/m:predict", json={"instances": rows})
        assert matrix(best(["big", "small"], answer.json["predictions"])) == report["confusion_matrix"]
        odd = app.test_client().post("/v1/models/m:predict", json={"instances": [{**rows[0], "kind": "big"}]})
        assert odd.status_code == 400
        assert odd.json["error"].startswith("instances[0].kind: expected")
