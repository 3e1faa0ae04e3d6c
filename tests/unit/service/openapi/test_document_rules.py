"""What linters ask for (redocly's `recommended`, spectral's `oas`), and what generators of clients need.

Each failure names the operation, the parameter or the schema, and what it lacks.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from service.openapi.components import SCHEMAS
from service.openapi.document import openapi_document

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
VERBS_ALONE = frozenset({"predict", "classify", "regress", "infer"})
"""The calls on a model; every other operation names its resource too: `get_job`, not `get`."""
TEMPLATED = re.compile(r"{(\w+)}")
NAMED_OPERATIONS = (
    "predict", "predict_version", "predict_label", "classify", "classify_version", "classify_label", "regress",
    "regress_version", "regress_label", "infer", "infer_version", "list_models", "get_model", "get_model_version",
    "get_model_label", "get_model_metadata", "get_version_report", "delete_version", "set_label", "delete_label",
    "submit_job", "list_jobs", "get_job", "cancel_job", "follow_job", "upload_dataset", "list_datasets", "get_dataset",
    "delete_dataset", "get_health", "get_readiness", "get_metrics", "get_openapi", "list_runs",
    "get_run", "compare_runs", "update_run", "submit_search", "list_searches", "get_search", "cancel_search",
    "follow_search",
)  # fmt: skip
"""A client that was generated calls these: another name is a breaking change."""


@pytest.fixture
def document(app) -> dict[str, Any]:
    """With API keys, which is all that there is without them and more."""
    return openapi_document(app, is_locked=True)


def operations(document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def media_types(operation) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", media
    for status, response in operation["responses"].items():
        for kind, media in response.get("content", {}).items():
            yield f"{status} {kind}", media


def schemas(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object below a node that says a type, with its place."""
    if isinstance(node, dict):
        if "type" in node or "properties" in node:
            yield place, node
        for name, part in node.items():
            if name not in ("example", "examples"):
                yield from schemas(part, f"{place}.{name}")
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from schemas(part, f"{place}.{index}")


def problems_of(schema: dict[str, Any], value: Any) -> list[str]:
    """Why a value is none of a schema; most of the document's are the same."""
    return _problems_of(json.dumps(schema), json.dumps(value))


@cache
def _problems_of(schema: str, value: str) -> list[str]:
    validator = Draft202012Validator({**json.loads(schema), "components": {"schemas": SCHEMAS}})
    return [error.message for error in validator.iter_errors(json.loads(value))]


def test_it_says_whose_it_is_and_under_which_licence(document) -> None:
    """The metadata that linters and readers look for."""
    info = document["info"]
    assert {"title", "version", "summary", "description", "license", "contact"} <= set(info)
    assert info["license"]["identifier"] == "Apache-2.0"
    assert [server["url"] for server in document["servers"]] == ["."]


def test_every_operation_says_what_it_is_for(document) -> None:
    """A summary in one line without a full stop, and a description in sentences."""
    missing = [
        f"{name}: no {part}" for name, operation in operations(document) for part in ("summary", "description")
        if not operation.get(part)
    ]  # fmt: skip
    odd = [f"{name}: {one['summary']}" for name, one in operations(document) if one["summary"].endswith(".")]
    assert (missing, odd) == ([], [])


def test_operation_ids_are_names_that_a_person_would_choose(document) -> None:
    """Unique, in snake case, with a verb and what it is about; they are the endpoints' own names."""
    named = {name: operation["operationId"] for name, operation in operations(document)}
    twice = [one for one, count in Counter(named.values()).items() if count > 1]
    assert twice == []
    places = ("_version", "_label")
    odd = [
        f"{name}: {one}" for name, one in named.items() if not SNAKE.fullmatch(one) or
        ("_" not in one and one not in VERBS_ALONE)
    ]  # fmt: skip
    assert odd == [], f"expected a verb and its resource, as get_job; {places} are added for several routes"
    assert set(NAMED_OPERATIONS) <= set(named.values())


def test_every_tag_is_declared_with_a_description(document) -> None:
    """One tag an operation; its sentence stands in `service/openapi/document.py`."""
    described = {tag["name"] for tag in document["tags"] if tag.get("description")}
    missing = [f"{name}: {one['tags']}" for name, one in operations(document) if {*one["tags"]} - described]
    assert missing == []
    assert [name for name, one in operations(document) if len(one["tags"]) != 1] == []


def test_every_parameter_has_a_description_a_schema_and_an_example(document) -> None:
    """The example is one that the schema takes; those of a path are exactly the path's."""
    missing, odd = [], []
    for name, operation in operations(document):
        parameters = operation.get("parameters", [])
        for one in parameters:
            place = f"{name}: parameter {one['name']}"
            missing += [f"{place}: no {part}" for part in ("description", "schema", "example") if part not in one]
            odd += [f"{place}: {text}" for text in problems_of(one["schema"], one.get("example"))]
        in_path = [one["name"] for one in parameters if one["in"] == "path"]
        assert in_path == TEMPLATED.findall(name), name
    assert (missing, odd) == ([], [])


def test_every_form_of_a_body_has_a_schema(document) -> None:
    """Bytes and text too: a generator leaves out what has none, and at times the whole operation."""
    missing = [
        f"{name}: {kind}: no schema" for name, operation in operations(document)
        for kind, media in media_types(operation) if not media.get("schema")
    ]  # fmt: skip
    assert missing == []


