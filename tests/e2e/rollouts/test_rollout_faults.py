"""Rollouts while something dies or is away. `make test-rollouts`: each fault in each step and the end, 30 s long."""

import os
import time
from pathlib import Path

import psutil
import pytest
from redis import Redis

from models.rollout.rollout import PROMOTED, PROMOTING, Rollout
from service.registry.coordination.traffic_split import SWITCH_S
from service.rollouts.decider_lease import KEY
from tests.e2e.launching import Service
from tests.e2e.rollouts.conftest import Callers, Course, QueueServer

IS_LONG = "ROLLOUT_FAULTS" in os.environ
OUTAGE_S = float(os.environ.get("OUTAGE_S", "4"))
FOLLOWED_S = SWITCH_S + 1.0
NOTICED_S = 1.5
"""From the end of the queue's server until no decision that was made before is still being written."""
STEPS = ({"shadow": 100}, {"canary": 20}, {"canary": 100})
END = "end"
"""Promotion is decided, and `stable` not moved yet: with a last step below 100 % that takes seconds."""
MOMENTS = (*range(len(STEPS)), END) if IS_LONG else (1,)
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

    def deciding(self) -> tuple[Service, psutil.Process]:
        """The service that holds the lease, and its worker that takes it, as the queue's server sees them."""
        with Redis(port=self._queue.port) as redis, redis.monitor() as monitor:
            for seen in monitor.listen():
                with Redis(port=self._queue.port) as other:
                    owner = (other.get(KEY) or b"-").decode()
                if KEY in seen["command"] and owner in seen["command"] and seen["command"].startswith("EVAL"):
                    return self._at(int(seen["client_port"]))
        raise AssertionError("no process decides")

    def _at(self, port: int) -> tuple[Service, psutil.Process]:
        """Whose end of a connection that is."""
        workers = [(service, worker) for service in self.services for worker in service.workers]
        return next(
            found for found in workers if any(one.laddr.port == port for one in found[1].net_connections("tcp"))
        )

    def worker(self) -> None:
        """Kill the worker that decides; the requests that it answers are lost with it."""
        self.may_fail = True
        self.deciding()[1].kill()

    def service(self) -> None:
        """Kill the service that decides; callers go to the others."""
        self.may_fail = True
        gone, _ = self.deciding()
        self.crowd.urls.remove(gone.url)
        for process in (*gone.workers, gone.process):
            process.kill()

    def store(self) -> None:
        """Take the store away for a while, once all services have read the step: else they follow it later."""
        time.sleep(FOLLOWED_S)
        away = self._folder.with_suffix(".away")
        self._folder.rename(away)
        time.sleep(OUTAGE_S)
        away.rename(self._folder)

    def queue(self) -> None:
        """Kill the queue's server, and start an empty one after a while, in which nothing is decided."""
        self._queue.stop()
        time.sleep(NOTICED_S)
        before = self.course.current
        time.sleep(OUTAGE_S - NOTICED_S)
        shown = self.services[0].call("GET", "/v1/models/classic/rollout").json()
        assert (self.course.current, shown["frozen"]) == (before, "the queue's server does not answer")
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
    steps = STEPS[:2] if step == END else STEPS
    rollout = course.begin(2, *steps, hold_s=2)
    before = course.wait(lambda one: one.state == PROMOTING if step == END else one.step >= step, what=f"step {step}")
    getattr(scene, fault)()
    ended = course.end()
    crowd.stop()
    _check_story(ended, before)
    assert course.stable == 2
    assert course.record_of(rollout) == ended
    assert scene.may_fail or crowd.failed == []
    assert crowd.went_back(1, 2) == []


def _check_story(ended: Rollout, before: Rollout) -> None:
    """Each step once, in order, each left with enough figures."""
    assert ended.state == PROMOTED, ended.reason
    assert ended.story[: len(before.story)] == before.story
    last = len(ended.plan.steps) - 1
    passed = [("step", number) for number in range(1, last + 1)]
    assert [(one.event, one.step) for one in ended.story] == [
        ("begun", 0), *passed, ("promoting", last), ("promoted", last),
    ]  # fmt: skip
    for left in ended.story[1:-1]:
        assert left.figures["candidate"]["rows"] >= ended.plan.minimum_rows
        assert left.figures["seconds"] >= ended.plan.hold_s
