"""`onehot up`, and the other commands against it, in a folder of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from onehot.local.server import free_port

ROOT = Path(__file__).parents[2]
ONEHOT = (sys.executable, "-c", "from onehot.cli import main; main()")
DEADLINE_S = 60.0
SHORT = ("--set", "fit.epochs=3")


@dataclass
class Site:
    """A folder with `onehot up` running in it."""

    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def run(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        """Run another command to its end."""
        return subprocess.run(
            (*ONEHOT, *arguments), cwd=self.folder, env=self.environment, input=input, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    def done(self, *arguments: str, input: str | None = None) -> str:  # noqa: A002
        """Run another command that has to succeed; what it prints."""
        ran = self.run(*arguments, input=input)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def start(folder: Path) -> Site:
    log = folder / "up.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    environment["ONEHOT_BIND"] = f"127.0.0.1:{free_port()}"
    with log.open("w") as output:
        process = subprocess.Popen(
            (*ONEHOT, "up"), cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, text=True
        )
    site = Site(folder, environment, process)
    eventually(lambda: "Onehot is up" in log.read_text() or process.poll() is not None, "onehot up is ready")
    assert process.poll() is None, log.read_text()
    return site


def stop(site: Site) -> int:
    family = psutil.Process(site.process.pid).children(recursive=True)
    site.process.send_signal(signal.SIGINT)
    status = site.process.wait(DEADLINE_S)
    _, alive = psutil.wait_procs(family, timeout=0)
    assert alive == []
    return status


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "examples").symlink_to(ROOT / "examples")
    for name in ("classic.npz", "classic.yaml"):
        (folder / name).write_bytes((ROOT / "examples" / name).read_bytes())
    running = start(folder)
    yield running
    if running.process.poll() is None:
        stop(running)


@pytest.fixture(scope="module")
def trained(site) -> dict[str, object]:
    """A finished job of the classic case."""
    job: dict[str, object] = json.loads(
        site.done("train", "classic.yaml", "--set", "data.source=classic.npz", *SHORT, "--json")
    )
    return job


def test_a_training_through_the_queue_ends_with_a_version(site, trained):
    """The job, the store and the service agree."""
    assert trained["status"] == "finished"
    assert trained["result"]["model"] == "classic"
    (version,) = json.loads(site.done("models", "list", "--json"))
    assert (version["version"], version["labels"]) == (trained["result"]["version"], ["stable"])
    assert version["metrics"] == trained["result"]["metrics"]


def test_a_prediction_names_the_classes(site, trained):
    """Five rows from the data file itself, each with its probability."""
    assert trained["status"] == "finished"
    answer = json.loads(site.done("predict", "classic", "classic.npz", "--json"))
    assert (answer["model"], answer["version"], answer["class_names"]) == ("classic", 1, ["low", "middle", "high"])
    assert len(answer["predictions"]) == 100
    assert all(abs(sum(row) - 1) < 1e-5 for row in answer["predictions"])
    assert site.done("predict", "classic", "-", "--top-k", "3", input=json.dumps([[0.0] * 8])).count("0.") == 3


def test_a_wrong_instance_is_told_by_its_number_with_both_shapes(site, trained):
    """The service's sentence, exit 1."""
    assert trained["status"] == "finished"
    ran = site.run("predict", "classic", "-", input=json.dumps([[0.0] * 8, [0.0] * 7]))
    assert ran.returncode == 1
    assert "instances[1]" in ran.stderr


def test_jobs_are_listed_and_shown(site, trained):
    """By the id that the training printed."""
    assert str(trained["id"]) in site.done("jobs", "list")
    assert "status         finished" in site.done("jobs", "show", str(trained["id"]))


def test_a_detached_job_can_be_followed_and_canceled(site):
    """Its epochs are all there for a reader who comes later."""
    job_id = site.done("train", "classic.yaml", "--set", "data.source=classic.npz", *SHORT, "--detach").strip()
    assert "Published classic version" in site.done("jobs", "follow", job_id)
    long = site.done(
        "train", "classic.yaml", "--set", "data.source=classic.npz", "--set", "fit.epochs=1000000", "--detach"
    )
    site.done("jobs", "cancel", long.strip())
    ran = site.run("jobs", "follow", long.strip())
    assert ran.returncode == 1
    assert "cancel" in ran.stderr or "stopped" in ran.stderr


def test_ctrl_c_while_following_leaves_the_job_running(site):
    """And says how to follow and how to cancel."""
    arguments = ("train", "classic.yaml", "--set", "data.source=classic.npz", "--set", "fit.epochs=1000000")
    with subprocess.Popen(
        (*ONEHOT, *arguments), cwd=site.folder, env=site.environment, stderr=subprocess.PIPE, text=True
    ) as following:
        assert following.stderr is not None
        job_id = following.stderr.readline().split()[1].rstrip(":")
        following.send_signal(signal.SIGINT)
        said = following.stderr.read()
    assert following.returncode == 130
    assert f"onehot jobs follow {job_id}" in said
    assert json.loads(site.done("jobs", "show", job_id, "--json"))["status"] in ("queued", "started")
    site.done("jobs", "cancel", job_id)


def test_a_second_up_in_the_same_folder_is_refused(site):
    """One server for one append-only file, one service for one address."""
    ran = site.run("up")
    assert ran.returncode == 1
    assert "in use" in ran.stderr
    ran = site.run("up", "--bind", f"127.0.0.1:{free_port()}")
    assert ran.returncode == 1
    assert "`onehot up` runs here already" in ran.stderr


def test_a_spec_that_only_the_service_can_refuse_queues_no_job(site):
    """Exit 2 with the path, as for any other problem of a spec."""
    before = site.done("jobs", "list", "--json")
    ran = site.run("train", "classic.yaml", "--set", "layers.2.Dense.units=none")
    assert (ran.returncode, "layers.2.Dense.units" in ran.stderr) == (2, True)
    assert site.done("jobs", "list", "--json") == before


def test_jobs_survive_a_restart_of_everything(site, trained):
    """The last test of this site: Ctrl-C stops all, the next `up` knows what was."""
    assert stop(site) == 0
    again = start(site.folder)
    try:
        assert str(trained["id"]) in again.done("jobs", "list")
    finally:
        assert stop(again) == 0


def test_local_training_needs_no_service_and_reads_any_file(tmp_path):
    """Relative paths from the current folder, absolute ones from anywhere."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEHOT_")}
    source = ROOT / "examples" / "classic.npz"
    arguments = ("train", str(ROOT / "examples" / "classic.yaml"), "--set", f"data.source={source}", *SHORT, "--local")
    ran = subprocess.run(
        (*ONEHOT, *arguments), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "Published classic version 1" in ran.stdout
    assert "epoch 3/3" in ran.stderr
    missing = (*arguments[:2], "--set", "data.source=missing.npz", "--local")
    ran = subprocess.run(
        (*ONEHOT, *missing), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "missing.npz" in ran.stderr, "Traceback" in ran.stderr) == (2, True, False)
