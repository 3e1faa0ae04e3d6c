"""Who takes part in the bench of the service: how each is started, and what one request to it is."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import psutil
from load import Call

from onehot.local.server import free_port

__all__ = ["ROOT", "Contestant", "Running", "onehot", "rivals", "running"]

ROOT = Path(__file__).parent.parent
DEADLINE_S = 120
WORKERS = "2"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Contestant:
    """One server.

    Args:
        title: In the table.
        command: Starts it; `PORT` stands for its port.
        folder: Where it is started.
        call: One request.
        environment: Beside the usual variables.
        ours_at_least: Our requests a second must be at least so many times its own.
    """

    title: str
    command: tuple[str, ...]
    folder: Path
    call: Call
    environment: Mapping[str, str] = field(default_factory=dict)
    ours_at_least: float = 1.0


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    contestant: Contestant
    port: int
    pid: int

    def cpu_s(self) -> float:
        """Processor time that it has used, its children's included."""
        parent = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
        return float(sum(used.user + used.system for used in times))


def onehot(store: Path, call: Call, *, key: str, keys_file: Path, **settings: str) -> Contestant:
    """The service with everything switched on: keys, validation, metrics, a JSON line for each request."""
    environment = {
        "ONEHOT_STORE": str(store), "ONEHOT_BIND": "127.0.0.1:PORT", "ONEHOT_WORKERS": WORKERS,
        "ONEHOT_API_KEYS_FILE": str(keys_file), "ONEHOT_LOG_FORMAT": "json", **settings,
    }  # fmt: skip
    call = Call(call.path, call.body, {**call.headers, "X-API-Key": key})
    return Contestant("Onehot", (sys.executable, "-m", "service"), ROOT, call, environment)


def rivals(graph: Path, network: Path, instances: list[Any]) -> dict[str, Contestant]:
    """The others, by the name of their folder: each as its own documentation has it, with the same session inside."""
    row = Call("/predict", json.dumps({"instances": instances}).encode(), JSON)
    found = {
        "fastapi": ("FastAPI + uvicorn, by hand", ("uvicorn", "app:app", "--workers", WORKERS, "--no-access-log",
                                                   "--port", "PORT"), row, 1.2),
        "kserve": ("KServe python server", ("python", "app.py", "PORT"), _at(row, "/v1/models/bench:predict"), 1.7),
        "mlserver": ("MLServer", ("mlserver", "start", "."), _as_tensors(instances), 4.0),
        "litserve": ("LitServe", ("python", "app.py", "PORT"), row, 5.0),
        "bentoml": ("BentoML", ("bentoml", "serve", "service:Network", "--port", "PORT"), row, 6.0),
        "flask_noop": ("Flask no-op, gunicorn gevent", _gunicorn("-k", "gevent", "--preload"), row, 0.9),
        "flask_predict": ("Flask + model.predict", _gunicorn(), row, 150.0),
    }  # fmt: skip
    environment = {"BENCH_GRAPH": str(graph), "BENCH_MODEL": str(network), "TF_CPP_MIN_LOG_LEVEL": "3",
                   "MLSERVER_HTTP_PORT": "PORT", "MLSERVER_GRPC_PORT": str(free_port()),
                   "BENTOML_DO_NOT_TRACK": "1"}  # fmt: skip
    return {
        name: Contestant(title, (str(ROOT / ".bench" / name / "bin" / command), *arguments),
                         ROOT / "bench" / "rivals" / name, call, environment, ours_at_least)
        for name, (title, (command, *arguments), call, ours_at_least) in found.items()
    }  # fmt: skip


def _gunicorn(*options: str) -> tuple[str, ...]:
    return ("gunicorn", *options, "-w", WORKERS, "--keep-alive", "5", "-b", "127.0.0.1:PORT", "app:app")


def _at(call: Call, path: str) -> Call:
    return Call(path, call.body, call.headers)


def _as_tensors(instances: list[Any]) -> Call:
    shape = [len(instances), len(instances[0])]
    tensor = {"name": "x", "shape": shape, "datatype": "FP32", "data": instances}
    return Call("/v2/models/bench/infer", json.dumps({"inputs": [tensor]}).encode(), JSON)


@contextmanager
def running(contestants: Mapping[str, Contestant], logs: Path) -> Iterator[dict[str, Running]]:
    """Start them all, wait until each answers, and end them all; those that do not start are named and left out.

    Args:
        contestants: By name.
        logs: Folder for what they write.
    """
    with ExitStack() as stack:
        found = {}
        for name, contestant in contestants.items():
            if not Path(contestant.command[0]).exists():
                print(f"{contestant.title}: not installed, left out", file=sys.stderr)
                continue
            log = stack.enter_context((logs / f"{name}.log").open("ab"))
            found[name] = _start(contestant, log)
            stack.callback(_end, found[name].pid)
        yield {name: one for name, one in found.items() if _answers(one, logs / f"{name}.log")}


def _start(contestant: Contestant, log: IO[bytes]) -> Running:
    port = free_port()

    def here(text: str) -> str:
        return text.replace("PORT", str(port)) if "PORT" in text else text

    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ONEHOT_", "OTEL_"))}
    extra = {name: here(value) for name, value in contestant.environment.items()}
    process = subprocess.Popen(
        [here(argument) for argument in contestant.command], cwd=contestant.folder, env={**clean, **extra},
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    return Running(contestant, port, process.pid)


def _answers(one: Running, log: Path) -> bool:
    deadline = time.monotonic() + DEADLINE_S
    said: object = "nothing"
    while time.monotonic() < deadline and _lives(one.pid):
        try:
            answer = ask(one)
        except httpx.TransportError as error:
            said = error
        else:
            if answer.status_code == httpx.codes.OK:
                return True
            said = answer.text[:200]
        time.sleep(0.1)
    print(f"{one.contestant.title}: did not start, left out: {said}; {_tail(log)}", file=sys.stderr)
    return False


def ask(one: Running) -> httpx.Response:
    """One request, by itself."""
    call = one.contestant.call
    url = f"http://127.0.0.1:{one.port}{call.path}"
    return httpx.post(url, content=call.body, headers=dict(call.headers), timeout=DEADLINE_S)


def _lives(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False


def _tail(log: Path) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-3:])


def _end(pid: int) -> None:
    """The whole group: some of them leave children behind."""
    for sent, patience_s in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(pid, sent)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and _lives(pid):
            time.sleep(0.05)
