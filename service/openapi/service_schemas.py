"""Schemas of health, of the web page, of this document, and of every error."""

from typing import Any

from models.api_keys import SCOPES
from service.openapi.json_schema import (
    BOOLEAN,
    INTEGER,
    OBJECT,
    STRING,
    Schema,
    array,
    enumeration,
    nullable,
    object_of,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

DETAILS = array(reference("Problem"), description="Each place, where there are several")


def _status(value: str, description: str) -> Schema:
    return object_of(status={"type": "string", "const": value}) | {"description": description}


SCHEMAS: dict[str, Schema] = {
    "Alive": _status("alive", "The service lives, as KServe's V1 protocol has it"),
    "Live": _status("ok", "The process answers"),
    "Ready": object_of(
        ["status", "models", "loaded_versions"],
        status={"type": "string", "const": "ready"},
        models=INTEGER | {"description": "How many models are known"},
        loaded_versions=INTEGER | {"description": "How many versions answer"},
        details=DETAILS,
    )
    | {"description": "The service is ready to predict"},
    "Caller": object_of(
        keys_required=BOOLEAN | {"description": "Whether keys are configured, and asked for"},
        key_id=nullable(STRING, description="By which lists and logs name the key; null without a known one"),
        scopes=array(enumeration(*SCOPES), description="Of the operations that the caller may use"),
    )
    | {"description": "Who calls, and what that caller may do"},
    "Error": object_of(
        ["error"],
        error=STRING | {"description": "One sentence that says what to do"},
        details=DETAILS,
    )
    | {"description": "Why a request was refused or failed"},
    "Problem": object_of(
        path=STRING | {"description": "The place, as `layers.0.Conv2D.filters`"},
        message=STRING | {"description": "What was expected there, and what was received"},
    )
    | {"description": "One place that is not as it must be"},
    "OpenAPI": {
        "type": "object",
        "description": "An OpenAPI document",
        "required": ["openapi", "paths"],
        "properties": {
            "openapi": STRING | {"description": "The version of OpenAPI"},
            "paths": OBJECT | {"description": "Path → method → operation"},
        },
    },
}
EXAMPLES: dict[str, Any] = {
    "Alive": {"status": "alive"},
    "Live": {"status": "ok"},
    "Ready": {"status": "ready", "models": 1, "loaded_versions": 2},
    "Caller": {"keys_required": True, "key_id": "3f9a5c7b1d2e", "scopes": ["predict", "train"]},
    "Error": {
        "error": "layers.0.Dense.units: expected a whole number from 1; received 0",
        "details": [{"path": "layers.0.Dense.units", "message": "expected a whole number from 1; received 0"}],
    },
    "Problem": {"path": "layers.0.Dense.units", "message": "expected a whole number from 1; received 0"},
    "OpenAPI": {"openapi": "3.1.0", "paths": {}},
}
