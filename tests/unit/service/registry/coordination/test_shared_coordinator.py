import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from service.registry.coordination import shared_coordinator as shared_board
from service.registry.coordination.committed_state import Agreement, ModelAgreement, Report
from service.registry.coordination.desired_state import ModelPlan, Plan
from service.registry.coordination.shared_coordinator import SharedBoard


@pytest.fixture
def board(tmp_path) -> Iterator[SharedBoard]:
    made = SharedBoard(tmp_path / "board")
    yield made
    made.leave()


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


def test_what_is_posted_is_seen_by_other_processes(board, wait_until, fork) -> None:
    """Plan and agreement, whole; the numbers go up afterwards."""
    plan = Plan(1, {"classic": ModelPlan({1: "a"}, {"stable": 1}, (1,))}, has_seen_store=True)
    agreement = Agreement(1, {"classic": ModelAgreement(frozenset({1}), {"stable": 1})})

    def post() -> None:
        assert board.lead()
        board.post_plan(plan)
        board.post_agreement(agreement)

    pid = fork(post)
    wait_until(lambda: board.generation == 1, what="it is posted")
    assert (board.plan(), board.agreement()) == (plan, agreement)
    kill(pid)
    assert board.agreement() == agreement


def test_only_one_leads_and_another_one_when_it_dies(board, wait_until, fork) -> None:
    """However it dies."""
    pid = fork(lambda: board.lead() and board.ask_for_look())
    wait_until(lambda: board.looks_asked, what="the other one leads")
    assert not board.lead()
    kill(pid)
    wait_until(board.lead, what="it is this one's turn")


def note_turn(lock, *, ago_s=0.0) -> None:
    """As a process does whose event loop turned then."""
    at_s = time.monotonic() - ago_s
    os.utime(lock, (at_s, at_s))


def test_one_that_is_stuck_leads_no_longer(board, wait_until, fork) -> None:
    """What it was about to post is not posted: another one leads."""
    pid = fork(lambda: board.lead() and board.ask_for_look())
    wait_until(lambda: board.looks_asked, what="the other one leads")
    lock = board.folder / "members" / f"{pid}.lock"
    note_turn(lock, ago_s=shared_board.STUCK_S + 1)
    wait_until(board.lead, what="it is this one's turn")
    note_turn(lock)
    assert board.lead()
    board.post_plan(Plan(1))
    kill(pid)
    asked = board.looks_asked
    late = fork(lambda: [board.post_plan(Plan(2)), board.post_agreement(Agreement(2)), board.ask_for_look()])
    wait_until(lambda: board.looks_asked != asked, what="it has tried")
    assert (board.plan_number, board.generation) == (1, 0)
    kill(late)


def test_the_report_of_a_process_that_died_counts_no_longer(board, wait_until, fork) -> None:
    """Nobody waits for it."""
    mine, other = Report({"classic": frozenset({1})}), Report({"classic": frozenset({2})}, is_serving=True)
    board.report(mine)
    news = board.news
    pid = fork(lambda: board.report(other))
    wait_until(lambda: board.news != news, what="the other one reports")
    assert list(board.reports()) == [mine, other]
    kill(pid)
    assert list(board.reports()) == [mine]
    assert not list(board.folder.glob(f"members/{pid}.*"))


def test_nobody_waits_for_a_process_that_is_stuck(board, wait_until, fork) -> None:
    """When its event loop turns again, it is one of them again."""
    other = Report(is_serving=True)
    pid = fork(lambda: board.report(other))
    wait_until(lambda: len(board.reports()) == 2, what="the other one reports")
    lock = board.folder / "members" / f"{pid}.lock"
    note_turn(lock, ago_s=shared_board.STUCK_S + 1)
    assert list(board.reports()) == [Report()]
    note_turn(lock)
    assert list(board.reports()) == [Report(), other]
    kill(pid)


def test_nobody_is_stuck_because_the_clock_was_set(board, wait_until, fork, monkeypatch) -> None:
    """Forward, in the middle of everything."""
    other = Report(is_serving=True)
    pid = fork(lambda: board.report(other))
    wait_until(lambda: len(board.reports()) == 2, what="the other one reports")
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 3600)
    assert list(board.reports()) == [Report(), other]
    kill(pid)


def test_old_documents_go(board) -> None:
    """The folder does not grow with every change."""
    assert board.lead()
    for number in range(1, 30):
        board.post_plan(Plan(number))
    assert len(list(board.folder.glob("plan-*.json"))) == shared_board.KEPT
    assert board.plan().number == 29


def test_documents_that_somebody_removed_are_made_anew(board) -> None:
    """By a cleaner of temporary files, say: another process that has not read them sees nothing, and does not hang."""
    assert board.lead()
    board.post_plan(Plan(3, has_seen_store=True))
    board.post_agreement(Agreement(4, {"classic": ModelAgreement(frozenset({1}), {})}))
    for file in board.folder.glob("*.json"):
        file.unlink()
    assert (board.plan(), board.agreement()) == (Plan(3), Agreement(4))
    board.post_plan(Plan(4, has_seen_store=True))
    assert board.plan().has_seen_store


def test_old_documents_in_use_are_kept_from_cleaners(board) -> None:
    """They are touched now and then."""
    assert board.lead()
    board.report(Report())
    board.post_plan(Plan(1))
    old_s = time.time() - shared_board.OLD_S - 1
    files = [*board.folder.glob("*.json"), *board.folder.glob("members/*.json")]
    assert len(files) == 2
    for file in files:
        os.utime(file, (old_s, old_s))
    board._keep_from_cleaners()
    assert all(file.stat().st_mtime > old_s + 1 for file in files)


def test_nobody_begins_to_serve_while_another_one_agrees(board, wait_until, fork) -> None:
    """The lock holds across processes."""

    def hold() -> None:
        with board.agreeing():
            board.ask_for_look()
            signal.pause()

    pid = fork(hold)
    wait_until(lambda: board.looks_asked, what="the other one agrees")
    began_s = time.monotonic()
    waiting = fork(lambda: [board.agreeing().__enter__(), board.note_stopping()])
    assert not board.is_stopping
    kill(pid)
    wait_until(lambda: board.is_stopping, what="it is this one's turn")
    assert time.monotonic() > began_s
    kill(waiting)
