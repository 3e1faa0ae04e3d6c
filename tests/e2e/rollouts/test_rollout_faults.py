"""Rollouts while something dies or is away. `make test-rollouts`: each fault in each step, outages of 30 s."""

import os
import time
from pathlib import Path

import pytest

from models.rollout.rollout import PROMOTED, Rollout
from models.rollout.rollout_store import RolloutStore
from tests.e2e.launching import Service
from tests.e2e.rollouts.conftest import Callers, Course, QueueServer

IS_LONG = "ROLLOUT_FAULTS" in os.environ
OUTAGE_S = float(os.environ.get("OUTAGE_S", "4"))
STEPS = ({"shadow": 100}, {"canary": 20}, {"canary": 100})
MOMENTS = range(len(STEPS)) if IS_LONG else (1,)
FAULTS = ("worker", "service", "store", "queue") if IS_LONG else ("worker", "queue")
"""The deciding worker killed; the deciding service killed; the store away; the queue's server away."""


class Scene:
    """Services, callers and a rollout, and what can go wrong with them.

    Args:
        request: Of the test.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        serve, publish, callers = map(request.getfixturevalue, ("serve", "publish", "callers"))
        self._queue: QueueServer = request.getfixturevalue("queue")
        self._folder: Path = request.getfixturevalue("store_folder")
        self.course: Course = request.getfixturevalue("course")
        publish()
        publish(promote=False)
        self.services: list[Service] = [serve(workers=2), *(serve() for _ in range(2 if IS_LONG else 0))]
        self.crowd: Callers = callers(*self.services)
        self.may_fail = False

    @property
    def deciding(self) -> Service:
        """The service that decided last."""
        return next((one for one in self.services if '"happened"' in one.log), self.services[0])

    def worker(self) -> None:
        """Kill a worker of the service that decides; the requests that it answers are lost with it."""
        self.may_fail = True
        self.deciding.workers[0].kill()

    def service(self) -> None:
        """Kill the service that decides; callers go to the others."""
        self.may_fail = True
        gone = self.deciding
        self.crowd.urls.remove(gone.url)
        for process in (*gone.workers, gone.process):
            process.kill()

    def store(self) -> None:
        """Take the store away for a while."""
        away = self._folder.with_suffix(".away")
        self._folder.rename(away)
        time.sleep(OUTAGE_S)
        away.rename(self._folder)

    def queue(self) -> None:
        """Kill the queue's server, and start an empty one after a while."""
        self._queue.stop()
        time.sleep(OUTAGE_S)
        self._queue.start()


@pytest.fixture
def scene(request) -> Scene:
    """That of this test."""
    return Scene(request)


@pytest.mark.parametrize("step", MOMENTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_promotes_nothing_without_figures(fault, step, scene) -> None:
    """Never two defaults, no caller sent back, and the story is complete when the rollout has ended."""
    course, crowd = scene.course, scene.crowd
    rollout = course.begin(2, *STEPS, hold_s=2)
    before = course.wait(lambda one: one.step >= step, what=f"step {step}")
    getattr(scene, fault)()
    ended = course.end()
    crowd.stop()
    _check_story(ended, before)
    assert course.stable == 2
    assert RolloutStore(course.store, "classic").record(rollout.id) == ended
    assert scene.may_fail or crowd.failed == []
    assert crowd.went_back(1, 2) == []


def _check_story(ended: Rollout, before: Rollout) -> None:
    """Each step once, in order, each left with enough figures."""
    assert ended.state == PROMOTED, ended.reason
    assert ended.story[: len(before.story)] == before.story
    assert [(one.event, one.step) for one in ended.story] == [
        ("begun", 0), ("step", 1), ("step", 2), ("promoting", 2), ("promoted", 2),
    ]  # fmt: skip
    for left in ended.story[1:4]:
        assert left.figures["candidate"]["rows"] >= ended.plan.minimum_rows
        assert left.figures["seconds"] >= ended.plan.hold_s
