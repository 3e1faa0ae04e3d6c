import threading
from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError
from models.rollout.figures import RolloutFigures, SideFigures
from models.store.manifest import GoldenRows
from service.rollouts import shadow
from service.rollouts.idle_share import IdleShare
from service.rollouts.predicted_classes import Classified, compared, in_order_of
from service.rollouts.shadow import MOST_WAITING, Shadow
from service.rollouts.shadow_comparison import ShadowComparison, Shadowed
from service.traffic.observed_prediction import ObservedPrediction

ROWS = np.random.default_rng(5).random((6, 8)).astype(np.float32)


class Counting:
    """Counts requests instead of computing them; waits until it may."""

    def __init__(self) -> None:
        self.may_go = threading.Event()

    def compare(self, requests) -> RolloutFigures:
        """Count them."""
        self.may_go.wait(30)
        return RolloutFigures(default=SideFigures(requests=len(requests)))


def answered(predictor, rows=ROWS) -> ObservedPrediction:
    return ObservedPrediction("id", None, True, predictor, rows, predictor.predict(rows), 0.001)


@pytest.fixture
def predictor(predictor_of):
    return predictor_of()


def test_what_is_offered_is_compared_beside_the_event_loop(predictor, wait_until) -> None:
    """The thread ends when the step is over."""
    counting = Counting()
    counting.may_go.set()
    one = Shadow(counting)
    for _ in range(5):
        one.offer(answered(predictor), is_busy=False)
    wait_until(lambda: one.figures.default.requests + one.figures.pairs.shed == 5, what="all are compared or shed")
    one.end()


def test_more_than_can_wait_is_shed_and_counted(predictor) -> None:
    """`offer` never waits."""
    counting = Counting()
    one = Shadow(counting)
    for _ in range(2 * MOST_WAITING + 200):
        one.offer(answered(predictor), is_busy=False)
    assert one.figures.pairs.shed >= 200
    counting.may_go.set()
    one.end()


def test_a_busy_process_computes_nothing_for_a_shadow(predictor) -> None:
    """It is counted, and no thread is started."""
    one = Shadow(Counting())
    one.offer(answered(predictor), is_busy=True)
    assert one.figures.pairs.shed == 1
    assert not one._is_running


@pytest.mark.parametrize(("late_s", "idle"), [(1.0, 1.0), (0.0, 0.05)])
def test_a_machine_that_is_busy_has_better_things_to_do(predictor, monkeypatch, wait_until, late_s, idle) -> None:
    """All that waits is shed but one request: a rollout on a machine that is always busy goes on, slowly."""
    counting = Counting()
    one = Shadow(counting)
    monkeypatch.setattr(one._idle, "share", lambda: idle)
    monkeypatch.setattr(shadow, "_rest", lambda _: (counting.may_go.wait(30), late_s)[1])
    for _ in range(5):
        one.offer(answered(predictor), is_busy=False)
    counting.may_go.set()
    wait_until(lambda: one.figures.default.requests, what="one is compared")
    assert (one.figures.default.requests, one.figures.pairs.shed) == (1, 4)
    one.end()


def test_the_idle_share_is_that_of_the_last_window(tmp_path) -> None:
    """Without the kernel's counts, all is idle."""
    now_s, stat = [0.0], tmp_path / "stat"
    stat.write_text("cpu  100 0 100 100 0 0 0 0 0 0\ncpu0 1\n")
    idle = IdleShare(stat, lambda: now_s[0])
    stat.write_text("cpu  160 0 100 130 10 0 0 0 0 0\ncpu0 1\n")
    assert idle.share() == 1.0
    now_s[0] = 1.0
    assert idle.share() == pytest.approx(0.4)
    nowhere = IdleShare(tmp_path / "none", lambda: now_s[0])
    now_s[0] = 2.0
    assert nowhere.share() == 1.0


def shadowed(predictor, *sizes: int) -> list[Shadowed]:
    batches = [ROWS[:size] for size in sizes]
    return [Shadowed(batch, predictor.predict(batch)) for batch in batches]


def test_a_candidate_that_computes_the_same_agrees(predictor, predictor_of) -> None:
    """Requests count once, whatever their number of rows; times are measured for both."""
    comparison = ShadowComparison(predictor, predictor_of())
    first = comparison.compare(shadowed(predictor, 1, 4))
    figures = first + comparison.compare(shadowed(predictor, 2, 3))  # computed together now
    assert comparison._may_join
    assert (figures.pairs.requests, figures.pairs.agreement) == (4, pytest.approx(4.0))
    assert figures.pairs.rows.sum() == figures.default.rows == figures.candidate.rows == 10
    assert np.abs(figures.pairs.shift).max() < 1e-6
    assert figures.default.class_shares.sum() == pytest.approx(4.0)
    assert figures.default.latencies.sum() == figures.candidate.latencies.sum() == 2


def test_another_candidate_differs_by_class(predictor, predictor_of) -> None:
    """The agreement is what counting row by row gives."""
    other = predictor_of("classic-b")
    figures = ShadowComparison(predictor, other).compare(shadowed(predictor, 6))
    same = predictor.predict(ROWS).argmax(1) == other.predict(ROWS).argmax(1)
    assert figures.pairs.agreement == pytest.approx(same.mean())
    assert figures.pairs.agreed.sum() == same.sum()


def test_a_candidate_that_fails_is_counted(predictor, predictor_of) -> None:
    """Whatever it raises, callers would have got an error in the place of an answer."""

    class Failing:
        """Fails."""

        def run(self, batch):
            """Fail."""
            raise InputError(where="instances", expected="nothing", received=str(len(batch)))

    figures = ShadowComparison(predictor, replace(predictor_of(), graph=Failing())).compare(shadowed(predictor, 1, 2))
    assert (figures.candidate.requests, figures.candidate.errors, figures.candidate.rows) == (2, 2, 0)
    assert (figures.default.requests, figures.default.errors) == (2, 0)
    assert figures.pairs.requests == 0


def test_classes_are_compared_by_their_names(predictor, predictor_of) -> None:
    """A candidate may have them in another order, and others."""
    names = predictor.manifest.class_names
    other = predictor_of(class_names=(names[2], "new", names[0]), golden_rows=GoldenRows([], [], 1e-5)).manifest
    ours = Classified(np.array([0, 1, 2]), np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32))
    theirs = Classified(np.array([2, 1, 0]), np.array([[0.2, 0.1, 0.7], [0.1, 0.8, 0.1], [0.9, 0.0, 0.1]], np.float32))
    pairs = compared(ours, in_order_of(predictor.manifest, other, theirs), np.array([0]))
    assert pairs.agreement == pytest.approx(2 / 3)
    assert pairs.agreed.tolist() == [1, 0, 1]
    assert pairs.shift.tolist() == pytest.approx([-0.1, -0.8, 0.1])
