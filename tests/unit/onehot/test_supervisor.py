import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from models.settings import Settings, read_settings
from onehot.failures import WorkFailed
from onehot.local import stack as stack_module
from onehot.local.child import Program
from onehot.local.server import claim_folder, free_port, is_port_free, prepare_server
from onehot.local.stack import ONCE, StackConfig, run_stack
from onehot.local.supervisor import StartFailed, Supervisor
from trainer.worker import training_worker

DEADLINE_S = 60.0
STOPS_POLITELY = """
import signal, sys, time
signal.signal(15, lambda *_: (print("stopped", flush=True), sys.exit(0)))
print("up", flush=True)
time.sleep(600)
"""


class Screen:
    """Keeps what a supervisor says."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.messages: list[str] = []

    def on_line(self, name: str, line: str) -> None:
        """Keep a line of a program."""
        self.lines.append((name, line))

    @contextmanager
    def supervisor(self) -> Iterator[Supervisor]:
        """A supervisor that speaks to this screen, and is stopped in the end."""
        made = Supervisor(on_line=self.on_line, on_message=self.messages.append)
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def screen() -> Screen:
    return Screen()


def program(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-S", "-c", code], dict(os.environ), grace_s=DEADLINE_S)


def eventually(holds, what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def test_programs_stop_in_the_opposite_order_of_their_start(screen):
    """The service goes before the worker, the worker before the server."""
    names = ["first", "second", "third"]
    with screen.supervisor() as supervisor:
        for name in names:
            supervisor.start(program(name, STOPS_POLITELY))
        eventually(lambda: len(screen.lines) == 3, "all speak")
    assert [name for name, line in screen.lines if line == "stopped"] == names[::-1]


def test_a_program_that_dies_is_started_again(screen, tmp_path):
    """A crash costs a pause, not the evening."""
    once = tmp_path / "once"
    first = f"import pathlib; p = pathlib.Path({str(once)!r}); there = p.exists(); p.touch()"
    code = f"{first}\nif not there: raise SystemExit(9)\n{STOPS_POLITELY}"
    with screen.supervisor() as supervisor:
        supervisor.start(program("fragile", code))
        supervisor.watch()
        eventually(lambda: ("fragile", "up") in screen.lines, "the second start lasts")
    assert screen.messages == ["the fragile ended with status 9: it is started again in 0.5 s"]


def test_the_pause_before_a_restart_doubles(screen):
    """A program that never lives does not keep the machine busy."""
    with screen.supervisor() as supervisor:
        supervisor.start(program("hopeless", "raise SystemExit(1)"))
        supervisor.watch()
        eventually(lambda: len(screen.messages) >= 2, "two restarts are told")
    assert [message.rsplit(" in ", 1)[1] for message in screen.messages[:2]] == ["0.5 s", "1 s"]


def test_a_program_that_ends_before_it_is_ready_stops_the_start(screen):
    """Its last lines say why."""
    with screen.supervisor() as supervisor:
        supervisor.start(program("service", "print('no such address'); raise SystemExit(4)"))
        with pytest.raises(
            StartFailed, match=r"the service did not start: it ended with status 4.*\n  no such address"
        ):
            supervisor.wait_ready(lambda: "not yet", timeout_s=DEADLINE_S)


def test_a_program_that_is_not_ready_in_time_stops_the_start(screen, monkeypatch):
    """The reason of the last check stands in the message, and was told while everybody waited."""
    monkeypatch.setattr("onehot.local.supervisor.QUIET_S", 0.0)
    with screen.supervisor() as supervisor:
        supervisor.start(program("service", STOPS_POLITELY))
        with pytest.raises(StartFailed, match=r"not ready after 0\.2 s \(it loads a model\)"):
            supervisor.wait_ready(lambda: "it loads a model", timeout_s=0.2)
    assert screen.messages == ["waiting: it loads a model"]


def test_a_second_server_on_one_folder_is_refused(tmp_path):
    """Two servers on one append-only file would destroy it."""
    lock = claim_folder(tmp_path / "valkey")
    with pytest.raises(WorkFailed, match=f"in use: `onehot up` runs here already .process {os.getpid()}."):
        claim_folder(tmp_path / "valkey")
    os.close(lock)
    os.close(claim_folder(tmp_path / "valkey"))


def test_the_password_stands_in_a_private_file_and_on_no_command_line(tmp_path):
    """Every user of a machine reads command lines."""
    server = prepare_server(tmp_path)
    configuration = Path(server.arguments[-1])
    password = server.url.split(":")[2].split("@")[0]
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
    assert f"requirepass {password}\n" in configuration.read_text()
    assert not any(password in argument for argument in server.arguments)


@pytest.fixture
def small_stack(monkeypatch, tmp_path) -> StackConfig:
    """A place whose service and worker are tiny programs, with a real queue server."""
    service = (
        "import http.server as h, os, signal; signal.signal(15, lambda *_: os._exit(0))\n"
        "class H(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response(200); self.send_header('Content-Length', '0'); self.end_headers()\n"
        "    def log_message(self, *_): pass\n"
        "h.HTTPServer(('127.0.0.1', int(os.environ['ONEHOT_BIND'].split(':')[1])), H).serve_forever()"
    )
    codes = {"service": service, "trainer.worker": STOPS_POLITELY}
    monkeypatch.setattr(stack_module, "_python", lambda module: (sys.executable, "-S", "-c", codes[module]))
    environment = {"ONEHOT_BIND": f"127.0.0.1:{free_port()}", "PATH": os.environ["PATH"]}
    return StackConfig(read_settings(environment), environment, tmp_path / "a folder" / "valkey")


def test_a_stack_runs_a_real_server_with_a_password_and_leaves_nothing(small_stack, screen):
    """Without the password the server refuses; at the end no process and no port is left."""
    before = set(psutil.Process().children(recursive=True))
    with run_stack(small_stack, on_line=screen.on_line, on_message=screen.messages.append) as stack:
        assert stack.server_port is not None
        with redis.Redis(port=stack.server_port, retry=ONCE) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        configuration = (small_stack.server_folder / "valkey.conf").read_text()
        password = configuration.split("requirepass ")[1].split("\n")[0]
        with redis.Redis(port=stack.server_port, password=password) as friend:
            assert friend.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
            assert friend.config_get("maxmemory")["maxmemory"] == str(384 * 2**20)
            assert friend.config_get("appendonly")["appendonly"] == "yes"
    assert set(psutil.Process().children(recursive=True)) <= before
    assert is_port_free("127.0.0.1", stack.server_port)


def test_what_was_queued_is_there_after_a_restart(small_stack, screen):
    """The append-only file survives an orderly end."""
    for expected, value in ((None, "1"), (b"1", "2")):
        with run_stack(small_stack, on_line=screen.on_line, on_message=screen.messages.append) as stack:
            password = (small_stack.server_folder / "valkey.conf").read_text().split("requirepass ")[1].split("\n")[0]
            with redis.Redis(port=stack.server_port, password=password) as server:
                assert server.get("kept") == expected
                server.set("kept", value)


def test_an_address_in_use_is_named_before_anything_starts(small_stack, screen):
    """With SO_REUSEPORT two services would share one port in silence."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", small_stack.settings.port))
        other.listen()
        with (
            pytest.raises(WorkFailed, match=f"{small_stack.settings.bind} is in use"),
            run_stack(small_stack, on_line=screen.on_line, on_message=screen.messages.append),
        ):
            pass
    assert not small_stack.server_folder.exists()


