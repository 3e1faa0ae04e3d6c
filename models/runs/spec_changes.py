"""What differs between specs, path by path, as errors of a spec name them: `layers.0.Dense.units`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from sys import intern
from typing import Any

__all__ = ["changes_between", "differing_values", "short_values"]

MOST_CHANGES = 200
MOST_VALUES = 200
LONGEST_TEXT, LONGEST_LIST = 64, 8


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every path whose value differs: `{"path", "before", "after"}`; null where there is none.

    Args:
        before: A spec as a plain document.
        after: Another one.
    """
    found = differing_values([before, after])
    return [{"path": path, "before": old, "after": new} for path, (old, new) in found.items()]


def differing_values(specs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Path → its value in each spec, of the first few hundred paths that are not alike in all; None where it has none.

    Args:
        specs: As plain documents.
    """
    flat = [dict(_leaves(spec)) for spec in specs]
    paths = dict.fromkeys(path for one in flat for path in one)
    found = {path: [one.get(path) for one in flat] for path in paths}
    different = {path: values for path, values in found.items() if any(value != values[0] for value in values)}
    return dict(list(different.items())[:MOST_CHANGES])


def short_values(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Path → value of what fits into a line of a list: numbers, short texts, short lists of them; the first of many.

    Args:
        spec: As a plain document.
    """
    short = ((intern(path), value) for path, value in _leaves(spec) if path and _is_short(value))
    return dict(islice(short, MOST_VALUES))


def _is_short(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) <= LONGEST_LIST and all(map(_is_short, value))
    return not isinstance(value, Mapping) and (not isinstance(value, str) or len(value) <= LONGEST_TEXT)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that holds no other; lists of plain values, such as a shape, are one."""
    inner = _children(value)
    if not inner:
        yield path, value
    for name, child in inner:
        yield from _leaves(child, f"{path}.{name}" if path else name)


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(name), child) for name, child in value.items()]
    if isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        return [(str(index), child) for index, child in enumerate(value)]
    return []
