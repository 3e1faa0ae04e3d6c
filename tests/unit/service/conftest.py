"""An application over a store of its own, without threads: a test refreshes when it wants to."""

import gzip
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from models.settings import Settings
from models.store.manifest import Manifest
from models.store.store import Store
from service.app import create_app
from service.http.context import EXTENSION
from service.inference.onnx_session import Graph
from service.inference.predictor import Predictor
from service.openapi.document import openapi_document
from service.registry.registry import Registry

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture
def settings(store_folder: Path) -> Settings:
    """Settings of a service whose queue does not answer."""
    return Settings(store=str(store_folder), redis_url="redis://127.0.0.1:1/0", max_body_bytes=1_000_000)


@pytest.fixture
def registry(store_folder: Path) -> Registry:
    """A registry of this test's store."""
    return Registry(lambda: Store.open(store_folder), keep_versions=2)


@pytest.fixture
def app(settings: Settings, registry: Registry) -> Flask:
    """The whole application; its queue is not there."""
    app = create_app(settings, registry=registry)
    app.test_client_class = CheckedClient
    return app


class CheckedClient(FlaskClient):
    """Compares every answer that any test gets with what the OpenAPI document promises."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """As every client does, and then look."""
        answer = super().open(*args, **kwargs)
        check_answer(self.application, answer)
        return answer


def check_answer(app: Flask, answer: TestResponse) -> None:
    """Status, content type, headers and document of an answer are among those that are promised for its route."""
    path, method = answer.request.path, answer.request.method
    try:
        rule, _ = app.url_map.bind("localhost").match(path, method, return_rule=True)
    except HTTPException:
        return  # no route: nothing is promised
    if method in ("HEAD", "OPTIONS"):
        return
    document = _document(app, bool(app.extensions[EXTENSION].settings.api_keys_file))
    operation = document["paths"][re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)][method.lower()]
    promised = operation["responses"].get(str(answer.status_code))
    assert promised is not None, f"{method} {rule.rule} does not say that it can answer {answer.status_code}"
    # Asking again does not help where no version is promoted.
    lasting = {"Retry-After"} if answer.status_code == 503 and b"not promoted: " in answer.data else set()
    assert set(promised["headers"]) - lasting <= set(answer.headers.keys()), (
        f"{method} {rule.rule} {answer.status_code}"
    )
    if answer.status_code in (204, 304):
        return
    assert answer.mimetype in promised["content"], f"{method} {rule.rule} {answer.status_code}: {answer.mimetype}"
    schema = promised["content"][answer.mimetype].get("schema")
    if answer.mimetype == "application/json" and schema is not None:
        validator = Draft202012Validator({**schema, "components": document["components"]})
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(_json(answer))]
        assert errors == [], f"{method} {rule.rule} {answer.status_code}: {errors}"


def _json(answer: TestResponse) -> Any:
    compressed = answer.headers.get("Content-Encoding") == "gzip"
    return json.loads(gzip.decompress(answer.data) if compressed else answer.data)


@cache
def _document(app: Flask, is_locked: bool) -> dict[str, Any]:
    return openapi_document(app, is_locked=is_locked)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Talks to the application."""
    return app.test_client()


@pytest.fixture
def graph_of() -> Callable[[str], Graph]:
    """Load a fixture graph."""
    return lambda name: Graph((FIXTURES / f"{name}.onnx").read_bytes())


@pytest.fixture
def predictor_of(draft_of, graph_of) -> Callable[..., Predictor]:
    """Put a version together without a store."""

    def _build(graph: str = "classic-a", **changes) -> Predictor:
        manifest: Manifest = draft_of("classic", graph, **changes)[0]
        return Predictor.build(manifest, graph_of(graph))

    return _build
