"""Which side answers whom, over services of two workers. `make test-rollouts`: 100 000 requests, three services."""

import http.client
import itertools
import json
import os
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.api_keys import ApiKeyFile
from models.rollout.rollout import PROMOTED
from service.registry.coordination.traffic_split import SWITCH_S
from service.rollouts.router import place_of
from tests.e2e.rollouts.conftest import CALLERS, MODEL, ROWS, USERS, Answer
from tests.timing import promised_s

IS_LONG = "ROLLOUT_FAULTS" in os.environ
REQUESTS = 100_000 if IS_LONG else 3_000
SERVICES = 3 if IS_LONG else 2
WORKERS = 2
CONNECTIONS = 4
"""To each service, so that each of its workers answers."""
IDENTITIES = ("X-User-Id", "X-Request-Id", "key") if IS_LONG else ("key",)
SHARE = 0.25
MOST_OFF = 0.002
A_WORKER = 3
"""Requests by which one worker's even sequence is off at most."""
FOLLOWED_S = SWITCH_S + 1.0
APART_S = 0.05
"""By which services' clocks differ at most."""
FOREVER = {"hold_s": 86_400}
GROWING = ({"canary": 10}, {"canary": 30}, {"canary": 60})


def test_requests_of_no_caller_in_particular_are_split_evenly(serve, publish, course) -> None:
    """Within 0.2 points at 100 000 requests, whichever worker of whichever service answers."""
    publish()
    publish(promote=False)
    services = [serve(workers=WORKERS) for _ in range(SERVICES)]
    course.begin(2, {"canary": 100 * SHARE}, **FOREVER)
    time.sleep(FOLLOWED_S)
    versions = _answered([one.port for one in services for _ in range(CONNECTIONS)])
    assert versions.total() >= REQUESTS
    off = versions["2"] / versions.total() - SHARE
    print(f"{versions.total()} requests to {SERVICES} services of {WORKERS} workers: {100 * off:+.3f} points off")
    assert versions.keys() == {"1", "2"}
    assert abs(off) <= max(MOST_OFF if IS_LONG else 0.0, SERVICES * WORKERS * A_WORKER / REQUESTS)


def _answered(ports: list[int]) -> Counter[str]:
    """How many requests each version answered, over one connection to each of these ports."""
    counts = [Counter[str]() for _ in ports]
    each = -(-REQUESTS // len(ports))
    threads = [threading.Thread(target=_ask, args=(*one, each)) for one in zip(ports, counts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts, Counter[str]())


def _ask(port: int, counts: Counter[str], requests: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"instances": ROWS[:1]})
    for _ in range(requests):
        connection.request("POST", f"/v1/models/{MODEL}:predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        counts[answer.headers["X-Onehot-Model-Version"]] += 1
    connection.close()


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A file of keys, and the key of each id."""
    path = tmp_path / "keys.json"
    made = [ApiKeyFile(path).add(["predict"], clock=lambda: datetime.now(UTC)) for _ in range(CALLERS)]
    return path, {one.id: secret for one, secret in made}


@pytest.mark.parametrize("identity", IDENTITIES)
def test_a_caller_stays_on_one_side_while_the_share_grows(identity, serve, publish, callers, course, keys) -> None:
    """Known by a header, the id of its requests or its key: it is moved forward, never back, where its hash says."""
    publish()
    publish(promote=False)
    path, secrets = keys
    settings = {"ONEHOT_API_KEYS_FILE": str(path)} if identity == "key" else {}
    names = list(secrets) if identity == "key" else USERS
    services = [serve(workers=WORKERS, **settings) for _ in range(SERVICES)]
    crowd = callers(*services, names=names, headers_of=lambda name: (
        {"X-API-Key": secrets[name]} if identity == "key" else {identity: name}))  # fmt: skip
    rollout = course.begin(2, *GROWING, hold_s=2, sticky="X-User-Id" if identity == "X-User-Id" else None)
    ended = course.end()
    crowd.stop()
    assert ended.state == PROMOTED, ended.reason
    assert crowd.failed == []
    assert crowd.went_back(1, 2) == []
    switched = {name: _switched_at(answers) for name, answers in crowd.answers.items()}
    print(f"{len(crowd.all)} answers to {len(switched)} callers known by {identity}: none went back")
    _check_order([(place_of(rollout.id, name), *when) for name, when in switched.items()])


def _switched_at(answers: list[Answer]) -> tuple[float, float]:
    """When a caller sent what the default version answered last, and had what the candidate answered first."""
    return (
        max((one.sent_s for one in answers if one.version == 1), default=0.0),
        min((one.received_s for one in answers if one.version == 2), default=time.monotonic()),
    )


def _check_order(switched: list[tuple[float, float, float]]) -> None:
    """All callers whose places a step adds come to the candidate together, and those of the next step after them."""
    shares = [0.0, *(next(iter(step.values())) / 100 for step in GROWING)]
    steps = [[one for one in switched if low <= one[0] < high] for low, high in itertools.pairwise(shares)]
    assert all(steps[1:]), "more callers are needed, for some in each step"
    for step in filter(None, steps):
        assert max(last_s for _, last_s, _ in step) < min(first_s for *_, first_s in step) + promised_s(APART_S)
    for earlier, later in itertools.pairwise(filter(None, steps)):
        assert max(first_s for *_, first_s in earlier) < min(first_s for *_, first_s in later)
