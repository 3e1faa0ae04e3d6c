from dataclasses import dataclass
from typing import Annotated

import pytest
from marshmallow import ValidationError, fields

from models.dataclass_schema import Tuple, Value, schema_of


@dataclass(frozen=True)
class Point:
    x: Annotated[int, fields.Integer(strict=True)]
    y: Annotated[int, fields.Integer(strict=True)] = 0
    name: Annotated[str | None, fields.String()] = None


@dataclass(frozen=True)
class Line:
    points: Annotated[tuple[Point, ...], Tuple(Value(Point))]


def test_a_schema_loads_the_arguments_of_its_dataclass():
    """Keys that are not given, and keys that are not known, are left out: the dataclass has the defaults."""
    assert schema_of(Point).load({"x": 1, "z": 3}) == {"x": 1}


def test_nested_values_and_tuples_are_made():
    """A document becomes a value all the way down."""
    assert schema_of(Line).load({"points": [{"x": 1}, {"x": 2, "y": 3}]}) == {"points": (Point(1), Point(2, 3))}


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({}, {"x"}),
        ({"x": None}, {"x"}),
        ({"x": 1, "y": None}, {"y"}),
        ({"x": "1"}, {"x"}),
        ({"x": 1, "name": None}, set()),
    ],
)
def test_what_is_required_and_what_may_be_null_follows_from_the_defaults(document, wrong):
    """Without a default a field is required; null is for those whose default it is."""
    problems: set[str] = set()
    try:
        schema_of(Point).load(document)
    except ValidationError as error:
        problems = set(error.messages_dict)
    assert problems == wrong
