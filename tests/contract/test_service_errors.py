"""Every row of the contract's table of errors."""

import gzip
import io
import time

import pytest

from models.api_keys import ApiKeyFile

PREDICT = "/v1/models/classic:predict"
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
GOOD = {"instances": [ROW]}


@pytest.mark.parametrize(
    ("body", "place", "received"),
    [
        ('{"instances": [[1,2', "body, line 1", ""),
        ('{"instances": [[1,2,3,4,5,6,7,8],[1,2]]}', "instances[1]", "shape [2]"),
        ('{"instances": [[1,2,3,4,5,6,7,"8"]]}', "instances[0]", "'8'"),
        ('{"instances": [[1,2,3,4,5,6,7,8],[[1,2],[3]]]}', "instances[1]", "ragged"),
        ('{"instances": [[1,2,3,4,5,6,7,NaN]]}', "instances[0]", "NaN"),
        ('{"instances": [[1,2,3,4,5,6,7,8],[1,2,3,4,5,6,7,-Infinity]]}', "instances[1]", "-Infinity"),
        ('{"inputs": {"x": [[1,2,3,4,5,6,7,1e999]]}}', "inputs", "infinity"),
        ('{"instances": [[1,2,3,4,5,6,7,8],[1,2,3,4,5,6,7,1e999]]}', "instances[1]", "infinity"),
        ('{"instances": [[1,2,3,4,5,6,7,NaN]', "body, line 1", "NaN"),
        ('{"instances": [[1,2,3,4,5,6,7,8],[1,2,3,4,5,6,7,1e39]]}', "instances[1]", "inf"),
    ],
)
def test_input_that_does_not_fit_is_a_400(client, body, place, received):
    """Naming the instance, what was expected and what came."""
    answer = client.post(PREDICT, data=body, content_type="application/json")
    assert answer.status_code == 400
    message = answer.json["error"]
    assert message.startswith(f"{place}")
    assert "expected" in message
    assert received in message.partition("received")[2]


@pytest.mark.parametrize(
    "path",
    ["/v1/models/nobody", "/v1/models/classic/versions/9", "/v1/models/classic/labels/nobody", "/v1/jobs/nobody"],
)
def test_what_does_not_exist_is_a_404(app_with, redis_server, path):
    """Model, version, label, job; by name."""
    answer = app_with(redis_url=redis_server).test_client().get(path)
    assert answer.status_code == 404
    assert path.rpartition("/")[2] in answer.json["error"]


