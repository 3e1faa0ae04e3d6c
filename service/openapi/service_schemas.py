"""Schemas of health, of the web page, and of every error."""

from typing import Any

from service.openapi.json_schema import INTEGER, STRING, Schema, array, object_of

__all__ = ["EXAMPLES", "SCHEMAS"]

DETAILS = array(object_of(path=STRING, message=STRING), description="Each place, where there are several")
SCHEMAS: dict[str, Schema] = {
    "Alive": object_of(status={"const": "alive"}),
    "Live": object_of(status={"const": "ok"}),
    "Ready": object_of(
        ["status", "models", "loaded_versions"],
        status={"const": "ready"},
        models=INTEGER,
        loaded_versions=INTEGER,
        details=DETAILS,
    ),
    "Error": object_of(
        ["error"],
        error={"type": "string", "description": "One sentence that says what to do"},
        details=DETAILS,
    ),
}
EXAMPLES: dict[str, Any] = {
    "Alive": {"status": "alive"},
    "Live": {"status": "ok"},
    "Ready": {"status": "ready", "models": 1, "loaded_versions": 2},
}
