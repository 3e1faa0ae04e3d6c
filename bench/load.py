"""The load generator: wrk, one thread, keep-alive connections, one body again and again."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CONNECTIONS", "Call", "Load", "drive", "generator_version"]

SCRIPT = Path(__file__).with_name("post.lua")
CONNECTIONS = 16


@dataclass(frozen=True)
class Call:
    """One request, sent again and again."""

    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Load:
    """What one run gave."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    failed: int
    refused: int


def drive(port: int, call: Call, *, seconds: float, connections: int = CONNECTIONS) -> Load:
    """Send a call over so many connections for so long.

    Raises:
        SystemExit: When an answer was missing or was not 2xx: a faster error is no result.
    """
    with tempfile.NamedTemporaryFile() as body:
        body.write(call.body)
        body.flush()
        headers = [f"{name}: {value}" for name, value in call.headers.items()]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(SCRIPT),
                   f"http://127.0.0.1:{port}{call.path}", "--", body.name, *headers]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    load = Load(**json.loads(done.stdout.strip().splitlines()[-1]))
    if load.failed or load.refused:
        raise SystemExit(f"{call.path}: {load.failed} requests without an answer, {load.refused} not 2xx")
    return load


def generator_version() -> str:
    """The name and version of the generator, for the table.

    Raises:
        SystemExit: When there is none.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("bench: expected wrk on PATH; received none: scripts/wrk.sh installs Debian's")
    said = subprocess.run(["wrk", "-v"], check=False, capture_output=True, text=True).stdout
    return " ".join(said.split()[:2])
