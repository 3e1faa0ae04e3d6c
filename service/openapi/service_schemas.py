"""What those ask who run the service, and the pages."""

from service.openapi.json_schema import (
    INTEGER,
    STRING,
    Content,
    Operation,
    Reply,
    Schema,
    array,
    json_reply,
    object_of,
    reference,
)

__all__ = ["OPERATIONS", "SCHEMAS"]

RUNNING, PAGES = "Running", "Pages"
NOT_MODIFIED = Reply("The browser has it already")

SCHEMAS: dict[str, Schema] = {
    "Alive": object_of({"status": {"const": "alive"}}),
    "Live": object_of({"status": {"const": "ok"}}),
    "Ready": object_of({"status": {"const": "ready"}, "models": INTEGER, "loaded_versions": INTEGER}),
    "Error": object_of(
        {
            "error": {"type": "string", "description": "One sentence that says what to do"},
            "details": array(
                object_of({"path": STRING, "message": STRING}), description="Each place, where there are several"
            ),
        },
        required=("error",),
    ),
}


def _page(description: str, *content_types: str) -> dict[int, Reply]:
    return {200: Reply(description, tuple(Content(content_type=kind) for kind in content_types)), 304: NOT_MODIFIED}


HTML, CSS, SCRIPT = "text/html", "text/css", "text/javascript"

OPERATIONS: dict[str, Operation] = {
    "health.live": Operation(
        RUNNING, "Whether this process answers", {200: json_reply("It lives", reference("Live"), {"status": "ok"})}
    ),
    "health.ready": Operation(
        RUNNING,
        "Whether every version that should be loaded was tried once",
        {200: json_reply("It is ready", reference("Ready"), {"status": "ready", "models": 1, "loaded_versions": 2})},
        errors=(503,),
        description="503 says what it waits for.",
    ),
    "metrics.show": Operation(
        RUNNING, "Counts for Prometheus", {200: Reply("The counts", (Content(content_type="text/plain"),))}
    ),
    "docs.show_document": Operation(
        PAGES, "This document", {200: json_reply("OpenAPI 3.1", {"type": "object", "required": ["openapi", "paths"]})}
    ),
    "docs.show": Operation(PAGES, "This document as a page that needs nothing from elsewhere", _page("The page", HTML)),
    "docs.show_file": Operation(
        PAGES, "A file of that page", _page("The file", SCRIPT, CSS, HTML, "image/png"), errors=(404,)
    ),
    "page.show": Operation(
        PAGES,
        "The web page: models, jobs, and a form to try a prediction",
        {
            200: Reply(
                "The page; for who prefers JSON, that the service lives, as KServe's V1 protocol has it",
                (Content(content_type=HTML), Content(reference("Alive"), {"status": "alive"})),
            ),
            304: NOT_MODIFIED,
        },
    ),
    "page.show_file": Operation(
        PAGES, "A file of that page", _page("The file", SCRIPT, CSS, HTML, "image/svg+xml"), errors=(404,)
    ),
}
