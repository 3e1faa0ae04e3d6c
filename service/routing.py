"""Paths of the HTTP interface."""

from flask import Blueprint
from flask.typing import RouteCallable
from werkzeug.routing import BaseConverter, IntegerConverter

__all__ = ["NameConverter", "NumberConverter", "add_version_routes"]

PLACES = ("", "/versions/<int:version>", "/labels/<name:label>")


class NameConverter(BaseConverter):
    """A part of a path up to the next slash or colon; whether it names something is for the registry to say."""

    regex = r"[^/:]+"


class NumberConverter(IntegerConverter):
    """A number in ASCII digits; the digits of other scripts name no version."""

    regex = "[0-9]+"


def add_version_routes(blueprint: Blueprint, suffix: str, view: RouteCallable, *, method: str) -> None:
    """Route a call on a model, on one of its versions by number, and on one by label."""
    for place in PLACES:
        blueprint.add_url_rule(f"/v1/models/<name:model>{place}{suffix}", view_func=view, methods=[method])
