"""Rollouts of a fleet with many models and little memory: a service that says it is ready answers for each of them.

ROLLOUTS=60: three services of 1 GiB with 200 models. Without it one rollout of two, with a few models.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import _draft
from tests.e2e.fleet.balancer import Balancer
from tests.e2e.fleet.load import BODY, Load
from tests.e2e.fleet.machines import Fleet, Service, wait_for

ROLLOUTS = int(os.environ.get("ROLLOUTS", "0"))
SERVICES = 3 if ROLLOUTS else 2
MODELS = 200 if ROLLOUTS else 20
MEMORY_BYTES = 2**30 if ROLLOUTS else 220_000_000
CLIENTS = 4
DEADLINE_S = 180
NAMES = [f"model-{number}" for number in range(MODELS)]

pytestmark = pytest.mark.timeout(300 + 90 * ROLLOUTS)


@pytest.fixture(scope="module")
def fleet(make_fleet: Callable[..., Fleet]) -> Fleet:
    """Services of two processes around a bucket with many models."""
    fleet = make_fleet(ONEHOT_MEMORY_BYTES=str(MEMORY_BYTES), ONEHOT_WORKERS="2")
    with fleet.store() as store:
        for name in NAMES:
            store.publish(*_draft(name))
    for _ in range(SERVICES):
        fleet.add_service()
    fleet.wait_until_all_run()
    return fleet


@pytest.fixture
def load(fleet: Fleet) -> Iterator[Load]:
    """Clients of all models, through the balancer."""
    balancer = Balancer(fleet.services)
    wait_for(lambda: balancer.ready == SERVICES, says="the balancer knows all")
    load = Load(balancer.url, *NAMES, clients=CLIENTS)
    try:
        yield load
    finally:
        load.end()
        balancer.close()
    assert balancer.refused == []
    assert load.failures == []


def not_answering(service: Service) -> list[str]:
    """The models that this service does not answer for, and what it says."""
    answers = {name: service.call("POST", f"/v1/models/{name}:predict", json=BODY) for name in NAMES}
    return [f"{name}: {one.status_code} {one.text}" for name, one in answers.items() if not one.is_success]


def test_each_model_answers_as_soon_as_a_service_is_ready(fleet: Fleet, load: Load) -> None:
    """At the service itself, and throughout for clients of the fleet."""
    for _ in range(max(ROLLOUTS, 1)):
        for service in fleet.services:
            assert service.stop() == 0, service.log[-2000:]
            service.start()
            wait_for(service.is_ready, says=f"{service.folder.name} is ready", machine=service, deadline_s=DEADLINE_S)
            assert not_answering(service) == []
            before = load.answered
            wait_for(lambda at=before: load.answered > at + CLIENTS, says="predictions go on")
    print(f"{max(ROLLOUTS, 1)} rollouts of {SERVICES} services with {MODELS} models, {load.answered} predictions")
