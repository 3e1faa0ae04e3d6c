"""Bodies of every kind, spoiled in every way, against the real service; `make fuzz` sends ten times as many."""

import json
import os
import shutil
from random import Random

import numpy as np
import pytest

from models.store.store import Store
from tests.contract.live import Answer, Live, live
from tests.contract.mutated import ORIGINALS, Call, spoiled

SEED = 20261125
COUNT = int(os.environ.get("MUTATED_BODIES", "2000"))
WARM_UP = COUNT // 4
MOST_GROWTH_BYTES = 24 * 2**20
LARGEST_BODY_BYTES = 2_000_000
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]


@pytest.fixture
def service(one_of_each, redis_server, tmp_path):
    """The real service on a copy of the store: some spoiled files are good files."""
    store = tmp_path / "store"
    shutil.copytree(one_of_each, store)
    Store.open(store).set_label("classic", "stable", 1)  # tests before may have moved it
    settings = {"ONEHOT_MAX_BODY_BYTES": str(LARGEST_BODY_BYTES), "ONEHOT_LOG_LEVEL": "warning"}
    with live(store, tmp_path, ONEHOT_REDIS_URL=redis_server, **settings) as running:
        yield running


def refuse_constant(text: str) -> None:
    raise ValueError(f"{text}, which is no JSON")


def what_is_wrong(answer: Answer) -> str | None:
    """Why an answer is not one that a client may get."""
    if answer.status >= 500:
        return f"{answer.status} {answer.body[:300]!r}"
    if answer.headers["content-type"] != "application/json" or "content-encoding" in answer.headers:
        return None
    try:
        document = json.loads(answer.body, parse_constant=refuse_constant)
    except ValueError as error:
        return f"{answer.status} with a body that is no JSON: {error}"
    if answer.status >= 400 and not (isinstance(document.get("error"), str) and len(answer.body) < 4096):
        return f"{answer.status} with {answer.body[:300]!r}"
    return None


def call_number(index: int) -> Call:
    random = Random(f"{SEED}-{index}")  # each by itself, so that one can be sent alone
    return spoiled(ORIGINALS[index % len(ORIGINALS)], random)


def send(service: Live, call: Call) -> Answer:
    return service.ask("POST", call.path, call.body, **dict(call.headers))


@pytest.mark.timeout(900)
def test_a_spoiled_body_is_answered_or_refused_and_leaves_no_trace(service, compute):
    """No 5xx, no answer that takes long, no growth, no worker lost; and afterwards every number is right."""
    for call in ORIGINALS:
        assert send(service, call).status in (200, 201), call
    workers, before, statuses = service.workers, 0, set()
    for index in range(COUNT):
        if index == WARM_UP:
            before = service.resident_bytes
        call = call_number(index)
        answer = send(service, call)
        statuses.add(answer.status)
        wrong = what_is_wrong(answer)
        assert wrong is None, f"number {index}: {call.path} {call.headers} {call.body[:500]!r}: {wrong}"
    growth = service.resident_bytes - before
    print(f"{COUNT} bodies, statuses {sorted(statuses)}, {growth / 2**20:.1f} MiB more than after {WARM_UP}")
    assert growth < MOST_GROWTH_BYTES
    assert service.workers == workers
    assert {200, 400, 413, 415} <= statuses
    answer = service.ask("POST", "/v1/models/classic:predict", json.dumps({"instances": [ROW]}).encode())
    assert np.allclose(json.loads(answer.body)["predictions"], compute("classic-a", [ROW]), atol=1e-6)
    assert "Traceback" not in service.log
