"""The Python client against the real service, `python -m service` under gunicorn."""

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from onehot_client import (
    AsyncClient,
    BadRequest,
    Client,
    Conflict,
    DeadlineExceeded,
    NotAuthenticated,
    NotFound,
    RetryPolicy,
    Unavailable,
)
from PIL import Image

from models.api_keys import ApiKeyFile
from models.preprocessing.instances import Feature, InstanceSpec
from models.store.manifest import GoldenRows
from models.store.store import Store
from tests.contract.live import Live, live

ROWS = np.random.default_rng(5).random((6, 8), np.float32)
PICTURES = np.random.default_rng(6).integers(0, 256, (3, 28, 28), np.uint8)
NAMES = [f"column {number}" for number in range(8)]
LIMIT_BYTES = 4096


@pytest.fixture(scope="module")
def service(request, tmp_path_factory) -> Iterator[Live]:
    """`classic` with versions 1 (stable) and 2, `table` with named columns, `digits`; little fits into one request."""
    shared = request.config.pluginmanager.get_plugin(str(Path(__file__).parents[1] / "conftest.py"))
    folder = tmp_path_factory.mktemp("client")
    store = Store.open(folder / "store")
    store.publish(*shared._draft("classic", "classic-a"))
    store.publish(*shared._draft("classic", "classic-b"), promote=False)
    store.publish(*shared._draft("digits", "digits"))
    golden = GoldenRows(ROWS.tolist(), shared._compute("classic-a", ROWS).tolist(), 1e-5)
    columns = InstanceSpec((8,), tuple(map(Feature, NAMES)), model_shape=(8,))
    store.publish(*shared._draft("table", "classic-a", instance=columns, golden_rows=golden))
    with live(folder / "store", folder, ONEHOT_MAX_BODY_BYTES=str(LIMIT_BYTES)) as running:
        yield running


@pytest.fixture
def client(service) -> Iterator[Client]:
    """A client of the service that soon gives up."""
    with Client(service.url, retries=RetryPolicy(attempts=2, first_pause_s=0.01)) as found:
        yield found


@pytest.mark.parametrize("rows", [ROWS, ROWS.astype(np.float64), ROWS.tolist(), list(ROWS), ROWS.reshape(6, 8, 1)])
def test_arrays_and_lists_are_predicted(client, compute, rows):
    """All forms give what the model computes."""
    answer = client.predict("classic", rows)
    np.testing.assert_allclose(answer.probabilities, compute("classic-a", ROWS), atol=1e-5)
    assert answer.classes.tolist() == [f"class {best}" for best in compute("classic-a", ROWS).argmax(axis=1)]
    assert (answer.version, len(answer.request_id)) == (1, 32)


@pytest.mark.parametrize(("chosen", "graph"), [({"version": 2}, "classic-b"), ({"label": "stable"}, "classic-a")])
def test_a_version_or_a_label_is_chosen(client, compute, chosen, graph):
    """By number or by name."""
    answer = client.predict("classic", ROWS, **chosen)
    np.testing.assert_allclose(answer.probabilities, compute(graph, ROWS), atol=1e-5)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_the_columns_of_a_frame_are_matched_by_name(client, compute, frame):
    """In whatever order they are, and with others between them."""
    columns = {name: ROWS[:, number] for number, name in enumerate(NAMES)}
    rows = frame({"target": ["x"] * 6} | dict(reversed(columns.items())))
    answer = client.predict("table", rows)
    np.testing.assert_allclose(answer.probabilities, compute("classic-a", ROWS), atol=1e-5)
    assert answer.ignored_columns == ("target",)
    with pytest.raises(BadRequest, match="column 7"):
        client.predict("table", rows[[name for name in NAMES if name != "column 7"]])


def test_objects_by_feature_name_are_predicted(client, compute):
    """One, or a list of them."""
    rows = [dict(zip(NAMES, map(float, row), strict=True)) for row in ROWS]
    expected = compute("classic-a", ROWS)
    np.testing.assert_allclose(client.predict("table", rows[0]).probabilities, expected[:1], atol=1e-5)
    np.testing.assert_allclose(client.predict("table", rows).probabilities, expected, atol=1e-5)


def png(picture: np.ndarray) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    return file.getvalue()


def test_pictures_are_predicted(client, tmp_path):
    """From their bytes or files, one or several, as their pixels would be."""
    path = tmp_path / "one.png"
    path.write_bytes(png(PICTURES[0]))
    expected = client.predict("digits", PICTURES).probabilities
    np.testing.assert_allclose(client.predict("digits", path).probabilities, expected[:1], atol=1e-5)
    several = client.predict("digits", [png(one) for one in PICTURES])
    np.testing.assert_allclose(several.probabilities, expected, atol=1e-5)


