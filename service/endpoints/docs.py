"""The interface described: as an OpenAPI document, and as a page that needs nothing from elsewhere."""

from flask import Blueprint, Response, current_app

from service.http.context import services
from service.http.responses import json_answer
from service.http.static_files import PAGE_POLICY, StaticFiles
from service.openapi import openapi_document

__all__ = ["blueprint"]

OWN = StaticFiles("service", "page", frozenset({"docs.html", "docs.js", "docs.css"}))
SWAGGER_UI = StaticFiles(
    "flask_swagger_ui", "dist", frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"})
)
POLICY = {"Content-Security-Policy": PAGE_POLICY}

blueprint = Blueprint("docs", __name__)


@blueprint.get("/openapi.json")
def show_document() -> Response:
    """Every route with what it takes and what it answers."""
    return json_answer(openapi_document(current_app.url_map, is_locked=bool(services().settings.api_keys_file)))


@blueprint.get("/docs")
def show() -> Response:
    """The same to read and to try."""
    return OWN.answer("docs.html", POLICY)


@blueprint.get("/docs/<name:file>")
def show_file(file: str) -> Response:
    """A file that the page needs."""
    return (OWN if file in OWN.names else SWAGGER_UI).answer(file, POLICY)
