"""`make demo` as a stranger runs it: an empty environment, no setting, no file edited."""

import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "examples/demo.py")
DEADLINE_S = 30.0
MARK = "DEMO_TEST_RUN"


class Surroundings:
    """An environment that marks every process which inherits it, and a folder for its temporary files."""

    def __init__(self, temporary: Path) -> None:
        self.mark = uuid.uuid4().hex
        self.temporary = temporary
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(temporary.parent), MARK: self.mark}
        self.environment["TMPDIR"] = str(temporary)

    def processes(self) -> list[str]:
        """What still runs of what was started."""
        return [" ".join(process.cmdline()) for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


@pytest.fixture
def surroundings(tmp_path) -> Surroundings:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return Surroundings(temporary)


def test_the_demo_trains_serves_and_predicts_and_leaves_nothing(surroundings):
    """It ends with 0, and everything that it promises stands in its output."""
    ran = subprocess.run(
        COMMAND, cwd=ROOT, env=surroundings.environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    accuracies = [float(one) for one in re.findall(r"test accuracy (\d\.\d+)", ran.stdout)]
    assert accuracies[0] >= 0.97
    assert len(accuracies) == 2
    assert ran.stdout.count("predicted") >= 8
    assert re.search(r"POST /v1/models/digits:predict with 270 instances: (26\d|270) right", ran.stdout)
    assert len(re.findall(r"1\.000000|0\.99999\d|1\.00000\d", ran.stdout)) == 5
    assert "\x1b" not in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80
    assert surroundings.processes() == []
    assert list(surroundings.temporary.iterdir()) == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_demo_leaves_no_process(surroundings, number, status):
    """Whatever ends it while a job is queued: the server, the worker and the service end too."""
    with subprocess.Popen(COMMAND, cwd=ROOT, env=surroundings.environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "POST /v1/jobs" in line:
                break
        assert len(surroundings.processes()) >= 6
        demo.send_signal(number)
        demo.stdout.read()
        assert demo.wait(DEADLINE_S) == status
    if number != signal.SIGKILL:
        assert list(surroundings.temporary.iterdir()) == []
    deadline = time.monotonic() + DEADLINE_S
    while surroundings.processes():
        assert time.monotonic() < deadline, surroundings.processes()
        time.sleep(0.05)