def test_a_body_in_several_forms_has_an_optional_parameter_beside_it(document) -> None:
    """openapi-python-client writes a function that cannot be imported else: it forgets to import `Unset`."""
    known = {"application/json", "application/octet-stream", "multipart/form-data"}
    for name, operation in operations(document):
        forms = known & set(operation.get("requestBody", {}).get("content", {}))
        if len(forms) > 1:
            assert [one for one in operation["parameters"] if not one.get("required")], f"{name}: {sorted(forms)}"


def test_every_json_document_has_an_example_that_its_schema_takes(document) -> None:
    """Requests, answers and errors."""
    missing, odd = [], []
    for name, operation in operations(document):
        for kind, media in media_types(operation):
            if kind.endswith("application/json"):
                place = f"{name}: {kind}"
                missing += [] if "example" in media else [f"{place}: no example"]
                odd += [f"{place}: {text}" for text in problems_of(media["schema"], media.get("example"))]
    assert (missing, odd) == ([], [])


def test_every_schema_has_a_description_and_an_example_that_it_takes(document) -> None:
    """Those that have a name, in `service/openapi/*_schemas.py`."""
    components = document["components"]["schemas"]
    missing = [
        f"{name}: no {part}" for name, schema in components.items() for part in ("description", "examples")
        if not schema.get(part)
    ]  # fmt: skip
    odd = [
        f"{name}: {text}" for name, schema in components.items() for example in schema.get("examples", ())
        for text in problems_of(schema, example)
    ]  # fmt: skip
    assert (missing, odd) == ([], [])


def test_every_operation_says_how_it_succeeds_and_how_it_is_refused(document) -> None:
    """At least one status from 200 to 399 and one from 400 to 499; each response has a description."""
    for name, operation in operations(document):
        responses = operation["responses"]
        assert {status[0] for status in responses} & {"2", "3"}, name
        assert any(status.startswith("4") for status in responses), name
        assert [status for status, response in responses.items() if not response.get("description")] == [], name


@pytest.mark.parametrize("is_locked", [False, True])
def test_every_operation_says_which_key_it_needs(app, is_locked) -> None:
    """None, a key of one of the declared schemes, or either way where no keys are configured."""
    document = openapi_document(app, is_locked=is_locked)
    schemes = set(document["components"]["securitySchemes"])
    assert schemes == {"apiKey", "bearer"}
    for name, operation in operations(document):
        assert "security" in operation, name
        assert {scheme for one in operation["security"] for scheme in one} <= schemes, name
        assert bool(operation["security"]) == ("x-scope" in operation), name


def test_paths_are_spelled_alike(document) -> None:
    """No slash at the end, no query, no empty argument."""
    assert [path for path in document["paths"] if path != "/" and path.endswith("/")] == []
    assert [path for path in document["paths"] if "?" in path or "{}" in path] == []


def test_schemas_are_of_the_kinds_that_generators_know(document) -> None:
    """A list says of what, an enumeration of which type, and nothing required is undescribed."""
    odd = []
    for place, schema in schemas(document, "openapi"):
        kinds = schema.get("type", ())
        is_list = "array" in ([kinds] if isinstance(kinds, str) else kinds)
        odd += [f"{place}: a list of what?"] if is_list and "items" not in schema else []
        undescribed = set(schema.get("required", ())) - set(schema.get("properties", ()))
        odd += [f"{place}: {sorted(undescribed)} required, but no property"] if undescribed else []
    assert odd == []
    components = document["components"]["schemas"]
    assert [place for place, node in untyped_enumerations(components, "schemas")] == []


def test_every_object_says_what_it_holds(document) -> None:
    """Named properties, or any: openapi-typescript takes one that says neither for an object without properties."""
    words = {"properties", "additionalProperties", "minProperties"}
    found = [
        place for place, schema in schemas(document["components"]["schemas"], "schemas")
        if "object" in schema.get("type", ()) and not words & set(schema)
    ]  # fmt: skip
    assert [place for place in found if not place.endswith(".not")] == []


def test_generated_fields_can_be_written_and_read(document) -> None:
    """openapi-generator renames reserved words of Java, but no literal; openapi-fetch drops what can only be null."""
    found = [
        f"{place}.{name}" for place, schema in schemas(document["components"]["schemas"], "schemas")
        for name, field in schema.get("properties", {}).items()
        if name in ("true", "false", "null") or field.get("type") == "null"
    ]  # fmt: skip
    assert found == []


def untyped_enumerations(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list) and "type" not in node:
            yield place, node
        for name, part in node.items():
            yield from untyped_enumerations(part, f"{place}.{name}")
    elif isinstance(node, list):
        for index, part in enumerate(node):
            yield from untyped_enumerations(part, f"{place}.{index}")


def test_no_schema_refers_to_itself(document) -> None:
    """Directly or through others: openapi-python-client leaves out every operation that comes across such a one."""
    components = document["components"]["schemas"]
    uses = {name: set(re.findall(r"schemas/(\w+)'", str(schema))) for name, schema in components.items()}
    for name in uses:
        reached, ahead = set(), {name}
        while ahead:
            ahead = {used for one in ahead for used in uses[one]} - reached
            reached |= ahead
        assert name not in reached, name
