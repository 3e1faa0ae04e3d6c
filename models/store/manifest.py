"""The manifest: the one file that makes a version exist. Its fields are named as they stand on disk.

The format is written down in `models/README.md`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Annotated, Any, Self

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from models.dataclass_schema import Tuple, Value, schema_of
from models.errors import shown
from models.names import BACKENDS, LARGEST_VERSION, TASKS
from models.preprocessing.cell_forms import FORMS
from models.preprocessing.instances import AS_STORED, KINDS, ORIENTATIONS, Feature, InstanceSpec
from models.preprocessing.pipeline import Preprocessing
from models.preprocessing.sequences import padding_of
from models.strict_json import read_json

__all__ = [
    "FORMAT_VERSION",
    "IMPORT_JOB",
    "MANIFEST",
    "FileInfo",
    "GoldenRows",
    "Manifest",
    "ManifestError",
    "TensorInfo",
    "added_sentence",
    "finite",
]

FORMAT_VERSION = 1
INTEGER = fields.Integer(strict=True)
FLOAT32 = validate.OneOf(("float32",))
NOT_EMPTY = validate.Length(min=1)
MANIFEST = "manifest.json"
"""The file."""
IMPORT_JOB = "import-"
"""How the id of a job begins that imports a network."""
MAY_LACK = frozenset({"seed", "imported", "threshold", "cross_validation"})
"""Keys that stand there only where they are known."""
FILE_NAME = validate.Regexp(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z", error="a file name without a path")


class ManifestError(ValueError):
    """A manifest that cannot be read; the store adds whose it is."""

    def __init__(self, *, expected: str, received: str) -> None:
        self.expected = expected
        self.received = received
        super().__init__(f"expected {expected}; received {received}")


class _ThresholdField(fields.Field[Any]):
    """One probability, or one for each label."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        numbers = value if isinstance(value, list) and value else [value]
        if not all(type(number) in (int, float) and 0 < number < 1 for number in numbers):
            raise ValidationError("expected numbers between 0 and 1")
        return tuple(map(float, value)) if isinstance(value, list) else float(value)


class _FeatureSchema(Schema):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    optional = fields.Boolean(load_default=False)
    form = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(tuple(FORMS)))


class _InstanceSchema(Schema):
    shape = Tuple(INTEGER, required=True)
    features = Tuple(Value(Feature, _FeatureSchema(unknown=EXCLUDE)), required=True, allow_none=True)
    model_shape = Tuple(INTEGER, load_default=None, allow_none=True)
    dtype = fields.String(required=True, validate=FLOAT32)


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One input or output of the graph; `None` in the shape is the samples axis."""

    name: Annotated[str, fields.String()]
    dtype: Annotated[str, fields.String(validate=FLOAT32)]
    shape: Annotated[tuple[int | None, ...], Tuple(fields.Integer(strict=True, allow_none=True), validate=NOT_EMPTY)]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a published file must be."""

    sha256: Annotated[str, fields.String(validate=validate.Regexp(r"[0-9a-f]{64}\Z"))]
    size: Annotated[int, fields.Integer(strict=True, validate=validate.Range(min=0))]


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """Raw held-out instances with what Keras computed for them.

    Args:
        instances: As a client would send them, `(rows, *instance shape)`.
        predictions: `(rows, outputs)`.
        tolerance: The largest absolute difference that counts as equal.
    """

    instances: Annotated[list[Any], fields.List(fields.Raw(), validate=NOT_EMPTY)]
    predictions: Annotated[list[Any], fields.List(fields.Raw(), validate=NOT_EMPTY)]
    tolerance: Annotated[float, fields.Float(validate=validate.Range(min=0, max=1))]


