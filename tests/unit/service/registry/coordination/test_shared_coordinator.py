import errno
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from service.registry.coordination import shared_coordinator
from service.registry.coordination.committed_state import CommittedModel, CommittedState, Report
from service.registry.coordination.desired_state import DesiredModel, DesiredState
from service.registry.coordination.shared_coordinator import SharedCoordinator


@pytest.fixture
def coordinator(tmp_path) -> Iterator[SharedCoordinator]:
    made = SharedCoordinator(tmp_path / "coordinator")
    yield made
    made._own_lock().close()  # as the end of the process does


@pytest.fixture
def fork() -> Iterator[Callable[[Callable[[], object]], int]]:
    """Do something in another process, which then waits to be killed; those that no test has killed end with it."""
    pids: list[int] = []

    def _fork(work: Callable[[], object]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                work()
                signal.pause()
            finally:
                os._exit(1)
        pids.append(pid)
        return pid

    yield _fork
    for pid in pids:
        with suppress(ChildProcessError):  # killed by its test, and its number may be another's by now
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                kill(pid)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_what_is_posted_is_seen_by_other_processes(coordinator, wait_until, fork) -> None:
    """Desired and committed state, whole; the numbers go up afterwards."""
    desired = DesiredState(1, {"classic": DesiredModel({1: "a"}, {"stable": 1}, (1,))}, has_seen_store=True)
    committed = CommittedState(1, {"classic": CommittedModel(frozenset({1}), {"stable": 1})})

    def post() -> None:
        assert coordinator.lead()
        coordinator.post(desired)
        coordinator.post(committed)

    pid = fork(post)
    wait_until(lambda: coordinator.committed_revision == 1, what="it is posted")
    assert (coordinator.desired_state(), coordinator.committed_state()) == (desired, committed)
    kill(pid)
    assert coordinator.committed_state() == committed


def test_only_one_leads_and_another_one_when_it_dies(coordinator, wait_until, fork) -> None:
    """However it dies."""
    pid = fork(lambda: coordinator.lead() and coordinator.request_look())
    wait_until(lambda: coordinator.look_requests, what="the other one leads")
    assert not coordinator.lead()
    kill(pid)
    wait_until(coordinator.lead, what="it is this one's turn")


def note_turn(lock, *, ago_s=0.0) -> None:
    """As a process does whose event loop turned then."""
    at_s = time.monotonic() - ago_s
    os.utime(lock, (at_s, at_s))


def test_one_that_is_stuck_leads_no_longer(coordinator, wait_until, fork) -> None:
    """What it was about to post is not posted: another one leads."""
    pid = fork(lambda: coordinator.lead() and coordinator.request_look())
    wait_until(lambda: coordinator.look_requests, what="the other one leads")
    lock = coordinator.folder / "members" / f"{pid}.lock"
    note_turn(lock, ago_s=shared_coordinator.STUCK_S + 1)
    wait_until(coordinator.lead, what="it is this one's turn")
    note_turn(lock)
    assert coordinator.lead()
    coordinator.post(DesiredState(1))
    kill(pid)
    asked = coordinator.look_requests
    late = fork(
        lambda: [coordinator.post(DesiredState(2)), coordinator.post(CommittedState(2)), coordinator.request_look()]
    )
    wait_until(lambda: coordinator.look_requests != asked, what="it has tried")
    assert (coordinator.desired_state().revision, coordinator.committed_revision) == (1, 0)
    kill(late)


def test_the_report_of_a_process_that_died_counts_no_longer(coordinator, wait_until, fork) -> None:
    """It is not waited for."""
    mine, other = Report({"classic": frozenset({1})}), Report({"classic": frozenset({2})}, is_serving=True)
    coordinator.report(mine)
    before = coordinator.revision()
    pid = fork(lambda: coordinator.report(other))
    wait_until(lambda: coordinator.revision() != before, what="the other one reports")
    assert list(coordinator.reports()) == [mine, other]
    kill(pid)
    assert list(coordinator.reports()) == [mine]
    assert not list(coordinator.folder.glob(f"members/{pid}.*"))


def test_nobody_waits_for_a_process_that_is_stuck(coordinator, wait_until, fork) -> None:
    """When its event loop turns again, it is one of them again."""
    other = Report(is_serving=True)
    pid = fork(lambda: coordinator.report(other))
    wait_until(lambda: len(coordinator.reports()) == 2, what="the other one reports")
    lock = coordinator.folder / "members" / f"{pid}.lock"
    note_turn(lock, ago_s=shared_coordinator.STUCK_S + 1)
    assert list(coordinator.reports()) == [Report()]
    note_turn(lock)
    assert list(coordinator.reports()) == [Report(), other]
    kill(pid)


def test_nobody_is_stuck_because_the_clock_was_set(coordinator, wait_until, fork, monkeypatch) -> None:
    """Forward, in the middle of everything."""
    other = Report(is_serving=True)
    pid = fork(lambda: coordinator.report(other))
    wait_until(lambda: len(coordinator.reports()) == 2, what="the other one reports")
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 3600)
    assert list(coordinator.reports()) == [Report(), other]
    kill(pid)


