"""Objects walked along their schemas: every value with the type that Kubernetes gives it.

The schemas are those of `kubernetes-validate`, and for kinds that are not Kubernetes' own the files in `schemas/`. A
rule about probes thus holds in each container of each kind that makes pods, without a list of the places.
"""

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from tests.contract.manifests.cluster import Document

__all__ = ["NEWEST", "OLDEST", "Node", "definition_of", "nodes", "validator"]

# The oldest version has the HPA's ContainerResource, preStop sleep and matchLabelKeys switched on by default.
OLDEST = "1.31.0"
NEWEST = "1.37.0"
CUSTOM = Path(__file__).parent / "schemas"
Schema = dict[str, Any]


FORMATS = jsonschema.FormatChecker(formats=())
for _bits in (32, 64):
    FORMATS.checks(f"int{_bits}")(
        lambda value, most=2 ** (_bits - 1): not isinstance(value, int) or -most <= value < most
    )


@dataclass(frozen=True, slots=True)
class Node:
    """A value in an object.

    Args:
        path: Where it is: `spec.template.spec.containers.0`.
        type: Kubernetes' name of its type, without the group: `Container`; empty for plain values.
        field: Its owner's type and its name there: `PodSpec.containers`; empty for what no field holds directly.
        value: What it is.
        keys: Of a list, the fields that tell its items apart.
    """

    path: str
    type: str
    field: str
    value: Any
    keys: tuple[str, ...] = ()


@functools.cache
def definitions(version: str) -> dict[str, Schema]:
    """All types by their full names."""
    file = f"kubernetes-json-schema/v{version}-local-strict/_definitions.json"
    known: dict[str, Schema] = json.loads(resources.files("kubernetes_validate").joinpath(file).read_text())["$defs"]
    for path in sorted(CUSTOM.glob("*.yaml")):
        known |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return known


@functools.cache
def _kinds(version: str) -> dict[tuple[str, str], str]:
    """The full names of the types of whole objects."""
    kinds = {}
    for name, schema in definitions(version).items():
        fields = schema.get("properties", {})
        api, kind = (fields.get(field, {}).get("enum", [""])[0] for field in ("apiVersion", "kind"))
        kinds[api, kind] = name
    return kinds


def definition_of(document: Document, version: str = NEWEST) -> str | None:
    """The full name of an object's type, if the version has it."""
    return _kinds(version).get((document.get("apiVersion", ""), document.get("kind", "")))


@functools.cache
def validator(name: str, version: str) -> jsonschema.Draft202012Validator:
    """The strict schema of a type."""
    schema = {"$ref": f"#/$defs/{name}", "$defs": definitions(version)}
    return jsonschema.Draft202012Validator(schema, format_checker=FORMATS)


def nodes(document: Document) -> Iterator[Node]:
    """Every value of an object, the object first; those of an unknown kind have none."""
    name = definition_of(document)
    if name is not None:
        yield from _walk(document, {"$ref": f"#/$defs/{name}"}, "", "")


def _walk(value: Any, schema: Schema, path: str, field: str) -> Iterator[Node]:
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    found = definitions(NEWEST)[name] if name else schema
    short = name.rpartition(".")[2]
    if value is None:
        return
    yield Node(path, short, field, value, tuple(found.get("x-kubernetes-list-map-keys", ())))
    if isinstance(value, dict):
        for key, inner, one in _fields(value, found):
            yield from _walk(one, inner, f"{path}.{key}".lstrip("."), f"{short}.{key}" if short else "")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _walk(one, found.get("items", {}), f"{path}.{index}", "")


def _fields(value: Document, schema: Schema) -> Iterator[tuple[str, Schema, Any]]:
    rest = schema.get("additionalProperties")
    for key, one in value.items():
        yield key, schema.get("properties", {}).get(key, rest if isinstance(rest, dict) else {}), one
