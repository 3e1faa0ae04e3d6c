"""Publishes, label moves and rollbacks under full load. `make soak`: 20 of them within 60 s."""

import os
import time

import pytest

from models.store.label_moves import roll_back
from tests.e2e.service.load import Sample, first_step_back, load
from tests.timing import promised_s

CHANGES = int(os.environ.get("CHANGES", "6"))
LOAD_S = float(os.environ.get("LOAD_S", "10"))
WITHIN_S = promised_s(2)
"""From the end of a publish until every worker answers with the new version."""
NEVER = "3600"
"""Seconds between two looks at everything, by which a change would be found that was not told."""


def put_label(service, version: int) -> int:
    answer = service.call("PUT", "/v1/models/classic/labels/stable", json={"version": version})
    assert answer.status_code == 200, answer.text
    return version


def test_changes_under_full_load_fail_no_request_and_answer_none_wrong(
    serve, publish_next, store, order_for, wait_until
) -> None:
    """And no client sees a version go back, over whichever connection, but by a rollback, which is one instant too."""
    history = [publish_next()]
    service = serve(ONEHOT_FULL_POLL_S=NEVER)
    changes = [
        publish_next,
        lambda: put_label(service, history[-1] - 1 or 1),
        publish_next,
        lambda: roll_back(store, "classic", by="a test").version,
    ]
    told: list[tuple[float, int]] = []
    with load(order_for(service)) as running:
        for number in range(CHANGES):
            history.append(changes[number % len(changes)]())
            told.append((time.monotonic(), history[-1]))
            wait_until(lambda: service.default_version == history[-1], what=f"version {history[-1]} answers")
            time.sleep(max(0.0, running.started_s + (number + 1) * LOAD_S / CHANGES - time.monotonic()))
        samples = running.stop()
    assert [one for one in samples if not one.is_right] == []
    assert {one.version for one in samples} == set(history)
    assert first_step_back(samples, history) is None
    lags_s = [_lag_s(samples, at_s, version) for at_s, version in told]
    print(f"{len(samples)} requests, {CHANGES} changes; until all answer with it: {max(lags_s):.2f} s at most")
    assert max(lags_s) < WITHIN_S


def _lag_s(samples, told_s: float, version: int) -> float:
    """From a change until its version answered first: no other one does afterwards, as there is no step back."""
    return min(one.received_s for one in samples if one.version == version and one.received_s > told_s) - told_s


def test_a_version_that_is_asked_for_by_number_is_loaded_in_every_worker(serve, publish_next, wait_until) -> None:
    """Once it has answered, it answers whichever worker is asked."""
    for _ in range(5):
        publish_next()
    service = serve()
    assert service.predict("classic/versions/1").status_code == 503
    asked_s = time.monotonic()
    wait_until(lambda: service.predict("classic/versions/1").status_code == 200, what="version 1 answers")
    print(f"loaded on demand in {time.monotonic() - asked_s:.2f} s")
    assert {service.predict("classic/versions/1").status_code for _ in range(60)} == {200}
    wait_until(lambda: service.sample("onehot_version_loaded", version="1") == 1, what="it is counted")


@pytest.mark.skipif("SOAK_S" not in os.environ, reason="it takes as long as a worker is waited for: make soak")
def test_a_worker_that_hangs_holds_nothing_up_and_answers_nothing_old(serve, publish_next, wait_until) -> None:
    """It is not waited for; when it comes back, it has the new version, or says that it has not."""
    publish_next()
    service = serve()
    wait_until(lambda: service.sample("onehot_version_loaded", version="1") == 1, what="every worker has it")
    hanging = service.workers[0]
    hanging.suspend()
    publish_next()
    wait_until(lambda: service.default_version == 2, what="the other one answers with the new version")
    hanging.resume()
    answers = [service.predict() for _ in range(60)]
    assert {(one.status_code, one.headers.get("X-Onehot-Model-Version")) for one in answers} <= {
        (200, "2"),
        (503, None),
    }
    wait_until(lambda: service.sample("onehot_version_loaded", version="2") == 1, what="it has caught up")
    assert service.default_version == 2


def test_a_step_back_is_found() -> None:
    """The check that the test above relies on."""

    def answer(sent_s: float, received_s: float, version: int) -> Sample:
        return Sample(sent_s, received_s, 200, version, True, 1)

    overlapping = [answer(0, 3, 1), answer(1, 2, 2), answer(2.5, 4, 2)]
    assert first_step_back(overlapping, [1, 2]) is None
    back = answer(2.5, 4, 1)
    assert first_step_back([*overlapping, back], [1, 2]) == back
    assert first_step_back([*overlapping, back], [1, 2, 1]) is None
    assert first_step_back([answer(0, 1, 3)], [1, 2]) == answer(0, 1, 3)
