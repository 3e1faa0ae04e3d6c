"""Paths of the interface, names in them quoted, and lists that come in pages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from onehot_client.errors import InvalidInput
from onehot_client.http.calls import Call, Steps

__all__ = ["model_path", "paged", "params_of", "part"]


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


def params_of(**given: Any) -> dict[str, str]:
    """The query of those that are given."""
    return {name: str(value) for name, value in given.items() if value is not None}


def paged(path: str, key: str, params: Mapping[str, str], *, most: int | None) -> Steps[list[dict[str, Any]]]:
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
        limit = None if most is None else most - len(found)
        response = yield Call("GET", path, params={**params, **params_of(limit=limit, cursor=cursor)})
        document = response.document(key)
        found += document[key]
        cursor = document.get("next")
        if not cursor:
            break
    return found[:most]
