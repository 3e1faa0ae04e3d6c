"""The web page: models, jobs, and a form to try a prediction."""

from flask import Blueprint, Response, request

from service.http.content_negotiation import JSON, preferred_type
from service.http.responses import json_answer
from service.http.static_files import PAGE_POLICY, StaticFiles

__all__ = ["blueprint"]

INDEX = "index.html"
HTML = "text/html"
FILES = StaticFiles(
    "service",
    "page",
    frozenset({
        INDEX, "style.css", "icon.svg", "app.js", "api.js", "elements.js", "models.js", "jobs.js", "trying.js",
        "inputs.js", "drawing.js",
    }),
)  # fmt: skip
POLICY = {"Content-Security-Policy": PAGE_POLICY}

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def show() -> Response:
    """The page itself; what it shows it fetches from the interface, with the key that is typed in.

    A program that prefers JSON is told that the service lives, as KServe's V1 protocol has it.
    """
    if preferred_type(request.headers.get("Accept", ""), (HTML, JSON)) == JSON:
        answer: Response = json_answer({"status": "alive"}, headers={"Vary": "Accept"})
        return answer
    return FILES.answer(INDEX, {**POLICY, "Vary": "Accept"})


@blueprint.get("/page/<name:file>")
def show_file(file: str) -> Response:
    """A file that the page needs."""
    return FILES.answer(file, POLICY)
