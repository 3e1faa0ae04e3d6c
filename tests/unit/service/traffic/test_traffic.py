import numpy as np
import pytest

from service.http.context import EXTENSION

ROWS = np.random.default_rng(3).random((5, 8)).round(4).tolist()


class Kept:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.seen = []

    def observe(self, prediction) -> None:
        """Keep it."""
        self.seen.append(prediction)


class Broken:
    """An observer that fails."""

    def observe(self, prediction) -> None:
        """Fail."""
        raise ValueError(prediction.request_id)


@pytest.fixture
def traffic(app, publish, registry):
    """The traffic of an application with two versions; 1 is stable."""
    publish()
    publish("classic", "classic-b", promote=False)
    registry.refresh()
    return app.extensions[EXTENSION].traffic


def test_an_observer_sees_rows_and_predictions(client, traffic) -> None:
    """As they came and as they were answered, whichever protocol they came in."""
    kept = Kept()
    traffic.observers.append(kept)
    answer = client.post("/v1/models/classic:predict", json={"instances": ROWS}, headers={"X-Request-Id": "one"})
    client.post("/v1/models/classic/versions/2:classify", json={"instances": ROWS})
    client.post("/v2/models/classic/infer", json={"inputs": [
        {"name": "x", "datatype": "FP32", "shape": [5, 8], "data": np.ravel(ROWS).tolist()}]})  # fmt: skip
    first, second, third = kept.seen
    assert (first.request_id, first.predictor.version, first.is_default) == ("one", 1, True)
    assert np.allclose(first.batch, ROWS)
    assert np.allclose(first.predictions, answer.json["predictions"])
    assert (second.predictor.version, second.is_default) == (2, False)
    assert (third.predictor.version, third.is_default) == (1, True)


def test_bad_input_is_not_observed_and_a_failure_is(client, traffic, monkeypatch) -> None:
    """What the caller got wrong says nothing of a version; that a version fails does."""
    kept = Kept()
    traffic.observers.append(kept)
    assert client.post("/v1/models/classic:predict", json={"instances": [[1]]}).status_code == 400
    assert kept.seen == []
    monkeypatch.setattr("service.inference.predictor.are_finite", lambda _: 1 / 0)
    assert client.post("/v1/models/classic:predict", json={"instances": ROWS}).status_code == 500
    (failed,) = kept.seen
    assert failed.predictions is None
    assert isinstance(failed.error, ZeroDivisionError)


def test_a_broken_observer_changes_no_answer(client, traffic) -> None:
    """It is logged; those after it are told all the same."""
    kept = Kept()
    traffic.observers += [Broken(), kept]
    assert client.post("/v1/models/classic:predict", json={"instances": ROWS}).status_code == 200
    assert len(kept.seen) == 1


def test_a_router_chooses_only_where_none_is_named(client, traffic) -> None:
    """Version and label in the path are obeyed; the caller's headers can be read."""

    class ByHeader:
        """Sends those who say so to version 2."""

        def version_for(self, model, caller) -> int | None:
            """By a header."""
            return 2 if (model, caller.header("x-user-id")) == ("classic", "ann") else None

    traffic.router = ByHeader()
    answered = [
        client.post(f"/v1/models/classic{place}:predict", json={"instances": ROWS}, headers={"X-User-Id": user})
        for place, user in (("", "ann"), ("", "bob"), ("/versions/1", "ann"), ("/labels/stable", "ann"))
    ]
    assert [answer.headers["X-Onehot-Model-Version"] for answer in answered] == ["2", "1", "1", "1"]
