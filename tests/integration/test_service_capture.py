"""Capture and feedback of real services: several workers and several services write beside each other."""

import math
import signal
import time
from pathlib import Path

import numpy as np
import orjson
import pytest

from models.capture.quality_index import QualityIndex
from models.capture.segments import captured_folder, list_segments
from models.store.store import Store
from tests.conftest import wait_until
from tests.contract.live import Live, live

ROWS = np.random.default_rng(3).random((2, 8)).round(4).tolist()
CAPTURE = "/v1/models/classic/capture"
QUALITY = "/v1/models/classic/quality"
JSON = "application/json"


def ask(service: Live, method: str, path: str, document: object = None, **headers: str):
    body = b"" if document is None else orjson.dumps(document)
    return service.ask(method, path, body, Content_Type=JSON, **headers)


def predict(service: Live, request_id: str) -> list[int]:
    answer = ask(service, "POST", "/v1/models/classic:predict", {"instances": ROWS}, X_Request_Id=request_id)
    assert answer.status == 200, answer.body
    return np.argmax(answer.json["predictions"], axis=1).tolist()


def counter(service: Live, name: str) -> float:
    """The sum of a counter's series."""
    lines = service.ask("GET", "/metrics").body.decode().splitlines()
    return math.fsum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name}_total"))


@pytest.fixture
def store(publish, store_folder) -> Path:
    publish()
    return store_folder


def test_workers_and_services_write_without_collisions(store, tmp_path) -> None:
    """Each row once, by whichever worker it was answered; labels told to one service are counted by the other."""
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    with live(store, folders[0], ONEHOT_WORKERS="2") as first, live(store, folders[1], ONEHOT_WORKERS="2") as second:
        assert ask(first, "PUT", CAPTURE, {"sample": 1}).status == 200
        wait_until(lambda: ask(second, "GET", CAPTURE).json["enabled"], what="the other service knows")
        time.sleep(1.5)  # its workers follow with their look
        for number in range(60):
            service = (first, second)[number % 2]
            service.hang_up()  # another worker may answer the next connection
            predict(service, f"id-{number}")
        told = [{"request_id": f"id-{number}", "index": 1, "label": 0} for number in range(60)]
        assert ask(first, "POST", "/v1/feedback", {"items": told * 2}).status == 202

        def is_counted() -> bool:
            found = ask(second, "GET", QUALITY).json
            return (found["rows"], found["labelled"]) == (120, 60)

        wait_until(is_counted, what="every row and label is counted")
        wait_until(
            lambda: sum(counter(one, "onehot_captured_rows") for one in (first, second)) == 120,
            what="the pages of both services, which are kept for seconds, say so",
        )
        wait_until(lambda: counter(first, "onehot_feedback_labels") == 120, what="the labels are on the page")
        log = first.log + second.log
    assert str(ROWS[0][0]) not in log  # rows are in no log


def test_rows_that_wait_are_written_when_the_service_ends(store, tmp_path) -> None:
    """Those of the last seconds too."""
    with live(store, tmp_path) as service:
        ask(service, "PUT", CAPTURE, {"sample": 1})
        for number in range(20):
            predict(service, f"id-{number}")
        service.process.send_signal(signal.SIGTERM)
        service.process.wait(30)
    objects = Store.open(store).objects
    assert list_segments(objects, captured_folder("classic"))
    assert len(QualityIndex(lambda: objects).look("classic").joined.at_s) == 40


def test_a_store_that_is_away_loses_no_more_than_it_counts(store, tmp_path) -> None:
    """Requests are answered as before; rows wait, and what is written and what is lost are all of them."""
    with live(store, tmp_path) as service:
        ask(service, "PUT", CAPTURE, {"sample": 1})
        away = store.with_name("away")
        store.rename(away)
        for number in range(30):
            predict(service, f"id-{number}")
        time.sleep(1)
        away.rename(store)
        wait_until(
            lambda: counter(service, "onehot_captured_rows") + counter(service, "onehot_captured_rows_dropped") == 60,
            what="every row is written or counted as lost",
        )
        assert ask(service, "GET", QUALITY).json["rows"] == counter(service, "onehot_captured_rows") == 60
