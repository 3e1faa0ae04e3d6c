"""The spec of a trial: the document of a search with other values at some of its paths."""

from collections.abc import Mapping
from typing import Any

from models.errors import Problem, SpecError, did_you_mean, folded, shown
from models.spec.search.search_parameter import OFF, ON

__all__ = ["SEARCH", "proposed_document"]

SEARCH = "search"
SWITCHES = {ON: ON, OFF: OFF, True: ON, False: OFF}
"""How a layer is switched, in words or as YAML's true and false."""


def proposed_document(document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a trial, without its `search`.

    Args:
        document: Of the search, as it was written; it stays as it is.
        values: Path → value. `on` and `off` switch a whole layer, or a step.

    Raises:
        SpecError: When a path leads nowhere; its problem has that path.
    """
    changed: Any = {key: part for key, part in document.items() if key != SEARCH}
    left_out: set[tuple[str, int]] = set()
    for path, value in values.items():
        keys = path.split(".")
        if _is_switch(document, keys, value):
            left_out |= {(keys[0], int(keys[1]))} if SWITCHES[value] == OFF else set()
        else:
            changed = _with_value(changed, keys, value, path)
    for part, index in sorted(left_out, reverse=True):
        changed[part] = [item for place, item in enumerate(changed[part]) if place != index]
    return dict(changed)


def _is_switch(document: Mapping[str, Any], keys: list[str], value: Any) -> bool:
    """Whether a value switches the item of a list that a path names, with or without its class."""
    if not isinstance(value, str | bool) or value not in SWITCHES or len(keys) not in (2, 3):
        return False
    items = document.get(keys[0])
    if not isinstance(items, list) or not keys[1].isdecimal() or int(keys[1]) >= len(items):
        return False
    return len(keys) == 2 or _key_of(_mapping(items[int(keys[1])]), keys[2]) is not None


def _mapping(node: Any) -> dict[str, Any]:
    """A node as a mapping: a bare name is one without arguments."""
    if isinstance(node, str):
        return {node: {}}
    return dict(node) if isinstance(node, Mapping) else {}


def _key_of(node: Mapping[str, Any], key: str) -> str | None:
    """The key of a mapping that a path means: names of classes as Keras compares them."""
    return key if key in node else next((one for one in node if folded(str(one)) == folded(key)), None)


def _with_value(node: Any, keys: list[str], value: Any, path: str) -> Any:
    if not keys:
        return value
    key, rest = keys[0], keys[1:]
    if isinstance(node, list):
        if not key.isdecimal() or int(key) >= len(node):
            raise _leads_nowhere(path, f"a number from 0 to {len(node) - 1} in the place of {key!r}", key)
        index = int(key)
        return [*node[:index], _with_value(node[index], rest, value, path), *node[index + 1 :]]
    if node is not None and not isinstance(node, str | Mapping):
        raise _leads_nowhere(path, f"a path that ends before {key!r}", node)
    inside = _mapping(node)
    found = _key_of(inside, key)
    is_inside = path.count(".") + 1 > len(keys)  # a part that the spec does not have may be named all the same
    if found is None and rest and is_inside:
        expected = f"a path of the spec: {key!r} is none of {', '.join(map(str, inside))}{did_you_mean(key, inside)}"
        raise _leads_nowhere(path, expected, key)
    return {**inside, (found or key): _with_value(inside.get(found or key), rest, value, path)}


def _leads_nowhere(path: str, expected: str, received: Any) -> SpecError:
    return SpecError([Problem(path, expected, shown(received))])
