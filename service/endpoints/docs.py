"""The interface described: as an OpenAPI document, and as a page that needs nothing from elsewhere."""

from flask import Response, current_app

from service.auth.scopes import Scope
from service.http.context import services
from service.http.responses import json_answer
from service.http.static_files import PAGE_POLICY, StaticFiles
from service.openapi.document import openapi_document
from service.openapi.operation import ApiBlueprint, api_response, page_responses

__all__ = ["blueprint"]

OWN = StaticFiles.of_folder("service", "page/docs")
SWAGGER_UI = StaticFiles(
    "flask_swagger_ui", "dist", frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"})
)
POLICY = {"Content-Security-Policy": PAGE_POLICY}

blueprint = ApiBlueprint("docs", __name__, tag="Pages", scope=Scope.PUBLIC)


@blueprint.operation(
    "GET",
    "/openapi.json",
    summary="This document",
    description="Every route with what it takes and what it answers, made from the routes themselves.",
    responses={200: api_response("OpenAPI 3.1", "OpenAPI")},
)
def get_openapi() -> Response:
    """Every route with what it takes and what it answers."""
    return json_answer(openapi_document(current_app, is_locked=bool(services().settings.api_keys_file)))


@blueprint.operation(
    "GET",
    "/docs",
    description="Operations by group, each with a form to try it and the same call in curl, Python and JavaScript. It "
    "needs nothing from elsewhere; `/docs/swagger.html` is the same in Swagger UI.",
    responses=page_responses("The page", "text/html"),
)
def get_docs_page() -> Response:
    """This document as a page."""
    return OWN.answer("docs.html", POLICY)


@blueprint.operation(
    "GET",
    "/docs/<name:asset>",
    description="Scripts, styles and pictures that `/docs` loads.",
    responses=page_responses("The file", "text/javascript", "text/css", "text/html", "image/png"),
)
def get_docs_file(asset: str) -> Response:
    """A file of the documentation page."""
    return (OWN if asset in OWN.names else SWAGGER_UI).answer(asset, POLICY)
