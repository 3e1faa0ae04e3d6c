import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from models.spec import load_spec
from models.spec.yaml_text import load_document
from models.store.runs import write_run
from service.auth.scopes import Scope
from service.openapi.document import openapi_document
from service.openapi.operation import operations_of, scope_of
from service.openapi.run_schemas import SOME_RUN

OFFICIAL = json.loads((Path(__file__).parents[3] / "fixtures" / "openapi-3.1.json").read_text())


@pytest.fixture
def document(client) -> dict[str, Any]:
    """As it is served."""
    answer = client.get("/openapi.json")
    assert answer.mimetype == "application/json"
    return answer.json


def operations(document) -> dict[tuple[str, str], dict[str, Any]]:
    return {(method, path): item[method] for path, item in document["paths"].items() for method in item}


def test_it_is_a_valid_openapi_document(document) -> None:
    """By the schema that the OpenAPI Initiative publishes; its own schemas by that of JSON Schema."""
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(OFFICIAL).iter_errors(document)]
    assert errors == []
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_every_schema_is_used(document) -> None:
    """None is missing, none is left over."""
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert used == set(document["components"]["schemas"])


def test_it_describes_every_route_and_nothing_else(app, document) -> None:
    """Path by path, method by method, argument by argument."""
    routes = {
        (method.lower(), re.sub(r"<[^>]*?(\w+)>", r"{\1}", rule.rule)): rule.arguments
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {
        place: {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        for place, operation in operations(document).items()
    }
    assert described == routes
    assert set(operations_of(app)) == {rule.endpoint for rule in app.url_map.iter_rules()}
    names = [operation["operationId"] for operation in operations(document).values()]
    assert len(set(names)) == len(names)


def test_a_route_without_an_operation_is_noticed(app) -> None:
    """It is named."""
    app.add_url_rule("/secret", "secret.door", lambda: "")
    with pytest.raises(KeyError, match=r"secret.door"):
        openapi_document(app, is_locked=False)


def test_every_operation_says_what_an_error_looks_like(document) -> None:
    """One payload for all of them, except where a protocol has its own word for not being ready."""
    for place, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and place != ("get", "/v2/health/ready"):
                schema = answer["content"]["application/json"].get("schema")
                assert schema == {"$ref": "#/components/schemas/Error"}, (place, status)


def test_common_errors_follow_from_the_route(document) -> None:
    """What its path names may be missing, its body may be wrong or too large, and a route with a scope may be busy."""
    for (_, path), operation in operations(document).items():
        statuses = set(operation["responses"])
        assert "500" in statuses
        assert "{" not in path or "404" in statuses
        assert "requestBody" not in operation or {"400", "413"} <= statuses
        assert "x-scope" not in operation or {"429", "504"} <= statuses


def test_keys_and_scopes_are_described_where_they_are_asked_for(app, document) -> None:
    """An open service promises no 401 and takes requests without a key; a locked one names the scope of each operation.

    The schemes are declared either way, so that a client generated from an open service can send a key.
    """
    assert set(document["components"]["securitySchemes"]) == {"apiKey", "bearer"}
    assert [place for place, one in operations(document).items() if one["security"] and {} not in one["security"]] == []
    assert not [place for place, operation in operations(document).items() if "401" in operation["responses"]]
    locked = operations(openapi_document(app, is_locked=True))
    scopes = {
        re.sub(r"<[^>]*?(\w+)>", r"{\1}", rule.rule): scope_of(app, rule.endpoint) for rule in app.url_map.iter_rules()
    }
    for (_, path), operation in locked.items():
        if operation.get("x-scope") is None:
            assert scopes[path] is Scope.PUBLIC
        else:
            assert {"401", "403"} <= set(operation["responses"])
            assert operation["security"]
            assert {} not in operation["security"]


def media_types(document):
    for (method, path), operation in operations(document).items():
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{method} {path}", kind, media
        for status, answer in operation["responses"].items():
            for kind, media in answer.get("content", {}).items():
                yield f"{method} {path} {status}", kind, media


def test_every_example_is_what_its_schema_says(document) -> None:
    """Of requests and of answers; every JSON document that is sent has one."""
    for place, kind, media in media_types(document):
        if kind != "application/json":
            continue
        if "example" in media:
            validator = Draft202012Validator({**media["schema"], "components": document["components"]})
            assert [error.message for error in validator.iter_errors(media["example"])] == [], place
        else:
            assert place[-3:].isdigit(), f"{place}: a request without an example"


def test_every_example_of_a_request_is_accepted(client, document, publish, registry) -> None:
    """A reader can send it as it stands; a queue that is not there is all that may stop it."""
    publish()
    publish(promote=False)
    write_run(registry.store, {"id": SOME_RUN, "model": "classic", "status": "finished", "queue": "train"})
    registry.refresh()
    rows = "".join(f"{row % 7},{'ab'[row % 2]}\n" for row in range(30))
    client.post("/v1/datasets?name=iris.csv", data=f"petal,species\n{rows}")
    for (method, path), operation in operations(document).items():
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            if "example" in media:
                body = media["example"] if isinstance(media["example"], str) else json.dumps(media["example"])
                answer = client.open(filled(path), method=method.upper(), data=body, content_type=kind)
                needs_queue = path in ("/v1/jobs", "/v1/searches")
                is_fine = answer.status_code in (200, 202) or (needs_queue and answer.status_code == 503)
                is_fine |= "a classifier: use :predict" in answer.text
                assert is_fine, f"{method} {path} {kind}: {answer.text}"


def filled(path: str) -> str:
    path = path.replace("{run_id}", SOME_RUN)
    return path.replace("{model}", "classic").replace("{version}", "1").replace("{label}", "stable")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/docs"), ("GET", "/docs/docs.js"), ("GET", "/page/style.css"), ("GET", "/metrics"),
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/v2"), ("GET", "/v2/"), ("GET", "/v2/health/live"),
        ("GET", "/v2/health/ready"), ("GET", "/v2/models/classic"), ("GET", "/v2/models/classic/versions/1/ready"),
        ("GET", "/v1/models"), ("GET", "/v1/models/classic"), ("GET", "/v1/models/classic/labels/stable"),
        ("GET", "/v1/models/classic/metadata"), ("GET", "/v1/models/classic/versions/1/report"),
        ("GET", "/v1/datasets"), ("GET", "/v1/runs"), ("DELETE", "/v1/models/classic/labels/stable"),
    ],
)  # fmt: skip
def test_real_answers_are_as_described(client, publish, registry, method, path) -> None:
    """The client of these tests compares each answer with the document."""
    publish()
    registry.refresh()
    assert client.open(path, method=method).status_code in (200, 204)


