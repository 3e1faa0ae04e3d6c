"""`onehot train --track` and `onehot import models:/…`, against what a real MLflow server answered.

MLflow's own client runs, from .venv-mlflow; `make test-mlflow` runs it against a real server.
"""

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from models.store.manifest import Manifest
from models.store.store import Store
from tests.conftest import _draft
from tests.unit.onehot.conftest import StandIn
from tests.unit.onehot.mlflow_exchanges import Exchanges, exchanging, replayed

ROOT = Path(__file__).parents[3]
MLFLOW = next((ROOT / ".venv-mlflow").glob("lib/python3*/site-packages"), ROOT / ".venv-mlflow")
SPEC = {
    "model": "classic",
    "data": {"source": "rows.npz"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
    "fit": {"epochs": 2},
}
EPOCHS = [{"event": "epoch", "epoch": number, "epochs": 2, "metrics": {"loss": 1 / number}} for number in (1, 2)]
DOWNLOAD = """
import hashlib, sys
from pathlib import Path
from onehot.commands.sharing.mlflow_source import download_keras_file
found = download_keras_file(sys.argv[1], Path(sys.argv[2]), server=sys.argv[3])
print(found.relative_to(sys.argv[2]), hashlib.sha256(found.read_bytes()).hexdigest())
"""
SEVERAL = """
import json, sys
from click.testing import CliRunner
from onehot.cli import cli
done = [CliRunner().invoke(cli, arguments) for arguments in json.load(sys.stdin)]
print(json.dumps([[one.exit_code, one.stdout, one.stderr] for one in done]))
"""
ORDINARY = """
import sys
from click.testing import CliRunner
from onehot.cli import cli
import importlib.util
assert importlib.util.find_spec("mlflow")
done = CliRunner().invoke(cli, ["train", sys.argv[1]])
print(done.exit_code, [name for name in sys.modules if name.split(".")[0] == "mlflow"])
"""


def environment(**more: str) -> dict[str, str]:
    """A process' environment with MLflow's client."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ONEHOT_", "MLFLOW_"))}
    return own | {"PYTHONPATH": f"{ROOT}:{ROOT / 'client'}:{MLFLOW}", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", **more}


def python(script: str, *arguments: str, stdin: str = "", **settings: str) -> str:
    """What a script prints in such a process."""
    command = [sys.executable, "-c", script, *arguments]
    own = environment(**settings)
    done = subprocess.run(command, env=own, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def publish_classic(store_folder: Path, draft_of: Callable[..., Any]) -> Manifest:
    """Version 1 of `classic`, by the job 7; its bytes are always the same."""
    manifest, files = draft_of("classic")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("config.json"), "{}")
    report = {"parts": {"test": {"rows": 4, "metrics": manifest.metrics}}}
    files |= {"model.keras": content.getvalue(), "report.json": json.dumps(report).encode()}
    return Store.open(store_folder).publish(replace(manifest, job_id="7"), files, promote=True)


def service_of(manifest: Manifest) -> Exchanges:
    """A service whose job 7 publishes that version."""
    result = {"model": "classic", "version": 1, "metrics": manifest.metrics, "gate": None}
    known = {"name": "classic", "default_version": 1, "versions": [{"version": 1, "state": "AVAILABLE"}]}
    answers = [
        ("POST", "/v1/jobs", json.dumps({"id": "7", "status": "queued"})),
        ("GET", "/v1/jobs/7", json.dumps({"id": "7", "status": "queued"})),
        ("GET", "/v1/jobs/7/events", StandIn.stream(*EPOCHS, {"event": "end"}).decode()),
        ("GET", "/v1/jobs/7", json.dumps({"id": "7", "status": "finished", "result": result})),
        ("GET", "/v1/models", json.dumps({"models": [known]})),
    ]
    return Exchanges(recorded=[
        {"method": method, "path": path, "status": 200, "answer": answer,
         "type": "text/event-stream" if path.endswith("events") else "application/json"}
        for method, path, answer in answers
    ])  # fmt: skip


@dataclass(frozen=True)
class Site:
    """What two trainings came to, and what MLflow heard of the first.

    Args:
        manifest: Of the version.
        mlflow: The server.
        tracked: Exit status, stdout and stderr of the command.
        away: Of the same command, where no server of MLflow answers.
    """

    manifest: Manifest
    mlflow: Exchanges
    tracked: tuple[int, str, str]
    away: tuple[int, str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Runs `onehot train SPEC --track URI` in a process that has MLflow's client, which takes seconds to load."""
    folder = tmp_path_factory.mktemp("mlflow")
    (folder / "spec.json").write_text(json.dumps(SPEC))
    manifest = publish_classic(folder / "store", _draft)
    with exchanging(replayed()) as mlflow, exchanging(service_of(manifest)) as first:
        first.recorded += service_of(manifest).recorded
        commands = [["train", f"{folder}/spec.json", "--track", uri] for uri in (mlflow.url, "http://127.0.0.1:1")]
        settings = {"ONEHOT_URL": first.url, "ONEHOT_STORE": f"{folder}/store"}
        tracked, away = map(tuple, json.loads(python(SEVERAL, stdin=json.dumps(commands), **settings)))
    return Site(manifest, mlflow, tracked, away)


def test_a_training_of_the_queue_is_a_run(site: Site) -> None:
    """Parameters by path, metrics by epoch, the held-out ones, tags, an end."""
    status, _, stderr = site.tracked
    assert (status, stderr.count("Warning")) == (0, 0), stderr
    assert "MLflow: classic version 1, run " in stderr
    batches = site.mlflow.sent("/runs/log-batch")
    params = {one["key"]: one["value"] for batch in batches for one in batch.get("params", [])}
    points = [(one["key"], one["step"], one["value"]) for batch in batches for one in batch.get("metrics", [])]
    assert params["fit.epochs"] == "2"
    assert params["layers.0.Dense.units"] == "3"
    assert points[:2] == [("loss", 1, 1.0), ("loss", 2, 0.5)]
    measured = {f"test_{name}": value for name, value in site.manifest.metrics.items()}
    assert {name: value for name, _, value in points[2:]} == measured
    tags = {one["key"]: one["value"] for one in site.mlflow.sent("/runs/set-tag")}
    assert {"onehot.version": "1", "onehot.job_id": "7"}.items() <= tags.items()
    statuses = [one["status"] for one in site.mlflow.sent("/runs/update") if "status" in one]
    assert statuses == ["RUNNING", "FINISHED"]  # what names the run repeats its status


def test_its_version_is_a_version_of_a_registered_model(site: Site) -> None:
    """With its files, and with the number that it has here."""
    uploads = {one["path"].rpartition("/artifacts/model/")[2] for one in site.mlflow.seen if one["method"] == "PUT"}
    assert {"MLmodel", "data/model.keras", "model.onnx", "manifest.json", "predict.py", "README.md"} <= uploads
    (registered,) = site.mlflow.sent("/model-versions/create")
    assert registered["name"] == "classic"
    assert {"key": "onehot.version", "value": "1"} in registered["tags"]


def test_no_training_fails_because_mlflow_is_away(site: Site) -> None:
    """One warning; epochs, result and exit status are as without it."""
    status, stdout, stderr = site.away
    assert status == 0, stderr
    assert stderr.count("Warning") == 1
    assert "Warning: MLflow has no more of this training: " in stderr
    assert "Published classic version 1" in stdout


def test_the_keras_file_of_a_registered_model_is_found(tmp_path: Path) -> None:
    """As its flavor names it, and byte for byte."""
    manifest = publish_classic(tmp_path / "store", _draft)
    (tmp_path / "in").mkdir()
    with exchanging(replayed()) as mlflow:
        path, digest = python(DOWNLOAD, "models:/classic/1", str(tmp_path / "in"), mlflow.url).split()
    assert path.endswith("data/model.keras")
    assert digest == manifest.files["model.keras"].sha256


@pytest.mark.parametrize("command", [
    ["train", "spec.json", "--track", "http://127.0.0.1:1"],
    ["import", "models:/classic/1", "--model", "classic", "--track", "http://127.0.0.1:1"],
])  # fmt: skip
def test_without_the_package_the_command_says_how_to_install_it(
    command: list[str], against: Callable[..., Any], stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is queued."""
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    monkeypatch.setitem(sys.modules, "mlflow", None)
    result = against(*command)
    assert result.exit_code == 2
    assert "pip install 'onehot[mlflow]'" in result.output
    assert stand_in.received == []


@pytest.mark.parametrize(("arguments", "expected"), [
    (["import", "models:/classic/1", "--model", "classic"], "give --track URI, or set MLFLOW_TRACKING_URI"),
    (["train", "spec.json", "--detach", "--track", "http://127.0.0.1:1"], "leave out --track"),
])  # fmt: skip
def test_wrong_usage_says_what_to_do(
    arguments: list[str], expected: str, against: Callable[..., Any], stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """And ends with 2."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = against(*arguments)
    assert result.exit_code == 2
    assert expected in result.output
    assert stand_in.received == []


def test_a_training_that_is_not_tracked_loads_nothing_of_mlflow(tmp_path: Path) -> None:
    """Where its client is installed; it takes seconds."""
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    manifest = publish_classic(tmp_path / "store", _draft)
    with exchanging(service_of(manifest)) as service:
        printed = python(ORDINARY, str(tmp_path / "spec.json"), ONEHOT_URL=service.url)
    assert printed == "0 []\n"
