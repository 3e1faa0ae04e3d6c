"""Without keys a page of another site changes nothing; with keys, and for predictions, nothing is different."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models.api_keys import ApiKeyFile
from models.settings import Settings
from models.store.store import Store
from service.app import create_app
from service.openapi.operation import operations_of
from service.registry.registry import Registry

SPEC = {
    "model": "classic",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "Adam", "loss": "categorical_crossentropy"},
}
EVIL = "https://evil.example"
JSON = "application/json"
YAML_SPEC = b"model: classic\n"
QUEUE_AWAY = 503
"""Of a job that was let in: the queue of these tests does not answer."""


class QueueThatMustNotBeAsked:
    """Stands where the queue would be."""

    def __getattr__(self, name: str) -> Any:
        pytest.fail(f"the queue was asked: {name}")


@pytest.fixture
def app_of(store_folder, publish, registry) -> Callable[..., Flask]:
    """An application with a model and two labels, and settings of the test's own."""

    def build(**settings: Any) -> Flask:
        publish()
        registry.refresh()
        Store.open(store_folder).set_label("classic", "canary", 1)
        ours = Settings(store=str(store_folder), redis_url="redis://127.0.0.1:1/0", **settings)
        return create_app(ours, registry=Registry(lambda: Store.open(store_folder), keep_versions=2))

    return build


@pytest.fixture
def guarded(app_of) -> Flask:
    """Without keys; its queue must not be asked."""
    app = app_of()
    app.extensions["onehot"].open_jobs = QueueThatMustNotBeAsked
    return app