@pytest.mark.parametrize("way", ["announced", "chunked", "compressed", "bomb"])
@pytest.mark.parametrize("path", [PREDICT, "/v1/models/classic:classify", "/v2/models/classic/infer"])
def test_a_body_over_the_limit_is_a_413(client, path, way):
    """However it comes: a bomb is noticed while it expands."""
    body = b" " * (1_000_001 if way != "bomb" else 200_000_000)
    headers = {"Content-Type": "application/json"}
    environ = {}
    if way in ("compressed", "bomb"):
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    if way == "chunked":
        environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post(path, data=None if environ else body, headers=headers, environ_overrides=environ)
    assert answer.status_code == 413
    assert "ONEHOT_MAX_BODY_BYTES" in answer.json["error"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", b"no gzip"), ("gzip", gzip.compress(b"{}", mtime=0)[:-3]), ("br", b"x"), ("gzip, gzip", b"x")],
)
def test_a_body_that_is_not_what_its_encoding_says_is_a_400(client, encoding, body):
    """It is not guessed."""
    answer = client.post(PREDICT, data=body, headers={"Content-Encoding": encoding, "Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "expected" in answer.json["error"]


@pytest.mark.parametrize("key", [None, "wrong", "train"])
def test_a_key_that_is_missing_wrong_or_for_something_else(app_with, tmp_path, key):
    """401, 401, 403."""
    file = ApiKeyFile(tmp_path / "keys.json")
    _, train = file.add(["train"])
    client = app_with(api_keys_file=str(file.path)).test_client()
    headers = {} if key is None else {"X-API-Key": train if key == "train" else key}
    assert client.post(PREDICT, json=GOOD, headers=headers).status_code == (403 if key == "train" else 401)


def test_too_much_at_once_is_a_429(app_with):
    """With the time to come again; probes are answered all the same, and everything is as soon as there is room."""
    app = app_with(max_in_flight=1)
    client, admission = app.test_client(), app.extensions["onehot"].admission
    ticket = admission.enter(time.perf_counter())
    answer = client.post(PREDICT, json=GOOD)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    assert "ONEHOT_MAX_IN_FLIGHT" in answer.json["error"]
    assert {client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/v2/health/ready")} == {200}
    admission.leave(ticket)
    assert client.post(PREDICT, json=GOOD).status_code == 200
    assert client.post(PREDICT, json={}).status_code == 400
    assert admission.in_flight == 0


class SlowBody(io.BytesIO):
    """A body that takes its time."""

    def read(self, *sizes):
        """Late."""
        time.sleep(0.02)
        return super().read(*sizes)


def test_a_request_without_time_left_is_a_504(app_with):
    """It is not begun."""
    client = app_with(request_timeout_s=0.01).test_client()
    body = b'{"instances": [[1,2,3,4,5,6,7,8]]}'
    environ = {"wsgi.input": SlowBody(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.post(PREDICT, content_type="application/json", environ_overrides=environ)
    assert answer.status_code == 504
    assert "ONEHOT_REQUEST_TIMEOUT_S" in answer.json["error"]


def test_more_rows_than_allowed_are_a_400(client):
    """The limit is named; as many as allowed are fine."""
    answer = client.post(PREDICT, json={"instances": [ROW] * 65})
    assert answer.status_code == 400
    assert answer.json["error"].startswith("instances: expected at most 64 instances")
    assert "ONEHOT_MAX_ROWS" in answer.json["error"]
    assert client.post(PREDICT, json={"instances": [ROW] * 64}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "content_type"),
    [
        (
            "/v1/models/digits:predict",
            b'{"instances": [' + b'{"b64": "!"},' * 64 + b'{"b64": "!"}]}',
            "application/json",
        ),
        ("/v1/models/classic:classify", b'{"examples": [' + b"1," * 64 + b"1]}", "application/json"),
        (PREDICT, b"1,2,3,4,5,6,7,8\n" * 65 + b"no,line\n" * 1000, "text/csv"),
        (
            "/v2/models/classic/infer",
            b'{"inputs": [{"name": "x", "shape": [65, 8], "datatype": "FP32"}]}',
            "application/json",
        ),
    ],
)
def test_too_many_rows_are_refused_before_they_are_read(client, path, body, content_type):
    """What is wrong with them besides is not looked for: it would take time."""
    answer = client.post(path, data=body, content_type=content_type)
    assert answer.status_code == 400
    assert "at most 64 instances" in answer.json["error"]


def test_a_model_that_is_known_and_not_loaded_is_a_503(client):
    """With the time to come again and the reason."""
    answer = client.post("/v1/models/broken:predict", json=GOOD)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "not loaded" in answer.json["error"]


def test_a_queue_that_does_not_answer_is_a_503_and_predictions_go_on(client):
    """With the time to come again."""
    answer = client.get("/v1/jobs")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert client.post(PREDICT, json=GOOD).status_code == 200


def test_anything_of_ours_is_a_500_with_the_request_id(app_with, monkeypatch):
    """And nothing of the inside; it is counted by its class."""
    app = app_with()

    def fail(*_, **__):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(app.extensions["onehot"].registry, "find", fail)
    client = app.test_client()
    answer = client.post(PREDICT, json=GOOD, headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert "find-me" in answer.json["error"]
    assert "secret" not in answer.text
    assert 'onehot_errors_total{error="RuntimeError"' in client.get("/metrics").text


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/v1/models/nobody", "/nothing", "/metrics", "/v2"])
def test_no_answer_may_be_run_framed_or_stored(client, path):
    """And none is lent to pages of elsewhere."""
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not any(name.lower().startswith("access-control-") for name, _ in headers)
    assert headers["X-Request-Id"]
