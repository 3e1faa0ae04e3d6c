"""The public clients of the Open Inference Protocol, unchanged, in their own environment, against the real service."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
ROWS = [[0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/v2/health/ready", timeout=5) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def url(one_of_each: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the real service on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")} | {
        "ONEHOT_STORE": str(one_of_each), "ONEHOT_BIND": address, "ONEHOT_WORKERS": "1",
        "ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "service"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    wait_until = request.config.pluginmanager.get_plugin(str(ROOT / "tests" / "conftest.py")).wait_until
    try:
        wait_until(lambda: is_ready(f"http://{address}"), what="the service is ready")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def said(url: str) -> Callable[[str], dict[str, Any]]:
    """Run the script of one client and read what it found."""

    def _run(script: str) -> dict[str, Any]:
        assert PYTHON.exists(), "expected the clients' environment; `make .venv-clients/.synced` prepares it"
        command = [str(PYTHON), str(Path(__file__).parent / "clients" / script), url, json.dumps(ROWS)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == 0, run.stderr
        found: dict[str, Any] = json.loads(run.stdout)
        return found

    return _run


def test_tritons_client(said, compute):
    """Health, metadata, index; JSON and bytes, mixed and compressed; versions, classes, errors."""
    found = said("triton_client.py")
    assert (found["live"], found["ready"], found["model_ready"]) == (True, True, [True, True])
    assert found["not_ready"] == [False, False]
    assert found["server"]["name"] == "onehot"
    assert found["model"]["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 8]}]
    assert {"classic", "broken"} <= {entry["name"] for entry in found["index"]}
    expected = compute("classic-a", ROWS)
    assert all(np.allclose(predictions, expected, atol=1e-6) for predictions in found["predictions"])
    assert np.allclose(found["version_2"], compute("classic-b", ROWS), atol=1e-6)
    assert [row[0].split(":")[2] for row in found["classes"]] == [f"class {best}" for best in expected.argmax(axis=1)]
    assert [status for status, _ in found["refused"]] == ["404", "400", "404"]
    assert "no model 'nobody'" in found["refused"][0][1]
    assert "inputs[0].shape" in found["refused"][1][1]


def test_kserves_client(said, compute):
    """Health; JSON and bytes; ids; errors with their sentence."""
    found = said("kserve_client.py")
    assert (found["live"], found["ready"], found["model_ready"]) == (True, True, True)
    assert found["not_ready"] is False
    expected = compute("classic-a", ROWS)
    assert found["first_protocol"][0] is True
    assert np.allclose(found["first_protocol"][1], expected, atol=1e-6)
    for request_id, predictions in found["predictions"]:
        assert request_id == "7"
        assert np.allclose(predictions, expected, atol=1e-6)
    assert [status for status, _ in found["refused"]] == [404, 400]
    assert "no model 'nobody'" in found["refused"][0][1]
