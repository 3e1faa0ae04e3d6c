"""Parameters of the query: those that a route declares, and the pages of lists."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from flask import Request

from models.errors import InputError, shown
from service.openapi.operation import Operation, query_parameter

__all__ = [
    "CURSOR",
    "choice_of",
    "cursor_of",
    "limit_of",
    "limit_parameter",
    "next_page",
    "page_by_name",
    "require_known_parameters",
]

Item = TypeVar("Item")
Place = TypeVar("Place")

MOST = 1000
LONGEST_CURSOR = 400
CURSOR = query_parameter(
    "cursor",
    {"type": "string", "minLength": 1, "maxLength": LONGEST_CURSOR},
    "The `next` of the page before",
    example="iris",
)
WHOLE = re.compile("[0-9]{1,9}")


def require_known_parameters(request: Request, operation: Operation) -> None:
    """Refuse parameters that the route does not have.

    Raises:
        InputError: Names them.
    """
    if not request.query_string:
        return
    known = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    unknown = [name for name in request.args if name not in known]
    if unknown:
        expected = f"no other parameters than {', '.join(known)}" if known else "no parameters"
        raise InputError(where="query", expected=expected, received=", ".join(map(shown, unknown[:5])))


def choice_of(request: Request, name: str, choices: Collection[str]) -> str | None:
    """The value of a parameter that has only these, if the request says it.

    Raises:
        InputError: When it is none of them.
    """
    value = request.args.get(name)
    if value is not None and value not in choices:
        raise InputError(where=name, expected=f"one of {', '.join(choices)}", received=shown(value))
    return value


def limit_parameter(default: int | None = None) -> dict[str, Any]:
    """The parameter `limit` of a list; all at once where there is no default."""
    schema = {"type": "integer", "minimum": 1, "maximum": MOST} | ({} if default is None else {"default": default})
    return query_parameter("limit", schema, "How many at most; `next` in the answer leads to the rest", example=20)


def limit_of(request: Request) -> int | None:
    """How many are asked for, if the request says it.

    Raises:
        InputError: When it is no number from 1 to the most.
    """
    text = request.args.get("limit")
    if text is None:
        return None
    if not (WHOLE.fullmatch(text) and 1 <= int(text) <= MOST):
        raise InputError(where="limit", expected=f"a whole number from 1 to {MOST}", received=shown(text))
    return int(text)


def cursor_of(request: Request, read: Callable[[str], Place | None]) -> Place | None:
    """Where the list goes on; None for its beginning.

    Args:
        request: With the parameter or without.
        read: Makes a place of the text; None when it is none.

    Raises:
        InputError: When it is none.
    """
    text = request.args.get("cursor")
    if text is None:
        return None
    place = read(text) if len(text) <= LONGEST_CURSOR else None
    if place is None:
        raise InputError(where="cursor", expected="the `next` of the page before", received=shown(text))
    return place


def next_page(cursor: str | None) -> Mapping[str, str]:
    """What an answer has besides its list: where the rest begins, when there is any."""
    return {} if cursor is None else {"next": cursor}


def page_by_name(
    request: Request, items: Sequence[Item], name_of: Callable[[Item], str]
) -> tuple[list[Item], Mapping[str, str]]:
    """The page that is asked for of a list that is at hand, in the order of names, and what its answer has besides.

    Raises:
        InputError: As `limit_of` and `cursor_of`.
    """
    limit, after = limit_of(request), cursor_of(request, lambda text: text or None)
    rest = sorted((item for item in items if after is None or name_of(item) > after), key=name_of)
    page = rest[:limit]
    return page, next_page(name_of(page[-1]) if len(page) < len(rest) else None)
