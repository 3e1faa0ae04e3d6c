"""Workers killed while a Python client predicts: its caller sees none of it. `make test-client-kills`: 20 kills."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from onehot_client import Client

from tests.e2e.service.conftest import GRAPHS, ROWS, connected_ports

KILLS = int(os.environ.get("CLIENT_KILLS", "3"))
PREDICTIONS = int(os.environ.get("CLIENT_PREDICTIONS", "800"))
"""Of all callers together; the kills are spread over them."""
CALLERS = 8
TOLERANCE = 1e-5


def kill_busiest(service, wait_until) -> None:
    """Kill the worker with the most connections while there is another one."""
    wait_until(lambda: len(service.workers) == 2 and any(map(connected_ports, service.workers)), deadline_s=60)
    victim = max(service.workers, key=lambda one: len(connected_ports(one)))
    victim.kill()
    wait_until(lambda: victim not in service.workers, what="it is noticed")


@pytest.mark.timeout(1800)
def test_killed_workers_are_invisible_to_the_caller(serve, publish_next, compute, wait_until) -> None:
    """No error, and no answer but the right one."""
    publish_next()
    service, asked, wrong = serve(), [0] * CALLERS, [0] * CALLERS
    expected = compute(GRAPHS[1], ROWS)
    started_s = time.monotonic()
    with Client(service.url) as client, ThreadPoolExecutor(CALLERS) as callers:

        def ask(caller: int) -> None:
            for number in range(PREDICTIONS // CALLERS):
                row = (caller + number) % len(ROWS)
                answer = client.predict("classic", ROWS[row : row + 1])
                is_right = answer.version == 1 and np.allclose(answer.probabilities, expected[row], atol=TOLERANCE)
                asked[caller] += 1
                wrong[caller] += not is_right

        asking = [callers.submit(ask, caller) for caller in range(CALLERS)]
        for number in range(KILLS):
            due = PREDICTIONS * (number + 1) // (KILLS + 2)
            wait_until(lambda due=due: sum(asked) >= due, deadline_s=600, what=f"{due} predictions")
            kill_busiest(service, wait_until)
        for one in asking:
            one.result()  # raises what its caller saw
    assert (sum(asked), sum(wrong)) == (PREDICTIONS // CALLERS * CALLERS, 0)
    print(f"{sum(asked)} predictions, {KILLS} kills, 0 errors, 0 wrong, {time.monotonic() - started_s:.1f} s")
