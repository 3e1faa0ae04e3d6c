"""Paths of the interface, names in them quoted, and lists that come in pages."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from onehot_client.errors import InvalidInput
from onehot_client.http.calls import Call, Params, Steps

__all__ = ["given", "model_path", "paged", "params_of", "part"]

MOST_AT_ONCE = 1000
"""Documents that the service puts on one page."""


def part(name: object) -> str:
    """One part of a path.

    Raises:
        InvalidInput: When it is empty.
    """
    text = str(name)
    if not text or text in (".", ".."):
        raise InvalidInput("name", expected="a name", received=repr(text))
    return quote(text, safe="")


def model_path(model: str, *, version: int | None = None, label: str | None = None) -> str:
    """The path of a model, or of one of its versions, by number or by label.

    Raises:
        InvalidInput: When both are given.
    """
    if version is not None and label is not None:
        raise InvalidInput("version and label", expected="one of them", received=f"{version} and {label!r}")
    path = f"/v1/models/{part(model)}"
    if version is not None:
        return f"{path}/versions/{int(version)}"
    return path if label is None else f"{path}/labels/{part(label)}"


def given(**values: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def params_of(**values: Any) -> dict[str, str | Sequence[str]]:
    """The query of those that are given."""
    return {name: _text(value) for name, value in given(**values).items()}


def _text(value: Any) -> str | Sequence[str]:
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def paged(path: str, key: str, params: Params, *, most: int | None) -> Steps[list[dict[str, Any]]]:
    """What a list holds, page after page.

    Args:
        path: Of the list.
        key: Under which its documents are.
        params: What is asked for.
        most: At most so many; None for all.
    """
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while most is None or len(found) < most:
        limit = None if most is None else min(most - len(found), MOST_AT_ONCE)
        response = yield Call("GET", path, params={**params, **params_of(limit=limit, cursor=cursor)})
        document = response.document(key)
        found += document[key]
        cursor = document.get("next")
        if not cursor:
            break
    return found[:most]
