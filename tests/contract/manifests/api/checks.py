"""Checks, and how larger ones are made of them: words of a list, numbers in a range, lists, objects.

A check says what it expected, or nothing where the value is right.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Check", "between", "both", "each", "either", "few", "mapping", "matching", "one_of", "some", "unlike"]

Check = Callable[[Any], str | None]


def matching(pattern: str, expected: str, *, most: int = 253) -> Check:
    """A text of at most so many characters that the whole pattern describes."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> str | None:
        fits = isinstance(value, str) and len(value) <= most and compiled.fullmatch(value)
        return None if fits else f"{expected}, at most {most} characters"

    return check


def one_of(*words: str) -> Check:
    """One of these words, spelt like this."""
    return lambda value: None if value in words else f"one of {', '.join(words)}"


def between(least: int, most: int | None = None) -> Check:
    """A whole number in a range, both ends included."""
    expected = f"at least {least}" if most is None else f"{least} to {most}"

    def check(value: Any) -> str | None:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return None if whole and least <= value and (most is None or value <= most) else expected

    return check


def either(*checks: Check) -> Check:
    """Whatever one of these accepts."""

    def check(value: Any) -> str | None:
        said = [one(value) for one in checks]
        return None if None in said else " or ".join(filter(None, said))

    return check


def some(value: Any) -> str | None:
    """At least one item."""
    return None if value else "at least one"


def each(check: Check) -> Check:
    """A list, every item of which is right."""
    return lambda values: next((said for value in values if (said := check(value))), None)


def mapping(key: Check, value: Check) -> Check:
    """An object, every key and every value of which is right."""

    def check(values: Mapping[str, Any]) -> str | None:
        said = [f"key {name!r}: {wrong}" for name in values if (wrong := key(name))]
        said += [f"{name}: {wrong}" for name, one in values.items() if (wrong := value(one))]
        return said[0] if said else None

    return check


def both(*checks: Check) -> Check:
    """What every one of these accepts."""
    return lambda value: next((said for check in checks if (said := check(value))), None)


def few(most: int) -> Check:
    """A list of at most so many items."""
    return lambda values: None if len(values) <= most else f"at most {most}"


def unlike(values: Any) -> str | None:
    """A list without the same item twice."""
    return None if len(values) == len(set(map(str, values))) else "each once"
