"""schemathesis over the OpenAPI document, with every check but one; `make schemathesis` looks for longer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.api_keys import ApiKeyFile
from tests.contract.live import live

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "1")
PHASES = os.environ.get("SCHEMATHESIS_PHASES", "examples,fuzzing")
SEED = "20261125"
GONE = "use_after_free"
"""What was deleted is expected to be gone; `DELETE /v1/jobs/{id}` cancels a job, which stays and says so."""


@pytest.mark.timeout(1800)
def test_the_service_is_what_its_document_says(one_of_each, redis_server, tmp_path):
    """Statuses, types, headers, schemas, methods, keys; what is valid is taken and what is not is refused."""
    store = tmp_path / "store"
    shutil.copytree(one_of_each, store)
    _, key = ApiKeyFile(tmp_path / "keys.json").add(["admin"])
    settings = {"ONEHOT_REDIS_URL": redis_server, "ONEHOT_API_KEYS_FILE": str(tmp_path / "keys.json")}
    with live(store, tmp_path, **settings) as service:
        command = [
            str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIGURATION), "run",
            f"{service.url}/openapi.json", "--header", f"X-API-Key: {key}", "--workers", "1", "--checks", "all",
            "--exclude-checks", GONE,
            "--phases", PHASES, "--max-examples", EXAMPLES, "--seed", SEED, "--continue-on-failure", "--no-color",
        ]  # fmt: skip
        told = {**os.environ, "SCHEMATHESIS_HOOKS": str(CONFIGURATION.with_name("schemathesis_hooks.py"))}
        run = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, check=False)
        print(run.stdout[-2500:])
        assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
        assert "Traceback" not in service.log
