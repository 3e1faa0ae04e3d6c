"""Parameters of the query that choose captured rows: of a time, of a version."""

from flask import Request

from models.capture.captured_source import SCHEME, CapturedSource, read_moment
from models.errors import DataError, InputError, shown
from models.names import version_number
from service.openapi.json_schema import POSITIVE_INTEGER, STRING
from service.openapi.operation import query_parameter

__all__ = ["SINCE", "UNTIL", "VERSION", "rows_of_query"]

SINCE = query_parameter(
    "since", STRING, "Only rows computed then or later: `2026-05-31`, `2026-05-31T12:00:00Z`, or an age as `7d`",
    example="7d",
)  # fmt: skip
UNTIL = query_parameter("until", STRING, "Only rows computed before, in the same forms", example="1h")
VERSION = query_parameter("version", POSITIVE_INTEGER, "Only of this version", example=1)


def rows_of_query(request: Request, model: str) -> CapturedSource:
    """Which rows of a model the query means.

    Raises:
        InputError: Names the parameter that is wrong.
    """
    args = request.args
    try:
        moments = {name: read_moment(args[name], where=name) for name in ("since", "until") if name in args}
    except DataError as error:
        raise InputError(where=error.where, expected=error.expected, received=error.received) from error
    version = version_number(args["version"]) if "version" in args else None
    if "version" in args and version is None:
        raise InputError(where="version", expected="the number of a version", received=shown(args["version"]))
    return CapturedSource(f"{SCHEME}://{model}", model, **moments, version=version)
