"""A real MLflow server: trainings that are recorded there, models that come from there. Run by `make test-mlflow`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.settings import read_settings
from models.store.manifest import Manifest
from models.store.store import Store
from onehot.local.server import free_port
from onehot.local.stack import StackConfig, run_stack
from tests.conftest import wait_until
from tests.unit.onehot import test_mlflow as short_form
from tests.unit.onehot.mlflow_exchanges import RECORDED, Exchanges, exchanging, replayed

pytestmark = pytest.mark.timeout(900)
ROOT = Path(__file__).parents[3]
SERVER = ROOT / ".venv-mlflow-server" / "bin" / "mlflow"
STARTED_WITHIN_S = 600
IRIS = {
    "model": "iris",
    "data": {"source": "sklearn://iris"},
    "preprocessing": ["standardize"],
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 4, "batch_size": 16},
}
LOADED = """
import json, sys
import mlflow, mlflow.keras, mlflow.onnx
import numpy as np, onnxruntime
mlflow.set_tracking_uri(sys.argv[1])
inputs = np.array(json.load(sys.stdin), np.float32)
network = mlflow.keras.load_model("models:/iris/1")
graph = onnxruntime.InferenceSession(mlflow.onnx.load_model("models:/iris/1").SerializeToString())
by_onnx = graph.run(None, {graph.get_inputs()[0].name: inputs})[0]
print(json.dumps([network.predict(inputs, verbose=0).tolist(), by_onnx.tolist()]))
"""
LOGGED = """
import sys
import keras, mlflow, mlflow.keras, mlflow.tensorflow
import numpy as np
mlflow.set_tracking_uri(sys.argv[1])
network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
network.compile(loss="categorical_crossentropy")
example = np.zeros((2, 4), np.float32)
signature = mlflow.models.infer_signature(example, network.predict(example, verbose=0))
with mlflow.start_run() as run:
    mlflow.keras.log_model(network, name="own", registered_model_name="own")
    mlflow.tensorflow.log_model(network, name="other", signature=signature)
    network.save("plain.keras")
    mlflow.log_artifact("plain.keras")
    mlflow.log_text("no network", "text.txt")
print(run.info.run_id)
"""
TRACK = """
import json, sys
from onehot.commands.sharing.mlflow_tracker import MlflowTracker
url, store, spec, epochs, result = sys.argv[1:]
tracker = MlflowTracker(url, json.loads(spec), store=store)
for epoch in json.loads(epochs):
    tracker.epoch(epoch)
tracker.ended({"id": "7", "status": "finished", "result": json.loads(result)})
"""


@pytest.fixture(scope="module")
def mlflow_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server of MLflow with a database and artifacts of its own."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [str(SERVER), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", str(folder / "artifacts")]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port, server, folder / "log")
            yield port
        finally:
            server.terminate()
            server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers; its tables are made first, which takes a while."""

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health").is_success
        except httpx.HTTPError:
            return False

    wait_until(answers, what="MLflow answers", deadline_s=STARTED_WITHIN_S)


