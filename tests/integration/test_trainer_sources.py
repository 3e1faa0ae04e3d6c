"""Data from everywhere, also larger than memory, trained on and published."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from models.settings import Settings
from models.spec import load_spec
from models.store.datasets import Datasets
from models.store.manifest import Manifest
from models.store.store import Store
from service.inference.onnx_session import Graph
from service.inference.predictor import Predictor
from service.jobs.data_preview.row_counts import count_rows
from trainer.backends.choice import choose_backend
from trainer.data import rows

assert choose_backend("tensorflow")

import keras  # noqa: E402

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(240)

TIMES_LARGER = 10
ALLOWED_MIB = 128
"""On the disk, ten times as much is the table, and five times as much its rows as float32."""
COLUMNS = 500
UNUSED = {"TF_CPP_MIN_LOG_LEVEL": "3", "_RJEM_MALLOC_CONF": "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0"}
"""The limit counts addresses: what polars' allocator has given back, and stacks that no thread has used, are none."""

LIMITED = """
import json, resource, sys
from trainer.backends.choice import choose_backend
from trainer.launch.launch import training_module
choose_backend("tensorflow")
from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store

def bytes_of_data():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(lines["VmData"].split()[0]) * 1024

def train(document, job_id):
    store, settings = Store.open("store"), Settings(data_roots=(".",))
    return training_module().train(load_spec(document), store=store, settings=settings, job_id=job_id)

small, large, allowed = json.load(sys.stdin)
train(small, "small")
limit = bytes_of_data() + allowed
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
manifest = train(large, "large")
print(json.dumps({"rows": manifest.data["rows"], "accuracy": manifest.metrics["accuracy"]}))
"""


def document(source: str, *, units: int = 3, **changes: Any) -> dict[str, Any]:
    """A small network for a table."""
    return {
        "model": "m",
        "data": {"source": source, "validation": 0.2, "test": 0.2},
        "preprocessing": ["standardize"],
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": units, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 3, "batch_size": 16},
        **changes,
    }


def publish(spec: dict[str, Any], root: Path, store: Store, job_id: str = "job") -> Manifest:
    return train(load_spec(spec), store=store, settings=Settings(data_roots=(str(root),)), job_id=job_id)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


@pytest.fixture
def table(tmp_path: Path) -> str:
    """300 rows of 6 numbers in three classes, as Parquet."""
    labels = np.arange(300) % 3
    features = np.random.default_rng(2).normal(size=(300, 6)) + np.eye(6)[labels] * 3
    frame = pl.DataFrame({f"f{index}": features[:, index].astype(np.float32) for index in range(6)})
    frame.with_columns(pl.Series("label", labels)).write_parquet(tmp_path / "t.parquet", row_group_size=64)
    return "t.parquet"


def test_data_in_a_file_makes_the_same_model(table: str, tmp_path: Path, store: Store, monkeypatch) -> None:
    """Streamed or in memory: the same batches in the same order, the same weights to the last digits."""
    whole = publish(document(table), tmp_path, store, "whole")
    monkeypatch.setattr(rows, "MOST_BYTES", 0)
    streamed = publish(document(table), tmp_path, store, "streamed")
    assert {**streamed.data, "test_sha256": ""} == {**whole.data, "test_sha256": ""}  # of float32 and of float64
    assert streamed.metrics == pytest.approx(whole.metrics, abs=1e-4)
    assert np.allclose(streamed.golden_rows.instances, whole.golden_rows.instances, atol=1e-6)
    assert np.allclose(streamed.golden_rows.predictions, whole.golden_rows.predictions, atol=1e-4)


def test_an_uploaded_table_is_trained_on(table: str, tmp_path: Path, store: Store) -> None:
    """By the name under which it was uploaded; no data root is needed."""
    info = Datasets(store.objects).put("t.parquet", tmp_path / table, created_at="now", count_rows=count_rows)
    manifest = publish(document("dataset://t.parquet"), tmp_path / "nowhere", store)
    assert manifest.data["sha256"] == info.sha256
    assert info.rows == sum(manifest.data["rows"].values())


