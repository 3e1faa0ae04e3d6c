"""Queue → train → publish → serve → predict, on a real server, a real worker and a real gunicorn."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import keras
import numpy as np
import pytest

from models.settings import read_settings
from models.spec.yaml_text import load_document
from models.store.store import Store
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack

ROOT = Path(__file__).parents[2]
TRAINING_DEADLINE_S = 120
CLASSIC = load_document((ROOT / "examples/classic.yaml").read_text())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Everything on this machine, in a folder of its own: the environment of its processes and a client."""
    folder = tmp_path_factory.mktemp("site")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment |= {
        "ONEHOT_STORE": str(folder / "store"),
        "ONEHOT_BIND": f"127.0.0.1:{free_port()}",
        "ONEHOT_DATA_ROOTS": f"{ROOT}:{folder}",
        "ONEHOT_LOG_FORMAT": "json",
    }
    config = StackConfig(read_settings(environment), environment, folder / "valkey")
    lines = []
    with (
        run_stack(config, on_line=lambda *line: lines.append(line), on_message=lines.append) as stack,
        httpx.Client(base_url=stack.url, timeout=30) as client,
    ):
        yield environment, client, folder


def trained(client, wait_until, spec):
    """Submit a spec, wait for its end, and return the job."""
    answer = client.post("/v1/jobs", json=spec)
    assert answer.status_code == 202, answer.text
    path = answer.headers["Location"]
    ended = {"finished", "failed", "stopped", "canceled"}
    return wait_until(
        lambda: (job := client.get(path).json())["status"] in ended and job,
        what=f"{path} ends",
        deadline_s=TRAINING_DEADLINE_S,
    )


def predictions(client, path, instances):
    """The answer of the service, which has what a job has published."""
    answer = client.post(f"{path}:predict", json={"instances": instances})
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


def test_the_classic_case_is_served_as_it_was_trained(site, wait_until):
    """8 inputs, 3 classes, rows that sum to 1, and what keras.saving.load_model computes."""
    _, client, folder = site
    job = trained(client, wait_until, CLASSIC)
    assert job["status"] == "finished", job
    version = job["result"]["version"]
    manifest = Store.open(folder / "store").verify("classic", version)
    assert manifest.instance.shape == (8,)
    assert manifest.inputs[0].shape == (None, 8)
    assert len(manifest.class_names) == 3
    assert manifest.data["rows"] == {"train": 70, "validation": 10, "test": 20}

    rows = np.random.default_rng(5).normal(size=(5, 8)).astype(np.float32)
    served = np.array(predictions(client, f"/v1/models/classic/versions/{version}", rows.tolist()))
    assert served.shape == (5, 3)
    np.testing.assert_allclose(served.sum(axis=1), 1, atol=1e-5)
    network = keras.saving.load_model(folder / f"store/classic/{version}/model.keras")
    np.testing.assert_allclose(served, network.predict(rows, verbose=0), atol=1e-5)


def test_images_are_answered_alike_as_matrices_and_as_flat_numbers(site, wait_until):
    """28 × 28 and 784; 783 is refused by index and shape."""
    _, client, folder = site
    random = np.random.default_rng(3)
    labels = np.arange(120) % 4
    images = random.random((120, 28, 28)).astype(np.float32) * 0.3
    for row, label in enumerate(labels):
        images[row, label * 7 : label * 7 + 7] += 0.7
    np.savez(folder / "bars.npz", x=images, y=labels)
    spec = {
        "model": "bars",
        "data": {"source": str(folder / "bars.npz")},
        "preprocessing": [{"reshape": [784]}],
        "layers": [{"Dense": {"units": 16, "activation": "relu"}}, {"Dense": {"units": 4, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 5, "batch_size": 16},
    }
    job = trained(client, wait_until, spec)
    assert job["status"] == "finished", job
    matrices = predictions(client, "/v1/models/bars", images[:3].tolist())
    flat = predictions(client, "/v1/models/bars", images[:3].reshape(3, 784).tolist())
    assert matrices == flat
    answer = client.post("/v1/models/bars:predict", json={"instances": [[0.0] * 784, [0.0] * 783]})
    assert answer.status_code == 400
    assert "instances[1]" in answer.json()["error"]
    assert "[28, 28]" in answer.json()["error"]
    assert "[783]" in answer.json()["error"]


MISTAKEN = {
    "model": "Mistaken!",
    "data": {"source": "examples/classic.npz", "test": 1.5},
    "layers": [{"Dense": {"units": "12", "activaton": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
    "fit": {"epochs": 0},
}
MISTAKES = {"model", "data.test", "layers.0.Dense.units", "layers.0.Dense.activaton", "fit.epochs"}


def test_five_mistakes_get_five_messages_and_no_job(site, tmp_path):
    """Over HTTP as data with status 400, on the command line as lines with exit status 2."""
    environment, client, _ = site
    before = client.get("/v1/jobs").json()
    answer = client.post("/v1/jobs", json=MISTAKEN)
    assert answer.status_code == 400
    assert {detail["path"] for detail in answer.json()["details"]} == MISTAKES
    for detail in answer.json()["details"]:
        assert "expected" in detail["message"]
        assert "received" in detail["message"]

    spec = tmp_path / "mistaken.json"
    spec.write_text(json.dumps(MISTAKEN))
    command = [sys.executable, "-m", "onehot", "train", str(spec)]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert all(path in ended.stderr for path in MISTAKES), ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert client.get("/v1/jobs").json() == before


def test_a_job_that_fails_says_why_in_one_sentence(site, wait_until):
    """No traceback over HTTP."""
    _, client, folder = site
    np.savez(folder / "nan.npz", x=np.full((30, 8), np.nan), y=np.arange(30) % 3)
    spec = {**CLASSIC, "data": {"source": str(folder / "nan.npz")}, "model": "broken"}
    job = trained(client, wait_until, spec)
    assert job["status"] == "failed"
    assert "nan.npz" in str(job["error"])
    assert "finite number" in str(job["error"])
    assert "Traceback" not in json.dumps(job)
