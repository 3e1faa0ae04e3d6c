"""Every key of a spec, found in the types of its parts alone."""

from collections.abc import Iterator
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from models.keras_catalog.objects import ObjectSpec
from models.preprocessing.pipeline import StepSpec
from models.spec.parts import Spec

__all__ = ["spec_keys"]


def spec_keys(part: type[Any] = Spec, place: str = "") -> Iterator[str]:
    """The paths of the keys of a part and of the parts within it: `gate`, `gate.metric`."""
    hints = get_type_hints(part)
    for field in fields_of(part):
        path = f"{place}{field.name}"
        yield path
        for inner in (hints[field.name], *get_args(hints[field.name])):
            if is_dataclass(inner) and inner not in (ObjectSpec, StepSpec):
                yield from spec_keys(inner, f"{path}.")