def test_a_killed_server_comes_back_on_its_port(small_stack, screen):
    """The worker and the service find it again where it was."""
    with run_stack(small_stack, on_line=screen.on_line, on_message=screen.messages.append) as stack:
        servers = [p for p in psutil.Process().children(recursive=True) if "valkey.conf" in " ".join(p.cmdline())]
        for server in servers:
            server.send_signal(signal.SIGKILL)
        psutil.wait_procs(servers, timeout=DEADLINE_S)

        def answers() -> bool:
            with redis.Redis(port=stack.server_port, retry=ONCE) as stranger:
                try:
                    return bool(stranger.ping())
                except redis.AuthenticationError:
                    return True
                except redis.ConnectionError:
                    return False

        eventually(answers, "the server answers again")
    assert "it is started again" in screen.messages[-1]


def test_programs_have_the_time_that_they_give_themselves(monkeypatch, tmp_path) -> None:
    """To answer what is under way, to write a last checkpoint: killed before, they would lose it."""
    started: dict[str, Program] = {}
    monkeypatch.setattr(Supervisor, "start", lambda _, program: started.update({program.name: program}))
    monkeypatch.setattr(Supervisor, "wait_ready", lambda *_, **__: None)
    settings = Settings(bind=f"127.0.0.1:{free_port()}", leave_s=3.0, drain_s=100.0)
    place = StackConfig(settings, {}, tmp_path, starts_server=False)
    with run_stack(place, on_line=lambda *_: None, on_message=lambda *_: None):
        assert started["service"].grace_s > 103
        assert started["trainer"].grace_s > training_worker.CHECKPOINT_GRACE_S