@pytest.fixture
def onehot(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line with MLflow's client in a folder and with a store of this test's own."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onehot", *arguments]
        environment = short_form.environment(ONEHOT_STORE=str(tmp_path / "store"), **settings)
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def python(script: str, *arguments: str, folder: Path, stdin: str = "") -> str:
    """What a script prints that has Keras and MLflow's client."""
    command = [sys.executable, "-c", script, *arguments]
    own = short_form.environment()
    done = subprocess.run(command, cwd=folder, env=own, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_of(url: str, experiment: str) -> dict[str, Any]:
    """The last run of an experiment, as MLflow tells of it."""
    with httpx.Client(base_url=f"{url}/api/2.0/mlflow") as client:
        number = client.get("/experiments/get-by-name", params={"experiment_name": experiment}).json()["experiment"]
        asked = {"experiment_ids": [number["experiment_id"]], "max_results": 1}
        run = client.post("/runs/search", json=asked).json()["runs"][0]
        history = client.get("/metrics/get-history", params={"run_id": run["info"]["run_id"], "metric_key": "loss"})
    return run | {"loss": [point["step"] for point in history.json()["metrics"]]}


def test_a_local_training_is_recorded_and_its_version_opens_in_mlflow(
    mlflow_port: int, onehot: Callable[..., Any], tmp_path: Path
) -> None:
    """Each epoch, parameters, tags; Keras' and ONNX' flavors give the same numbers."""
    url = f"http://127.0.0.1:{mlflow_port}"
    (tmp_path / "iris.json").write_text(json.dumps(IRIS))
    done = onehot("train", "iris.json", "--local", "--track", url)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    run = run_of(url, "iris")
    assert run["loss"] == [1, 2, 3, 4]
    assert run["info"]["status"] == "FINISHED"
    assert {"key": "layers.0.Dense.units", "value": "8"} in run["data"]["params"]
    assert {"key": "onehot.version", "value": "1"} in run["data"]["tags"]
    manifest = Store.open(tmp_path / "store").manifest("iris", 1)
    assert {one["key"]: one["value"] for one in run["data"]["metrics"]}["test_accuracy"] == manifest.metrics["accuracy"]
    prepared = manifest.fitted_preprocessing.apply(np.array(manifest.golden_rows.instances, np.float32))
    by_keras, by_onnx = json.loads(python(LOADED, url, folder=tmp_path, stdin=json.dumps(prepared.tolist())))
    np.testing.assert_allclose(by_keras, manifest.golden_rows.predictions, atol=1e-5)
    np.testing.assert_allclose(by_onnx, manifest.golden_rows.predictions, atol=1e-5)
    done = onehot("import", "models:/iris/1", "--model", "again", "--track", url)
    assert done.returncode == 0, done.stderr
    again = Store.open(tmp_path / "store").manifest("again", 1)
    assert again.imported is not None
    assert again.imported["file"] == "models:/iris/1"


def test_models_that_mlflow_s_own_flavors_logged_are_imported(
    mlflow_port: int, onehot: Callable[..., Any], tmp_path: Path
) -> None:
    """Keras' flavor, TensorFlow's, a plain file; what is no network is refused by its name."""
    url = f"http://127.0.0.1:{mlflow_port}"
    run_id = python(LOGGED, url, folder=tmp_path).splitlines()[-1]
    for number, uri in enumerate(("models:/own/1", f"runs:/{run_id}/other", f"runs:/{run_id}/plain.keras"), start=1):
        done = onehot("import", uri, "--model", "own", MLFLOW_TRACKING_URI=url)
        assert done.returncode == 0, done.stderr
        assert f"Published own version {number}" in done.stdout
    done = onehot("import", f"runs:/{run_id}/text.txt", "--model", "own", "--track", url)
    assert done.returncode == 1
    assert f"runs:/{run_id}/text.txt" in done.stderr
    done = onehot("import", "models:/never/1", "--model", "own", "--track", url)
    assert done.returncode == 1
    assert "models:/never/1: MLflow at" in done.stderr


def test_a_training_of_the_queue_is_recorded(mlflow_port: int, onehot: Callable[..., Any], tmp_path: Path) -> None:
    """By the command line, which follows it; the trainer has no package of MLflow's."""
    url = f"http://127.0.0.1:{mlflow_port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment |= {"ONEHOT_STORE": str(tmp_path / "store"), "ONEHOT_BIND": f"127.0.0.1:{free_port()}"}
    config = StackConfig(read_settings(environment), environment, tmp_path / "valkey")
    (tmp_path / "queued.json").write_text(json.dumps(IRIS | {"model": "queued"}))
    with run_stack(config, on_line=lambda *_: None, on_message=lambda _: None) as stack:
        done = onehot("train", "queued.json", "--track", url, ONEHOT_URL=stack.url)
    assert done.returncode == 0, done.stderr
    run = run_of(url, "queued")
    assert run["loss"] == [1, 2, 3, 4]
    assert {"onehot.job_id", "onehot.version"} <= {one["key"] for one in run["data"]["tags"]}


def test_the_recorded_answers_are_those_of_a_real_server(
    mlflow_port: int, store_folder: Path, draft_of: Callable[..., Any], tmp_path: Path
) -> None:
    """Same calls, statuses and keys; UPDATE_MLFLOW=1 writes them anew."""
    manifest = short_form.publish_classic(store_folder, draft_of)
    with exchanging(Exchanges(target=mlflow_port)) as real:
        exchange(real, manifest, store_folder, tmp_path / "real")
    if os.environ.get("UPDATE_MLFLOW"):
        real.write(RECORDED)
    with exchanging(replayed()) as again:
        exchange(again, manifest, store_folder, tmp_path / "again")
    assert again.shapes == real.shapes


def exchange(exchanges: Exchanges, manifest: Manifest, store: Path, folder: Path) -> None:
    """What `test_mlflow.py` asks a server of MLflow for."""
    folder.mkdir()
    result = {"model": "classic", "version": 1, "metrics": manifest.metrics, "gate": None}
    documents = [json.dumps(one) for one in (short_form.SPEC, short_form.EPOCHS, result)]
    python(TRACK, exchanges.url, str(store), *documents, folder=folder)
    python(short_form.DOWNLOAD, "models:/classic/1", str(folder), exchanges.url, folder=folder)