def test_what_is_larger_than_a_request_goes_in_pieces(client, compute):
    """A few KiB are all that this service takes."""
    rows = np.random.default_rng(7).random((1000, 8), np.float32)
    answer = client.predict("classic", rows)
    np.testing.assert_allclose(answer.probabilities, compute("classic-a", rows), atol=1e-5)
    assert len(answer.requests) > 1000 * 8 * 4 // LIMIT_BYTES
    assert sum(one.rows for one in answer.requests) == 1000


def test_labels_come_with_their_scores(client, compute):
    """Best first."""
    answer = client.classify("classic", ROWS, top_k=2)
    best = np.argsort(-compute("classic-a", ROWS), axis=1)
    assert [[name for name, _ in pairs] for pairs in answer.results] == [
        [f"class {index}" for index in row[:2]] for row in best
    ]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda client: client.predict("classic", [[1, 2]]), BadRequest, "shape"),
        (lambda client: client.predict("classic", [[float("nan")] * 8]), BadRequest, "finite"),
        (lambda client: client.predict("nothing", ROWS), NotFound, "nothing"),
        (lambda client: client.predict("classic", ROWS, version=9), NotFound, "9"),
        (lambda client: client.jobs(), Unavailable, "queue"),
        (lambda client: client.train({"model": "x"}), BadRequest, "layers"),
        (lambda client: client.delete_version("classic", 1), Conflict, "stable"),
        (lambda client: client.request("GET", "/v1/models", params={"odd": 1}), BadRequest, "odd"),
    ],
)
def test_what_the_service_refuses_is_raised_in_its_words(client, call, error, message):
    """With the fields that it gave."""
    with pytest.raises(error, match=message) as caught:
        call(client)
    assert caught.value.request_id


def test_a_deadline_that_passes_is_told(client):
    """By an error of its own."""
    with pytest.raises(DeadlineExceeded, match="no time is left"):
        client.within(1e-6).predict("classic", ROWS)
    assert len(client.predict("classic", ROWS)) == 6  # the client itself has its own


def test_labels_data_sets_and_reports_are_handled(client):
    """As the interface has them."""
    assert client.set_label("classic", "canary", 2)["version"] == 2
    assert client.labels("classic") == {"stable": 1, "canary": 2}
    client.delete_label("classic", "canary")
    assert [model.name for model in client.models()] == ["classic", "digits", "table"]
    assert client.report("classic", 1) == client.report("classic") == {"accuracy": 0.9}
    kept = client.upload({"x": ROWS}, name="rows.npz")
    assert (kept.rows, client.dataset("rows.npz").source) == (6, kept.source)
    assert [one.name for one in client.datasets()] == ["rows.npz"]
    assert client.delete_dataset("rows.npz") == []


def test_captured_rows_are_labelled_and_counted(client):
    """Switched on, told by the ids that predictions know, counted, shown, erased."""
    assert client.set_capture("classic", {"sample": 1.0})["enabled"] is True
    answer = client.predict("classic", ROWS)
    items = answer.feedback(answer.classes.tolist())
    assert client.feedback(items)["accepted"] == len(ROWS)
    quality = client.quality("classic", since="1h")
    assert (quality["labelled"], quality["accuracy"]) == (len(ROWS), 1.0)
    assert len(client.captured("classic", labelled=True, order="least_sure", limit=2)) == 2
    assert client.erase_captured("classic", answer.request_id)["labels"] == len(ROWS)
    assert client.quality("classic", window_s=3600)["rows"] == 0
    client.end_capture("classic")
    assert client.capture("classic")["enabled"] is False


def test_a_client_is_used_by_several_threads(client, compute):
    """Each gets its own answer."""
    expected = compute("classic-a", ROWS)
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda row: client.predict("classic", ROWS[row : row + 1]), [*range(6)] * 5))
    for number, answer in enumerate(answers):
        np.testing.assert_allclose(answer.probabilities[0], expected[number % 6], atol=1e-5)


def test_the_asynchronous_client_does_the_same(service, compute):
    """Many calls at one time on one event loop."""

    async def ask() -> None:
        async with AsyncClient(service.url) as client:
            answers = await asyncio.gather(*[client.predict("classic", ROWS[row : row + 1]) for row in range(6)])
            probabilities = np.concatenate([answer.probabilities for answer in answers])
            np.testing.assert_allclose(probabilities, compute("classic-a", ROWS), atol=1e-5)
            assert (await client.upload({"x": ROWS}, name="async.npz")).rows == 6
            assert await client.delete_dataset("async.npz") == []
            with pytest.raises(NotFound):
                await client.predict("nothing", ROWS)

    asyncio.run(ask())


def test_a_key_goes_with_every_call(tmp_path, publish):
    """And is asked for where it is missing."""
    publish()
    keys = ApiKeyFile(tmp_path / "keys.json")
    key = keys.add(["predict"])[1]
    with live(tmp_path / "store", tmp_path, ONEHOT_API_KEYS_FILE=str(keys.path)) as service:
        with Client(service.url, api_key=key) as client:
            assert client.predict("classic", ROWS).version == 1
        with Client(service.url) as client, pytest.raises(NotAuthenticated, match="API key"):
            client.predict("classic", ROWS)