def test_old_documents_go(coordinator) -> None:
    """The folder does not grow with every change."""
    assert coordinator.lead()
    for number in range(1, 30):
        coordinator.post(DesiredState(number))
    assert len(list(coordinator.folder.glob("desired-*.json"))) == shared_coordinator.KEPT
    assert coordinator.desired_state().revision == 29


def test_documents_that_somebody_removed_are_made_anew(coordinator) -> None:
    """By a cleaner of temporary files, say: another process that has not read them sees nothing, and does not hang."""
    assert coordinator.lead()
    coordinator.post(DesiredState(3, has_seen_store=True))
    coordinator.post(CommittedState(4, {"classic": CommittedModel(frozenset({1}), {})}))
    for file in coordinator.folder.glob("*.json"):
        file.unlink()
    assert (coordinator.desired_state(), coordinator.committed_state()) == (DesiredState(3), CommittedState(4))
    coordinator.post(DesiredState(4, has_seen_store=True))
    assert coordinator.desired_state().has_seen_store


def test_old_documents_in_use_are_kept_from_cleaners(coordinator) -> None:
    """They are touched now and then."""
    assert coordinator.lead()
    coordinator.report(Report())
    coordinator.post(DesiredState(1))
    old_s = time.time() - shared_coordinator.OLD_S - 1
    files = [*coordinator.folder.glob("*.json"), *coordinator.folder.glob("members/*.json")]
    assert len(files) == 2
    for file in files:
        os.utime(file, (old_s, old_s))
    coordinator._keep_from_cleaners()
    assert all(file.stat().st_mtime > old_s + 1 for file in files)


def test_no_process_begins_to_serve_while_another_one_commits(coordinator, wait_until, fork) -> None:
    """The lock holds across processes."""

    def hold() -> None:
        with coordinator.committing():
            coordinator.request_look()
            signal.pause()

    pid = fork(hold)
    wait_until(lambda: coordinator.look_requests, what="the other one commits")
    began_s = time.monotonic()
    waiting = fork(lambda: [coordinator.committing().__enter__(), coordinator.note_stopping()])
    assert not coordinator.is_stopping
    kill(pid)
    wait_until(lambda: coordinator.is_stopping, what="it is this one's turn")
    assert time.monotonic() > began_s
    kill(waiting)


def test_a_full_disk_changes_nothing_and_is_said_once(coordinator, monkeypatch, capsys) -> None:
    """What was posted stays; this process knows its own report, and both are written as soon as there is room."""
    first, second = Report({"classic": frozenset({1})}), Report({"classic": frozenset({1, 2})})
    assert coordinator.lead()
    coordinator.post(DesiredState(1))
    assert coordinator.report(first)
    with monkeypatch.context() as full:
        full.setattr(Path, "write_text", _no_space)
        for _ in range(3):
            assert not coordinator.report(second)
            coordinator.post(DesiredState(2))
    assert coordinator.desired_state().revision == 1
    assert list(coordinator.reports()) == [second]
    assert capsys.readouterr().out.count("no room for what the processes share") == 1
    assert not list(coordinator.folder.rglob(".*"))
    assert coordinator.report(second)
    coordinator.post(DesiredState(2))
    assert coordinator.desired_state().revision == 2


def _no_space(path: Path, _: str) -> None:
    """As a disk without room does: the file is there, and nothing in it."""
    path.touch()
    raise OSError(errno.ENOSPC, "No space left on device")