def test_the_comparison_would_notice_an_answer_that_is_not_as_described(app, client, monkeypatch) -> None:
    """Another status, or another document."""
    monkeypatch.setitem(app.view_functions, "health.get_health", lambda: ({"status": "odd"}, 200))
    with pytest.raises(AssertionError, match="was expected"):
        client.get("/healthz")
    monkeypatch.setitem(app.view_functions, "health.get_health", lambda: ({"error": "odd"}, 418))
    with pytest.raises(AssertionError, match="418"):
        client.get("/healthz")


@pytest.mark.parametrize("name", sorted(path.name for path in (Path(__file__).parents[4] / "examples").glob("*.yaml")))
def test_the_schema_of_a_spec_takes_our_own_examples(document, name) -> None:
    """As they are written, and as they come back from the reader of specs."""
    text = (Path(__file__).parents[4] / "examples" / name).read_bytes()
    validator = Draft202012Validator({"$ref": "#/components/schemas/Spec", "components": document["components"]})
    written = YAML(typ="safe", pure=True).load(text)
    for spec in (written, load_spec(load_document(text, name=name)).document):
        assert [error.message for error in validator.iter_errors(json.loads(json.dumps(spec)))] == []


@pytest.mark.parametrize(
    "change",
    [
        {"model": "Bad Name"}, {"seed": -1}, {"backend": "mxnet"}, {"layers": []}, {"layers": [{"A": {}, "B": {}}]},
        {"data": {}}, {"data": {"source": "x", "validation": 2}}, {"fit": {"epochs": 0}}, {"unknown": 1},
        {"preprocessing": [{"rescale": {}}]}, {"preprocessing": ["melt"]}, {"gate": {"minimum": 1}},
        {"resources": {"gpus": 65}}, {"fit": {"class_weight": "heavy"}}, {"input_shape": [0]},
    ],
)  # fmt: skip
def test_what_the_schema_refuses_the_service_refuses_too(client, document, change) -> None:
    """The one is not stricter than the other."""
    post = document["paths"]["/v1/jobs"]["post"]
    spec = post["requestBody"]["content"]["application/json"]["example"] | change
    validator = Draft202012Validator({"$ref": "#/components/schemas/Spec", "components": document["components"]})
    assert not validator.is_valid(spec)
    assert client.post("/v1/jobs", json=spec).status_code == 400


def test_a_path_allows_the_methods_that_are_described_for_it(client, document) -> None:
    """And not those of another path that its own would fit, such as `compare` as the id of a run."""
    for path, described in document["paths"].items():
        examples = {
            one["name"]: str(one["example"])
            for operation in described.values()
            for one in operation.get("parameters", [])
            if one["in"] == "path"
        }
        answer = client.options(path.format(**examples))
        expected = {method.upper() for method in described} | {"OPTIONS"} | ({"HEAD"} if "get" in described else set())
        assert (path, set(answer.headers["Allow"].split(", "))) == (path, expected)
