"""One parameter of a search: a range of numbers or a choice of values, and what a place in it stands for.

Samplers know numbers only: a choice is proposed as the number of its value.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Problem, did_you_mean, shown
from models.keras_catalog import argument_kinds as kinds
from models.keras_catalog.argument_kinds import check_value

__all__ = ["KINDS", "OFF", "ON", "Parameter", "check_parameter"]

ON, OFF = "on", "off"
"""Values of a whole layer or step: as the spec has it, or left out."""
KINDS = ("int", "float", "choice")
MOST_CHOICES = 100
OPTIONS = ("log", "step")
NEARLY, DIGITS = 1e-9, 12
"""Steps of a range are counted and written as people mean them: 0.1, 0.2, 0.3."""
EXPECTED = "{int: [low, high]}, {float: [low, high]} or {choice: [value, …]}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a search.

    Args:
        kind: `int`, `float` or `choice`.
        values: The lowest and the highest number, or the values of a choice.
        log: Whether numbers are drawn by their logarithm.
        step: Between two numbers; None for every number of the range.
    """

    kind: str
    values: tuple[Any, ...]
    log: bool = False
    step: float | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Parameter":
        """The parameter that a checked document describes."""
        kind = next(name for name in KINDS if name in document)
        return cls(kind, tuple(document[kind]), bool(document.get("log", False)), document.get("step"))

    def value(self, proposed: float) -> Any:
        """The value of the spec that a sampler's number stands for."""
        if self.kind == "choice":
            return self.values[int(proposed)]
        return int(proposed) if self.kind == "int" else float(proposed)

    def corners(self) -> Iterator[tuple[str, Any]]:
        """The values that decide whether all of them are right, each with its path in the parameter."""
        for index, value in enumerate(self.values):
            yield f"{self.kind}.{index}", value

    def grid(self) -> list[float] | None:
        """Every number that a grid proposes, ascending; None where there is no end of them."""
        if self.kind == "choice":
            return [float(index) for index in range(len(self.values))]
        step = self.step or (1 if self.kind == "int" else None)
        if step is None:
            return None
        low, high = self.values
        count = math.floor((high - low) / step + NEARLY) + 1
        return [min(high, round(low + index * step, DIGITS)) for index in range(count)]


def check_parameter(document: Any, path: str, problems: list[Problem]) -> dict[str, Any] | None:
    """Check what describes a parameter.

    Args:
        document: As it stands in the spec.
        path: Where, for problems.
        problems: Takes every problem that is found.

    Returns:
        The document, its numbers of their kind; None when it is wrong.
    """
    named = [kind for kind in KINDS if isinstance(document, Mapping) and kind in document]
    if not isinstance(document, Mapping) or len(named) != 1:
        problems.append(Problem(path, EXPECTED, shown(document)))
        return None
    kind = named[0]
    known = (kind, *(OPTIONS if kind != "choice" else ()))
    before = len(problems)
    for key in document:
        if key not in known:
            expected = f"one of the keys {', '.join(known)}{did_you_mean(str(key), known)}"
            problems.append(Problem(f"{path}.{key}", expected, f"{key!r}, which is none of them"))
    inner = f"{path}.{kind}"
    values = _choices(document[kind], inner, problems) if kind == "choice" else _bounds(document, kind, inner, problems)
    options = _options(document, kind, path, problems) if kind != "choice" else {}
    return None if len(problems) > before else {kind: values, **options}


def _choices(values: Any, path: str, problems: list[Problem]) -> Any:
    if not isinstance(values, list) or not values:
        problems.append(Problem(path, "a list of values", shown(values)))
    elif len(values) > MOST_CHOICES:
        problems.append(Problem(path, f"at most {MOST_CHOICES} values", f"{len(values)}"))
    elif len({_spelled(value) for value in values}) < len(values):
        problems.append(Problem(path, "values that differ from each other", shown(values)))
    return values


def _spelled(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


def _bounds(document: Mapping[str, Any], kind: str, path: str, problems: list[Problem]) -> Any:
    values = document[kind]
    if not isinstance(values, list) or len(values) != 2:
        problems.append(Problem(path, "the lowest and the highest number, [low, high]", shown(values)))
        return None
    number = kinds.integer() if kind == "int" else kinds.number()
    checked = [check_value(number, value, f"{path}.{index}", problems) for index, value in enumerate(values)]
    if None in checked:
        return None
    low, high = checked
    if low >= high:
        problems.append(Problem(path, "a lowest number below the highest", shown(values)))
    elif document.get("log") is True and low <= 0:
        problems.append(Problem(f"{path}.0", "a number above 0, as `log` is true", shown(low)))
    return checked


def _options(document: Mapping[str, Any], kind: str, path: str, problems: list[Problem]) -> dict[str, Any]:
    """`log` and `step`, of which a range has one at most."""
    options: dict[str, Any] = {}
    if document.get("log") is not None:
        options["log"] = check_value(kinds.boolean, document["log"], f"{path}.log", problems)
    if document.get("step") is not None:
        above = kinds.integer(1) if kind == "int" else kinds.number(0, above=True)
        options["step"] = check_value(above, document["step"], f"{path}.step", problems)
        if options.get("log"):
            problems.append(Problem(f"{path}.step", "no `step` where `log` is true", shown(document["step"])))
    return options
