"""A Python client generated from /openapi.json, in an environment of its own, against the real service."""

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.api_keys import ApiKeyFile
from tests.contract.live import live

HERE = Path(__file__).parent
BIN = HERE.parents[1] / ".venv-openapi" / "bin"
ROWS = [[0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]


@pytest.fixture(scope="module")
def service(one_of_each, redis_server, tmp_path_factory) -> Iterator[tuple[str, str]]:
    """The address of a real service that asks for keys, and one that opens everything."""
    folder = tmp_path_factory.mktemp("service")
    shutil.copytree(one_of_each, folder / "store")
    _, key = ApiKeyFile(folder / "keys.json").add(["admin"])
    settings = {"ONEHOT_REDIS_URL": redis_server, "ONEHOT_API_KEYS_FILE": str(folder / "keys.json")}
    with live(folder / "store", folder, **settings) as running:
        yield running.url, key


@pytest.fixture(scope="module")
def document_file(service, tmp_path_factory) -> Path:
    """The document as it is served."""
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    with urllib.request.urlopen(f"{service[0]}/openapi.json") as answer:  # noqa: S310 -- our own address
        file.write_bytes(answer.read())
    return file


@pytest.fixture(scope="module")
def package(document_file) -> Path:
    """The generated package; the generator had nothing to say but which forms of a body it does not know."""
    assert BIN.exists(), "expected the generator's environment; `make .venv-openapi/.synced` prepares it"
    package = document_file.parent / "client" / "onehot_api"
    package.parent.mkdir()
    command = [
        str(BIN / "openapi-python-client"), "generate", "--path", str(document_file), "--output-path", str(package),
        "--meta", "none", "--config", str(HERE / "clients" / "openapi_python_client.yaml"),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = run.stdout + run.stderr
    assert run.returncode == 0, said
    for complaint in (
        "will not be generated",
        "Unable to",
        "Missing schema",
        "Could not find reference",
        "Cannot parse",
    ):
        assert complaint not in said, said
    return package


@pytest.fixture(scope="module")
def found(service, package) -> dict[str, Any]:
    """What the client's calls gave."""
    url, key = service
    script = HERE / "clients" / "generated_client.py"
    command = [str(BIN / "python"), str(script), str(package.parent), url, key, json.dumps(ROWS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    answers: dict[str, Any] = json.loads(run.stdout)
    return answers


def test_every_operation_has_a_function(document_file, found) -> None:
    """By the name of its `operationId`, each both blocking and for asyncio."""
    document = json.loads(document_file.read_text())
    named = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert sorted(named) == found["functions"]


def test_it_predicts(found, compute) -> None:
    """By default, by version, by label, with a file in a form, and as tensors; an error is the server's sentence."""
    expected = compute("classic-a", ROWS)
    for way in ("predictions", "label", "form"):
        assert np.allclose(found[way], expected, atol=1e-6), way
    assert np.allclose(found["version"], compute("classic-b", ROWS), atol=1e-6)
    assert np.allclose(np.reshape(found["tensors"], expected.shape), expected, atol=1e-6)
    assert "classic" in found["models"]
    assert found["error"].startswith("no model 'missing'")


def test_it_classifies(found, compute) -> None:
    """The best label of each row."""
    assert found["labels"] == [f"class {best}" for best in compute("classic-a", ROWS).argmax(axis=1)]


def test_it_uploads_a_data_set(found) -> None:
    """Which is found by its name, and listed."""
    assert (found["rows"], found["same"], found["datasets"]) == (60, True, ["kinds.csv"])


def test_it_submits_a_training_on_it_and_cancels_it(found) -> None:
    """Through the real queue, once for one key; then the data set is not needed any more."""
    assert (found["once"], found["job"], found["jobs"]) == (True, ["queued", "canceled"], ["kinds"])
    assert found["gone"] == 204