def test_the_test_part_of_its_authors_is_held_out(tmp_path: Path, store: Store) -> None:
    """Whatever share a spec asks for; validation is taken from the training part."""
    labels = np.arange(130) % 3
    features = np.random.default_rng(3).normal(size=(130, 4)) + np.eye(4)[labels] * 3
    parts = {"x_train": features[:100], "y_train": labels[:100], "x_test": features[100:], "y_test": labels[100:]}
    np.savez(tmp_path / "parts.npz", **parts)
    manifest = publish(document("parts.npz"), tmp_path, store)
    assert manifest.data["rows"] == {"train": 80, "validation": 20, "test": 30}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_folder_of_images_is_trained_on(tmp_path: Path, store: Store, monkeypatch, streamed: bool) -> None:
    """Of several sizes; the version knows the size to which clients' images are brought."""
    monkeypatch.setattr(rows, "MOST_BYTES", 0 if streamed else 2**20)
    rng = np.random.default_rng(4)
    for number, name in enumerate(("dark", "light")):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(20):
            side = int(rng.integers(8, 12))
            pixels = rng.integers(120 * number, 120 * number + 100, (side, side, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / name / f"{index}.{'png' if index % 2 else 'jpg'}")
    layers = [{"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}}, "GlobalAveragePooling2D",
              {"Dense": {"units": 2, "activation": "softmax"}}]  # fmt: skip
    steps = [{"resize": [8, 8]}, {"rescale": {"scale": 1 / 255}}]
    manifest = publish(document("images", layers=layers, preprocessing=steps), tmp_path, store)
    assert manifest.class_names == ("dark", "light")
    assert manifest.instance.shape == (8, 8, 3)
    assert store.manifest("m", 1).fitted_preprocessing.resizes_images
    assert manifest.preprocessing[1] == {"resize": [8, 8]}
    assert store.verify("m", 1) == manifest


@pytest.fixture
def large_table(tmp_path: Path) -> Iterator[Path]:
    """A table of more than a gigabyte, which does not stay behind: pytest keeps the folders of its last runs."""
    path = tmp_path / "large.parquet"
    _write_large(path, TIMES_LARGER * ALLOWED_MIB * 2**20 // (8 * COLUMNS))
    yield path
    path.unlink()


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts anonymous memory on Linux only")
def test_a_table_ten_times_larger_than_the_memory_left_is_trained_on(
    table: str, large_table: Path, tmp_path: Path
) -> None:
    """What the framework itself takes is there before the limit is set, by a small training."""
    assert large_table.stat().st_size > 0.98 * TIMES_LARGER * ALLOWED_MIB * 2**20
    large = document(large_table.name, fit={"epochs": 1, "batch_size": 512})
    large["data"] |= {"validation": 0.05, "test": 0.05}
    done = subprocess.run(
        ["sh", "-c", 'ulimit -s 2048; exec "$@"', "-", sys.executable, "-c", LIMITED],
        input=json.dumps([document(table), large, ALLOWED_MIB * 2**20]), text=True,
        cwd=tmp_path, env={**os.environ, **UNUSED}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows_in_file = pl.scan_parquet(large_table).select(pl.len()).collect().item()
    assert sum(json.loads(done.stdout.splitlines()[-1])["rows"].values()) == rows_in_file


def _write_large(path: Path, rows_in_file: int) -> None:
    """Columns of noise, uncompressed, of which the first tells the class."""
    index = pl.LazyFrame().select(pl.int_range(0, rows_in_file, dtype=pl.Int64).alias("i"))
    noise = [(pl.col("i").hash(seed=n) % 1000).cast(pl.Float64).alias(f"f{n}") for n in range(1, COLUMNS)]
    label = pl.col("i") % 3
    table = index.select(label.cast(pl.Float64).alias("f0"), *noise, label.alias("label"))
    table.sink_parquet(path, compression="uncompressed", row_group_size=10_000)


BIRDS = """flipper,island,ringed,wild,kind
181,Torgersen,True,true,a
NA,Dream,False,true,b
195,NA,True,false,c
190,Dream,?,true,a
190,"Bird Island",False,,b
181,Torgersen,True,false,c
"""


def test_the_lines_of_a_table_are_served_as_they_were_trained_on(tmp_path: Path, store: Store) -> None:
    """Gaps however they are written, true and false, text: as CSV and as JSON, with what Keras computes."""
    lines = BIRDS.splitlines()
    (tmp_path / "birds.csv").write_text("\n".join([lines[0], *lines[1:] * 8]))
    steps = [{"fill": {"strategy": "most_frequent"}}, {"one_hot": {"columns": ["island", "ringed"]}}, "standardize"]
    publish(document("birds.csv", preprocessing=steps), tmp_path, store)
    manifest = store.manifest("m", 1)
    kinds = {feature.name: feature.kind for feature in manifest.instance.features or ()}
    assert kinds == {"flipper": "number", "island": "category", "ringed": "category", "wild": "boolean"}
    served = Predictor.build(manifest, Graph(store.read(manifest, "model.onnx")))
    sent = "\n".join(line.rpartition(",")[0] for line in lines)
    from_csv = served.read_body(sent.encode(), "text/csv")
    from_json = served.read([
        {"flipper": 181, "island": "Torgersen", "ringed": True, "wild": True},
        {"flipper": None, "island": "Dream", "ringed": False, "wild": True},
        {"flipper": 195, "island": None, "ringed": True, "wild": False},
        {"flipper": 190, "island": "Dream", "ringed": None, "wild": True},
        {"flipper": 190, "island": "Bird Island", "ringed": False, "wild": None},
        {"flipper": 181, "island": "Torgersen", "ringed": True, "wild": False},
    ])  # fmt: skip
    network_file = tmp_path / "model.keras"
    network_file.write_bytes(store.read(manifest, "model.keras"))
    network = keras.saving.load_model(network_file)
    expected = network.predict(manifest.fitted_preprocessing.apply(from_json), verbose=0)
    np.testing.assert_allclose(served.predict(from_csv), expected, atol=1e-5)
    np.testing.assert_allclose(served.predict(from_json), expected, atol=1e-5)
