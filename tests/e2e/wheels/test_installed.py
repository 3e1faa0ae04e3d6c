"""The wheels in an empty environment: `pip install`, `onehot up`, a training through the queue, predictions.

`make test-wheels`. Everything that they need comes from the package index, tensorflow among it, so it takes minutes.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from onehot.local.server import free_port
from tests.conftest import wait_until
from tests.wheels import Wheel, build_wheels

INSTALL_S, COMMAND_S, STOP_S = 1200, 300, 60
FOREIGN = ("ONEHOT_", "PYTHON", "VIRTUAL_ENV")
SPEC = """\
model: iris
data: {source: "sklearn://iris"}
preprocessing: [standardize]
layers:
  - Dense: {units: 16, activation: relu}
  - Dense: {units: 3, activation: softmax}
compile: {optimizer: {Adam: {learning_rate: 0.01}}, loss: categorical_crossentropy, metrics: [accuracy]}
fit: {epochs: 30, batch_size: 16}
gate: {metric: accuracy, minimum: 0.8}
"""
SETOSA = [5.1, 3.5, 1.4, 0.2]


class Installation:
    """An environment with the wheels, and an empty folder to work in.

    Args:
        environment: The folder of the virtual environment.
        folder: Where commands run.
        port: Where the service is to listen.
    """

    def __init__(self, environment: Path, folder: Path, port: int) -> None:
        self.bin, self.folder, self.port = environment / "bin", folder, port
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environment = {**own, "ONEHOT_BIND": f"127.0.0.1:{port}", "TF_CPP_MIN_LOG_LEVEL": "3"}

    def run(self, *command: str, timeout_s: float = COMMAND_S) -> str:
        """Run a command of the environment that has to succeed; what it prints."""
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]], cwd=self.folder, env=self.environment, capture_output=True,
            text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def pip_install(self, *what: str) -> None:
        """Install with pip, from wheels alone."""
        self.run("python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *what, timeout_s=INSTALL_S)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Wheel]:
    """Both, built from this repository."""
    return build_wheels(tmp_path_factory.mktemp("wheels"))


def empty(folder: Path) -> Installation:
    """A virtual environment with pip and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "environment")], check=True)
    (folder / "site").mkdir()
    return Installation(folder / "environment", folder / "site", free_port())


@pytest.fixture(scope="module")
def installed(wheels, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """What `pip install 'onehot[service,trainer,local]'` gives, both wheels being files."""
    installation = empty(tmp_path_factory.mktemp("installed"))
    installation.pip_install(str(wheels["onehot-client"].path), f"{wheels['onehot'].path}[service,trainer,local]")
    return installation


@pytest.fixture(scope="module")
def up(installed: Installation) -> Iterator[Installation]:
    """`onehot up`, with a queue, a trainer and a service of its own."""
    log = installed.folder / "up.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(installed.bin / "onehot"), "up"], cwd=installed.folder, env=installed.environment, stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(lambda: "Onehot is up" in log.read_text() or process.poll() is not None, deadline_s=COMMAND_S)
        assert process.poll() is None, log.read_text()
        yield installed
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_S) == 0, log.read_text()


def test_nothing_comes_from_the_repository(installed: Installation, wheels) -> None:
    """Every package lies in the environment, and each distribution has its version."""
    for package in ("models", "onehot", "onehot_client", "service", "trainer"):
        file = installed.run("python", "-c", f"import {package}; print({package}.__file__)").strip()
        assert Path(file).is_relative_to(installed.bin.parent), file
    listed = {one["name"]: one["version"] for one in json.loads(installed.run("pip", "list", "--format", "json"))}
    assert {name: str(one.metadata["Version"]) for name, one in wheels.items()}.items() <= listed.items()
    assert "No broken requirements found" in installed.run("pip", "check")


def test_a_model_is_trained_through_the_queue_and_answers(up: Installation) -> None:
    """`onehot train` to its end, then a prediction over HTTP and one by the command line."""
    (up.folder / "iris.yaml").write_text(SPEC, encoding="utf-8")
    job = json.loads(up.run("onehot", "train", "iris.yaml", "--json"))
    assert job["status"] == "finished"
    url = f"http://127.0.0.1:{up.port}/v1/models/iris:classify?top_k=1"
    answer = httpx.post(url, json={"instances": [SETOSA]}, trust_env=False, timeout=30)
    assert answer.headers["X-Onehot-Model-Version"] == "1"
    assert answer.json()["results"][0][0][0] == "setosa"
    (up.folder / "rows.json").write_text(json.dumps([SETOSA]), encoding="utf-8")
    assert json.loads(up.run("onehot", "predict", "iris", "rows.json", "--json"))["version"] == 1


def test_the_pages_are_in_the_wheel(up: Installation) -> None:
    """The page of models and jobs, and that of the interface."""
    for path in ("/page/app.js", "/docs", "/docs/swagger-ui-bundle.js", "/openapi.json"):
        assert httpx.get(f"http://127.0.0.1:{up.port}{path}", trust_env=False, timeout=30).status_code == 200, path


def test_the_client_alone_brings_no_framework(wheels, tmp_path: Path) -> None:
    """What a caller installs: httpx and numpy, and nothing of the service or of a trainer."""
    client = empty(tmp_path)
    client.pip_install(str(wheels["onehot-client"].path))
    listed = {one["name"] for one in json.loads(client.run("pip", "list", "--format", "json"))}
    assert {"onehot-client", "httpx", "numpy"} <= listed
    assert not listed & {"onehot", "flask", "redis", "rq", "keras", "tensorflow", "onnxruntime"}
    client.run("python", "-c", "import onehot_client")