LABEL = "/v1/models/classic/labels/canary"
FORM, REBOUND = "application/x-www-form-urlencoded", "evil.example:8501"
REQUESTS = {
    "simple request with text": ("POST", "/v1/jobs", SPEC, {"Origin": EVIL, "Content-Type": "text/plain"}),
    "form post": ("POST", "/v1/jobs", SPEC, {"Origin": EVIL, "Content-Type": FORM}),
    "form with a file": (
        "POST", "/v1/datasets?name=a.csv", b"--x\r\n\r\n",
        {"Origin": EVIL, "Content-Type": "multipart/form-data; boundary=x"},
    ),
    "no-cors fetch without a type": ("POST", "/v1/jobs", SPEC, {"Origin": EVIL, "Sec-Fetch-Mode": "no-cors"}),
    "preflighted JSON": ("POST", "/v1/jobs", SPEC, {"Origin": EVIL, "Content-Type": JSON}),
    "preflighted YAML": ("POST", "/v1/jobs", YAML_SPEC, {"Origin": EVIL, "Content-Type": "application/yaml"}),
    "preflighted PUT": ("PUT", LABEL, {"version": 1}, {"Origin": EVIL, "Content-Type": JSON}),
    "preflighted DELETE": ("DELETE", LABEL, None, {"Origin": EVIL}),
    "sandboxed frame": ("DELETE", "/v1/jobs/abc", None, {"Origin": "null"}),
    "cross-site without Origin": ("DELETE", LABEL, None, {"Sec-Fetch-Site": "cross-site"}),
    "same site, another origin": (
        "DELETE", LABEL, None, {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
    ),
    "another port": ("DELETE", LABEL, None, {"Origin": "http://localhost:3000"}),
    "loopback by another name": ("DELETE", LABEL, None, {"Origin": "http://127.0.0.1"}),
    "DNS rebinding": (
        "POST", "/v1/jobs", SPEC,
        {"Host": REBOUND, "Origin": f"http://{REBOUND}", "Sec-Fetch-Site": "same-origin", "Content-Type": JSON},
    ),
    "DNS rebinding that deletes": ("DELETE", "/v1/datasets/iris.csv", None, {"Host": REBOUND}),
    "a name that begins like ours": ("DELETE", "/v1/jobs/abc", None, {"Host": "localhost.evil.example"}),
    "an upload": ("POST", "/v1/datasets?name=a.csv", b"a,b\n1,2\n", {"Origin": EVIL, "Content-Type": "text/csv"}),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_of_another_site_changes_nothing(guarded, store_folder, name) -> None:
    """403 with one sentence that says the way on; labels, data sets and the queue are as before."""
    method, path, body, headers = REQUESTS[name]
    before = sorted(path.name for path in store_folder.rglob("*"))
    data = (
        {"data": body} if isinstance(body, bytes) else {"json": body} if "Content-Type" in headers else {"data": b"{}"}
    )
    content_type = headers.get("Content-Type")
    answer = guarded.test_client().open(path, method=method, headers=headers, content_type=content_type, **data)
    assert answer.status_code == 403
    assert "ONEHOT_API_KEYS_FILE" in answer.json["error"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert Store.open(store_folder).labels("classic").keys() == {"stable", "canary"}
    assert sorted(path.name for path in store_folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/v1/jobs/abc", {"Origin": EVIL, "Accept": "text/event-stream"}),
        ("GET", "/v1/models", {"Origin": EVIL, "Upgrade": "websocket", "Connection": "Upgrade"}),
        ("GET", "/page/icon.svg", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
        ("OPTIONS", LABEL, {"Origin": EVIL, "Access-Control-Request-Method": "DELETE"}),
        ("OPTIONS", "/v1/jobs", {"Origin": EVIL, "Access-Control-Request-Method": "POST"}),
    ],
)  # fmt: skip
def test_what_reads_changes_nothing_and_permits_nothing(app_of, store_folder, method, path, headers) -> None:
    """EventSource, WebSocket, image, preflight: a browser gives the answer to no page of another origin."""
    answer = app_of().test_client().open(path, method=method, headers=headers)
    assert answer.status_code in (200, 400, QUEUE_AWAY)
    assert not any(name.startswith("Access-Control") for name, _ in answer.headers)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert Store.open(store_folder).labels("classic").keys() == {"stable", "canary"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8501", "Host": "localhost:8501", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://127.0.0.1:9000", "Host": "127.0.0.1:9000"},
        {"Origin": "http://[::1]:8501", "Host": "[::1]:8501"},
        {"Host": "LOCALHOST:8501"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_our_own_page_and_programs_change_what_they_want(app_of, headers) -> None:
    """By any name and port of loopback; programs send no Origin."""
    client = app_of().test_client()
    assert client.put(LABEL, json={"version": 1}, headers=headers).status_code == 200
    assert client.post("/v1/jobs", json=SPEC, headers=headers).status_code == QUEUE_AWAY
    assert client.delete(LABEL, headers=headers).status_code == 204


@pytest.mark.parametrize(
    ("hosts", "headers", "status"),
    [
        (("ml.example.org",), {"Host": "ml.example.org", "Origin": "https://ml.example.org"}, 204),
        (("ml.example.org",), {"Host": "127.0.0.1:8501", "Origin": "https://ml.example.org"}, 204),
        (("ml.example.org",), {"Host": "ml.example.org:8443", "Origin": "https://ml.example.org:8443"}, 204),
        (("ml.example.org",), {"Host": "ml.example.org", "Origin": "https://ml.example.org:9"}, 403),
        (("ml.example.org",), {"Host": "other.example.org"}, 403),
        (("*",), {"Host": "any.example.org"}, 204),
        (("*",), {"Host": "any.example.org", "Origin": EVIL}, 403),
        (("[fd00::1]",), {"Host": "[fd00::1]:8501"}, 204),
        ((), {"Host": "192.168.1.5:8501"}, 403),
        ((), {"Host": ""}, 403),
    ],
)
def test_allowed_hosts_name_a_proxy(app_of, hosts, headers, status) -> None:
    """Also where the proxy writes another Host than the browser's."""
    client = app_of(allowed_hosts=hosts).test_client()
    assert client.delete(LABEL, headers=headers).status_code == status


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/jobs"), ("PUT", LABEL)])
def test_types_of_forms_and_text_are_refused_where_a_document_is_expected(guarded, method, path, content_type) -> None:
    """415, with what to send; curl's own type gets the very option."""
    answer = guarded.test_client().open(path, method=method, data=b"{}", content_type=content_type)
    assert answer.status_code == 415
    assert answer.json["error"].startswith("Content-Type: expected application/json")
    assert ("-H 'Content-Type: application/json'" in answer.json["error"]) == (content_type.endswith("urlencoded"))


def test_predictions_are_no_writes(app_of) -> None:
    """They stay as they are for every caller: `curl -d` too."""
    client = app_of().test_client()
    client.application.extensions["onehot"].registry.refresh()
    for headers in ({"Origin": EVIL}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for path, body in (
            ("/v1/models/classic:predict", '{"instances": [[0, 0, 0, 0, 0, 0, 0, 0]]}'),
            ("/v1/models/classic:classify", '{"examples": [[0, 0, 0, 0, 0, 0, 0, 0]]}'),
            ("/v2/repository/index", "{}"),
        ):
            assert client.post(path, data=body, content_type="text/plain", headers=headers).status_code == 200


def test_with_keys_nothing_is_different(app_of, tmp_path) -> None:
    """The key says who asks: Origin, Host and the types of forms are as before."""
    _, key = ApiKeyFile(tmp_path / "keys.json").add(["admin"])
    client: FlaskClient = app_of(api_keys_file=str(tmp_path / "keys.json")).test_client()
    foreign = {"X-API-Key": key, "Origin": EVIL, "Host": "ml.example.org", "Sec-Fetch-Site": "cross-site"}
    assert client.put(LABEL, data=b'{"version": 1}', content_type="text/plain", headers=foreign).status_code == 200
    assert client.post("/v1/jobs", json=SPEC, headers=foreign).status_code == QUEUE_AWAY
    assert client.delete(LABEL, headers=foreign).status_code == 204


@pytest.mark.parametrize(
    "headers", [{"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": REBOUND}]
)
def test_every_operation_that_writes_refuses_a_page_of_another_site(app, headers) -> None:
    """Each that there is, before anything of it is looked at."""
    operations, client, met = operations_of(app), app.test_client(), 0
    for rule in app.url_map.iter_rules():
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if operations[rule.endpoint]["changes"]:
            path = re.sub(r"<int:\w+>|<(?:\w+:)?version>", "1", rule.rule)
            path = re.sub(r"<(?:\w+:)?\w+>", "x", path)
            answer = client.open(path, method=method, headers=headers, json={})
            assert (answer.status_code, "ONEHOT_API_KEYS_FILE" in answer.json["error"]) == (403, True), (
                f"{method} {path}"
            )
            met += 1
    assert met >= 10


def test_every_route_that_could_write_is_guarded_but_those_that_only_read(app) -> None:
    """A new route is guarded unless it says otherwise."""
    operations = operations_of(app)
    unsafe = {rule.endpoint for rule in app.url_map.iter_rules() if not (rule.methods or set()) & {"GET"}}
    assert {name for name in unsafe if not operations[name]["changes"]} == {
        "prediction.predict", "prediction.classify", "prediction.regress",
        "inference_protocol.infer", "inference_protocol.v2_repository_index",
    }  # fmt: skip
