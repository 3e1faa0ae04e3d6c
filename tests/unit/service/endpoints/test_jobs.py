import pytest

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/jobs", SPEC),
        ("GET", "/v1/jobs", None),
        ("GET", "/v1/jobs/abc", None),
        ("DELETE", "/v1/jobs/abc", None),
        ("GET", "/v1/jobs/abc/events", None),
    ],
)
def test_a_queue_that_does_not_answer_is_a_503(client, method, path, body) -> None:
    """With the time to come again, and without the queue's address."""
    answer = client.open(path, method=method, json=body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "127.0.0.1:1" not in answer.text


def test_predictions_need_no_queue(client, publish, registry) -> None:
    """They go on while it is away."""
    publish()
    registry.refresh()
    client.get("/v1/jobs")
    assert client.post("/v1/models/classic:predict", json={"instances": [[0] * 8]}).status_code == 200


def test_a_wrong_spec_needs_no_queue_to_be_refused(client) -> None:
    """Every mistake at once, each with its place."""
    spec = {**SPEC, "model": "Bad Name", "seed": "x", "layers": [{"Dense": {"units": -1}}]}
    answer = client.post("/v1/jobs", json=spec)
    assert answer.status_code == 400
    paths = [one["path"] for one in answer.json["details"]]
    assert {"model", "seed", "layers.0.Dense.units"} <= set(paths)
    assert all("expected" in one["message"] for one in answer.json["details"])


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"model: [", "application/yaml", 400),
        (b"[1]", "application/yaml", 400),
        (b"", "application/yaml", 400),
        (b"x", "image/png", 415),
        (b"a: 1\na: 2", "application/yaml", 400),
        (b"x" * 1_500_000, "application/yaml", 413),
    ],
)
def test_what_is_no_spec_is_refused(client, data, content_type, status) -> None:
    """Before anything is queued."""
    answer = client.post("/v1/jobs", data=data, content_type=content_type)
    assert answer.status_code == status
    assert answer.json["error"]


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256])
def test_a_strange_idempotency_key_is_refused(client, key) -> None:
    """It is named."""
    answer = client.post("/v1/jobs", json=SPEC, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json["error"]