TENSORS = Tuple(Value(TensorInfo), validate=validate.Length(equal=1))


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is known about one version; keys that a later minor revision added are passed over."""

    model: Annotated[str, fields.String()]
    version: Annotated[int, fields.Integer(strict=True, validate=validate.Range(1, LARGEST_VERSION))]
    job_id: Annotated[str, fields.String()]
    created_at: Annotated[str, fields.String()]
    task: Annotated[str, fields.String(validate=validate.OneOf(TASKS))]
    inputs: Annotated[tuple[TensorInfo, ...], TENSORS]
    outputs: Annotated[tuple[TensorInfo, ...], TENSORS]
    instance: Annotated[InstanceSpec, Value(InstanceSpec, _InstanceSchema(unknown=EXCLUDE))]
    preprocessing: Annotated[list[dict[str, Any]], fields.List(fields.Dict(keys=fields.String()))]
    class_names: Annotated[tuple[str, ...], Tuple(fields.String())]
    metrics: Annotated[dict[str, float], fields.Dict(keys=fields.String(), values=fields.Float())]
    golden_rows: Annotated[GoldenRows, Value(GoldenRows)]
    files: Annotated[dict[str, FileInfo], fields.Dict(keys=fields.String(validate=FILE_NAME), values=Value(FileInfo))]
    data: Annotated[dict[str, Any], fields.Dict()]
    backend: Annotated[str, fields.String(validate=validate.OneOf(BACKENDS))]
    package_versions: Annotated[dict[str, str], fields.Dict(keys=fields.String(), values=fields.String())]
    weights_sha256: Annotated[str, fields.String()]
    gate: Annotated[dict[str, Any] | None, fields.Dict(required=True)] = None
    target: Annotated[dict[str, Any] | None, fields.Dict()] = None
    format_version: Annotated[int, fields.Integer(strict=True)] = FORMAT_VERSION
    added_activation: Annotated[str | None, fields.String()] = None
    warnings: Annotated[tuple[str, ...], Tuple(fields.String())] = ()
    image_orientation: Annotated[str, fields.String(validate=validate.OneOf(ORIENTATIONS))] = AS_STORED
    seed: Annotated[int | None, fields.Integer()] = None
    imported: Annotated[dict[str, Any] | None, fields.Dict()] = None
    threshold: Annotated[float | tuple[float, ...] | None, _ThresholdField()] = None
    cross_validation: Annotated[dict[str, Any] | None, fields.Dict()] = None

    @property
    def is_imported(self) -> bool:
        """Whether the network comes from elsewhere; older ones show it by their job."""
        return self.imported is not None or self.job_id.startswith(IMPORT_JOB)

    @property
    def fitted_preprocessing(self) -> Preprocessing:
        """The steps, ready to be applied."""
        output_shape = [size for size in self.inputs[0].shape[1:] if size is not None]
        return Preprocessing.from_document(self.preprocessing, output_shape)

    @property
    def summary(self) -> dict[str, Any]:
        """What a finished training returns: plain JSON values; notes stand there only where there are any."""
        summary = {"model": self.model, "version": self.version, "metrics": dict(self.metrics), "gate": self.gate}
        told = {"added_activation": self.added_activation, "warnings": list(self.warnings),
                "passed_over": self.data.get("passed_over"), "cross_validation": self.cross_validation}  # fmt: skip
        return summary | {name: value for name, value in told.items() if value}

    def to_json(self) -> bytes:
        """The file's bytes: UTF-8 JSON, no NaN; what is not known of a network from elsewhere is left out."""
        document = {key: value for key, value in asdict(self).items() if value is not None or key not in MAY_LACK}
        del document["instance"]["padding"]  # it stands among the steps
        return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False).encode("utf-8")

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read and check the file's bytes.

        Raises:
            ManifestError: When it is not a manifest of a format that this code knows.
        """
        try:
            document = read_json(content)
        except ValueError as error:
            raise ManifestError(expected="UTF-8 JSON", received=str(error)) from error
        if not isinstance(document, dict) or document.get("format_version") != FORMAT_VERSION:
            received = document.get("format_version") if isinstance(document, dict) else type(document).__name__
            raise ManifestError(expected=f"format_version {FORMAT_VERSION}", received=shown(received))
        try:
            loaded = cls(**_schema().load(document))
            return replace(loaded, instance=replace(loaded.instance, padding=padding_of(loaded.preprocessing)))
        except TypeError as error:
            raise ManifestError(expected="known arguments of pad_sequences", received=str(error)) from error
        except ValidationError as error:
            path, message = _first_message(error.messages)
            raise ManifestError(expected=f"a valid {path}", received=message) from error


@cache
def _schema() -> Schema:
    return schema_of(Manifest)


def _first_message(messages: Any, path: str = "") -> tuple[str, str]:
    if isinstance(messages, Mapping):
        key, value = next(iter(messages.items()))
        return _first_message(value, f"{path}.{key}" if path else str(key))
    return path, str(messages[0])


def added_sentence(activation: str) -> str:
    """What was added to a network that gives logits, for people."""
    return f"{activation} added behind the last layer: the loss takes logits (from_logits), probabilities are served"


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that are finite numbers: JSON has no NaN, and a metric that is none says nothing."""
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
