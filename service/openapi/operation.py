"""Routes declared with their scope and their OpenAPI operation, at one place: the endpoint."""

from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict, TypeVar, Unpack

from flask import Blueprint, Flask
from flask.sansio.app import App
from flask.typing import RouteCallable

from service.auth.scopes import Scope
from service.openapi.json_schema import STRING, Schema, pattern
from service.openapi.media import Content, binary_media, json_media, text_media

__all__ = [
    "ApiBlueprint",
    "Operation",
    "api_response",
    "binary_media",
    "header_parameter",
    "json_media",
    "operation_of",
    "operations_of",
    "page_responses",
    "query_parameter",
    "require_scopes_for_all",
    "scope_of",
]

EXTENSION = "onehot.operations"

View = TypeVar("View", bound=RouteCallable)


class Operation(TypedDict):
    """What a route needs and does; the parameters of its path follow from the route.

    Args:
        responses: Status → response, those that are no error.
        body: The forms that its body can have.
        parameters: Of its query and headers.
        errors: Statuses of its errors, but for those that follow from its path, its body and its scope.
        description: More than the summary says.
        needs_body: Whether a request without a body is refused; true by default.
        summary: In one line; by default the first line of the endpoint's docstring.
        scope: That an API key needs for it; by default that of its blueprint.
        tag: The group that it belongs to; by default that of its blueprint.
        changes: Whether a request changes anything here; by default whether its method is another than GET.
        either_slash: Whether a path that ends with a slash leads here too; it is not described.
    """

    responses: Mapping[int, Schema]
    body: NotRequired[Content]
    parameters: NotRequired[tuple[Schema, ...]]
    errors: NotRequired[tuple[int, ...]]
    description: NotRequired[str]
    needs_body: NotRequired[bool]
    summary: NotRequired[str]
    scope: NotRequired[Scope]
    tag: NotRequired[str]
    changes: NotRequired[bool]
    either_slash: NotRequired[bool]


class ApiBlueprint(Blueprint):
    """A blueprint whose routes declare the scope that they need and their OpenAPI operation.

    Args:
        scope: That an API key needs for its routes, but for those that declare another.
        tag: The group of its operations in the OpenAPI document.
    """

    def __init__(self, name: str, import_name: str, *, scope: Scope, tag: str) -> None:
        super().__init__(name, import_name)
        self._scope, self._tag = scope, tag

    def operation(self, method: str, *paths: str, **operation: Unpack[Operation]) -> Callable[[View], View]:
        """Route requests to an endpoint, whose name is the `operationId`.

        Args:
            method: The HTTP method.
            paths: Each leads to the endpoint.
            operation: What the OpenAPI document says, and the scope where it is another than the blueprint's.
        """

        def declare(view: View) -> View:
            summary = (view.__doc__ or "").partition("\n")[0].removesuffix(".")
            described: Operation = {
                "scope": self._scope, "tag": self._tag, "summary": summary, "changes": method != "GET", **operation,
            }  # fmt: skip
            self.record(lambda state: operations_of(state.app).update({f"{self.name}.{view.__name__}": described}))
            for path in paths:
                is_strict = not operation.get("either_slash", False)
                self.add_url_rule(path, view_func=view, methods=[method], strict_slashes=is_strict)
            return view

        return declare


def operations_of(app: App) -> dict[str, Operation]:
    """Endpoint → its operation."""
    found: dict[str, Operation] = app.extensions.setdefault(EXTENSION, {})
    return found


def scope_of(app: Flask, endpoint: str | None) -> Scope:
    """The scope that a route needs; a path that does not exist is answered without a key."""
    operation = operation_of(app, endpoint)
    return Scope.PUBLIC if operation is None else operation["scope"]


def operation_of(app: App, endpoint: str | None) -> Operation | None:
    """The operation of a route; none of a path that does not exist."""
    return None if endpoint is None else operations_of(app)[endpoint]


def require_scopes_for_all(app: Flask) -> None:
    """Check that every route has a scope.

    Raises:
        LookupError: Names the routes that have none.
    """
    missing = sorted({rule.endpoint for rule in app.url_map.iter_rules()} - set(operations_of(app)))
    if missing:
        raise LookupError(f"ApiBlueprint.operation: expected a scope for every route; received none for {missing}")


def api_response(description: str, content: Content | str | None = None, **headers: str) -> Schema:
    """A response in the OpenAPI document.

    Args:
        description: When it comes.
        content: The forms of its body; or the component that describes its JSON document.
        headers: Name, with `_` for `-` → its description; for headers of this response alone.
    """
    described = {"X_Request_Id": "The id of the request", **headers}
    response: Schema = {
        "description": description,
        "headers": {
            name.replace("_", "-"): {"description": text, "schema": STRING} for name, text in described.items()
        },
    }
    if content is not None:
        response["content"] = json_media(content) if isinstance(content, str) else content
    return response


def page_responses(description: str, *content_types: str) -> dict[int, Schema]:
    """The responses of a file that a browser may have already."""
    text = [one for one in content_types if one.startswith("text/") or one == "image/svg+xml"]
    binary = [one for one in content_types if one not in text]
    found = api_response(description, text_media(*text) | binary_media(*binary))
    return {200: found, 304: api_response("The browser has it already")}


def query_parameter(name: str, schema: Schema, description: str, **more: Any) -> Schema:
    """A parameter of the query."""
    return {"name": name, "in": "query", "schema": schema, "description": description, **more}


def header_parameter(name: str, regex: str, description: str, **more: Any) -> Schema:
    """A parameter in a header whose value a regular expression matches."""
    return {"name": name, "in": "header", "schema": pattern(regex), "description": description, **more}
