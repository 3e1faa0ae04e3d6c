"""The web page: models, jobs, and a form to try a prediction."""

from flask import Response, request

from service.auth.scopes import Scope
from service.http.content_negotiation import JSON, preferred_type
from service.http.responses import json_answer
from service.http.static_files import PAGE_POLICY, StaticFiles
from service.openapi.media import json_media, text_media
from service.openapi.operation import ApiBlueprint, api_response, page_responses

__all__ = ["blueprint"]

INDEX = "index.html"
HTML = "text/html"
FILES = StaticFiles.of_folder(
    "service", "page", without=frozenset({"docs/docs.html", "docs/swagger.html"}), entry="app.js"
)
POLICY = {"Content-Security-Policy": PAGE_POLICY}

PAGE_OR_STATUS = api_response(
    "The page; for who prefers JSON, that the service lives, as KServe's V1 protocol has it",
    text_media(HTML) | json_media("Alive"),
)

blueprint = ApiBlueprint("page", __name__, tag="Pages", scope=Scope.PUBLIC)


@blueprint.operation(
    "GET",
    "/",
    description="What it shows it fetches from the interface, with the key that is typed in. A program "
    "that prefers JSON is told that the service lives.",
    responses=page_responses("The page", HTML) | {200: PAGE_OR_STATUS},
)
def get_page() -> Response:
    """The web page: models, jobs, and a form to try a prediction.

    What it shows it fetches from the interface, with the key that is typed in.
    A program that prefers JSON is told that the service lives, as KServe's V1 protocol has it.
    """
    if preferred_type(request.headers.get("Accept", ""), (HTML, JSON)) == JSON:
        answer: Response = json_answer({"status": "alive"}, headers={"Vary": "Accept"})
        return answer
    return FILES.answer(INDEX, {**POLICY, "Vary": "Accept"})


@blueprint.operation(
    "GET",
    "/page/<path:asset>",
    description="Scripts, styles and the icon that the web page loads.",
    responses=page_responses("The file", "text/javascript", "text/css", HTML, "image/svg+xml", "text/plain"),
)
def get_page_file(asset: str) -> Response:
    """A file of the web page."""
    return FILES.answer(asset, POLICY)
