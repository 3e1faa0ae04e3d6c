"""Before a training is submitted: uploaded data is looked at, a spec proposed for it and checked, without a job."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields

from models.errors import InputError, StoreUnavailable, shown
from models.keras_catalog.argument_kinds import boolean, choice, listing, text
from models.settings import Settings
from models.spec.parts import CsvSpec
from models.spec.value_kinds import cell_separator, model_name, text_encoding
from models.store.datasets import Datasets
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.endpoints.jobs import read_spec_text
from service.endpoints.strict_field import StrictField
from service.http.content_negotiation import JSON, JSON_TYPES, require_content_type
from service.http.context import services
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.json_schema import BOOLEAN, STRING, TEXT, enumeration
from service.openapi.media import json_media
from service.openapi.operation import ApiBlueprint, api_response, query_parameter
from service.registry.registry import Registry

__all__ = ["blueprint"]

UPLOADED = "dataset://"
LIMIT_BYTES = 2**20
BOOLEANS = {"true": True, "false": False}
TARGET = query_parameter(
    "target",
    STRING,
    "The column or array that is to be predicted; else one with a usual name, else the last column",
    example="species",
)

HOW_TEXT_IS_READ = (
    query_parameter("separator", TEXT, "Of a file of text: the character between two cells", example=";"),
    query_parameter(
        "decimal", enumeration(".", ","), "Of a file of text: the sign before the fraction of a number", example=","
    ),
    query_parameter("encoding", TEXT, "Of a file of text: how text becomes bytes", example="windows-1252"),
    query_parameter("header", BOOLEAN, "Of a file of text: whether its first line names the columns", example=True),
)
"""Each is told from the file where it is left out, as by `data.csv` of a spec."""

blueprint = ApiBlueprint("spec_drafts", __name__, tag="Specs", scope=Scope.TRAIN)


class _CsvSchema(Schema):
    """What is said about a file of text."""

    error_messages = {"unknown": "expected separator, decimal, encoding and header; received another name"}  # noqa: RUF012 -- marshmallow's way

    separator = StrictField(cell_separator)
    decimal = StrictField(choice(".", ","))
    encoding = StrictField(text_encoding)
    header = StrictField(boolean)


class _ProposalSchema(Schema):
    """The body of a request for a spec."""

    error_messages = {"unknown": "expected source, target, features, csv and model; received another name"}  # noqa: RUF012 -- marshmallow's way

    source = StrictField(text, required=True)
    target = StrictField(text, load_default=None)
    features = StrictField(listing(text), load_default=None)
    csv = fields.Nested(_CsvSchema, load_default=None, error_messages={"type": "expected an object"})
    model = StrictField(model_name, load_default=None)


@blueprint.operation(
    "GET",
    "/v1/datasets/<name:reference>/preview",
    description="Columns with their kind, gaps and range; classes with their rows; what stands out: ids, columns that "
    "alone predict the target; how a file of text is read. Some rows of a large file stand for all. What only a "
    "trainer reads is refused with 400.",
    parameters=(TARGET, *HOW_TEXT_IS_READ),
    responses={200: api_response("What was seen", "DatasetPreview")},
    errors=(503,),
    tag="Data sets",
)
def preview_dataset(reference: str) -> Response:
    """What is to be known of a data set before it is trained on."""
    target, csv = request.args.get("target") or None, _csv_of_query(request.args)
    from service.jobs.data_preview import dataset_preview  # noqa: PLC0415 -- predictions need not wait for it

    return _answered(lambda datasets: dataset_preview.preview_dataset(datasets, reference, target=target, csv=csv))


def _csv_of_query(query: Mapping[str, str]) -> CsvSpec | None:
    said: dict[str, Any] = {one["name"]: query[one["name"]] for one in HOW_TEXT_IS_READ if one["name"] in query}
    if "header" in said:
        said["header"] = BOOLEANS.get(said["header"], said["header"])
    return _csv(_CsvSchema().load(said))


def _csv(said: dict[str, Any] | None) -> CsvSpec | None:
    return CsvSpec(**said) if said else None


@blueprint.operation(
    "POST",
    "/v1/specs/propose",
    description="As `onehot init` writes it: it trains as it stands. Only uploaded data (`dataset://…`) is looked at.",
    body=json_media("ProposalRequest"),
    responses={200: api_response("A spec that fits the data", "ProposedSpec")},
    errors=(404, 415, 503),
)
def propose_spec() -> Response:
    """Write a spec that fits a data set."""
    require_content_type(request.content_type, JSON_TYPES, expected=JSON)
    document = _ProposalSchema().load(parse_object(read_body(request, limit_bytes=LIMIT_BYTES)))
    source = document["source"]
    if not source.startswith(UPLOADED):
        expected = f"an uploaded data set, {UPLOADED}…; `onehot init` looks at everything else"
        raise InputError(where="source", expected=expected, received=shown(source))
    from service.jobs.data_preview import dataset_preview  # noqa: PLC0415 -- as above

    choices = {
        "target": document["target"], "model": document["model"], "features": _several(document["features"]),
        "csv": _csv(document["csv"]),
    }  # fmt: skip
    return _answered(lambda datasets: dataset_preview.propose_spec(datasets, source.removeprefix(UPLOADED), **choices))


def _several(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


@blueprint.operation(
    "POST",
    "/v1/specs/check",
    description="Nothing is queued. A spec that cannot be trained is refused as `POST /v1/jobs` would: with every "
    "problem at once, each with its path.",
    body=json_media("Spec", "application/json", "application/yaml"),
    responses={200: api_response("It can be submitted", "CheckedSpec")},
    errors=(415, 503),
)
def check_spec() -> Response:
    """Check a spec as a submission would, without submitting it."""
    body, document = read_spec_text(request)
    return json_answer(
        run_in_thread(_checked, body, document, settings=services().settings, registry=services().registry)
    )


def _checked(body: bytes, document: dict[str, Any] | None, *, settings: Settings, registry: Registry) -> dict[str, Any]:
    from models.spec.yaml_text import dump_document  # noqa: PLC0415 -- predictions need not wait for it
    from service.jobs.data_preview.memory import MemoryBounds  # noqa: PLC0415 -- as above
    from service.jobs.spec_check import read_spec, written_spec  # noqa: PLC0415 -- as above

    written, bounds = written_spec(body) if document is None else document, MemoryBounds.of(settings)
    spec = read_spec(written, roots=settings.data_roots, datasets=_uploaded(registry), bounds=bounds)
    return {"spec": spec.document, "written": written, "text": dump_document(written).decode()}


def _uploaded(registry: Registry) -> Datasets | None:
    try:
        return Datasets(registry.store.objects)
    except StoreUnavailable:
        return None  # the trainer will see what is there


def _answered(look: Callable[[Datasets], dict[str, Any]]) -> Response:
    """What a look at the uploaded data sets gives; it takes time, and reads the store."""
    registry = services().registry
    return json_answer(run_in_thread(lambda: look(Datasets(registry.store.objects))))
