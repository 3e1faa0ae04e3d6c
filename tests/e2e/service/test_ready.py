"""Ready means that every model answers, in every process. MODELS=500: as many as a service of 1 GiB has to hold."""

import json
import os
from collections.abc import Callable
from contextlib import closing
from functools import partial
from http.client import HTTPConnection

import pytest

from tests.conftest import wait_until as wait
from tests.e2e.service.conftest import WORKERS

MODELS = int(os.environ.get("MODELS", "60"))
MEMORY_BYTES = 2**30 if MODELS >= 500 else 250_000_000
"""Far less than the peaks of loading all of them together."""
ASKS = 4
"""For each model: both workers accept."""
BODY = json.dumps({"instances": [[1.0] * 8]})


@pytest.fixture
def wait_until() -> Callable[..., object]:
    """Patient: a model takes 12 ms of each worker."""
    return partial(wait, deadline_s=30 + MODELS / 5)


def test_a_service_with_little_memory_is_ready_when_each_of_many_models_answers(serve, publish, wait_until) -> None:
    """They are loaded one after the other; none is refused because of what others take for a moment.

    Also when a worker dies: what the other one answers with is not given up for its successor.
    """
    names = [f"model-{number}" for number in range(MODELS)]
    for name in names:
        publish(name)
    service = serve(ONEHOT_MEMORY_BYTES=str(MEMORY_BYTES))
    assert {status_of(service.port, name) for name in names for _ in range(ASKS)} == {200}
    assert service.call("GET", "/readyz").json() == {"status": "ready", "models": MODELS, "loaded_versions": MODELS}
    service.workers[0].kill()
    wait_until(lambda: len(service.workers) == WORKERS, what="a worker takes the place of the killed one")
    assert {status_of(service.port, name) for name in names for _ in range(ASKS)} == {200}
    print(f"{MODELS} models in {service.memory_bytes() / 2**20:.0f} MiB of {MEMORY_BYTES / 2**20:.0f} MiB")


def status_of(port: int, model: str) -> int:
    """Of a prediction, over a connection of its own."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", f"/v1/models/{model}:predict", BODY)
        return connection.getresponse().status


def test_models_of_a_store_that_is_being_restored_go_on_answering(serve, publish, store_folder, wait_until) -> None:
    """The store went away and comes back one model after the other, the last of them a moment later."""
    for name in ("first", "second"):
        publish(name)
    service = serve(ONEHOT_POLL_S="0.1", ONEHOT_FULL_POLL_S="0.1")
    wait_until(lambda: service.sample("onehot_version_loaded", version="1") == 2, what="every worker has both")
    away = store_folder.with_name("away")
    store_folder.rename(away)
    wait_until(lambda: "store away" in service.log, what="it is noticed")
    store_folder.mkdir()
    (away / "first").rename(store_folder / "first")
    wait_until(lambda: "store lacks what it had" in service.log, what="that is noticed, too")
    assert {service.predict(name).status_code for name in ("first", "second") for _ in range(20)} == {200}
    (away / "second").rename(store_folder / "second")
    assert {service.predict(name).status_code for name in ("first", "second") for _ in range(20)} == {200}
