"""The manifest: the one file that makes a version exist. Its fields are named as they stand on disk.

The format is written down in `models/README.md`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from models.preprocessing.instances import KINDS, Feature, InstanceSpec
from models.preprocessing.pipeline import Preprocessing

__all__ = ["FORMAT_VERSION", "FileInfo", "GoldenRows", "Manifest", "ManifestError", "TensorInfo", "finite"]

FORMAT_VERSION = 1
TASKS = ("softmax", "sigmoid", "multilabel", "regression")
BACKENDS = ("tensorflow", "jax", "torch")


class ManifestError(ValueError):
    """A manifest that cannot be read; the store adds whose it is."""

    def __init__(self, *, expected: str, received: str) -> None:
        self.expected = expected
        self.received = received
        super().__init__(f"expected {expected}; received {received}")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One input or output of the graph; `None` in the shape is the samples axis."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a published file must be."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class GoldenRows:
    """Raw held-out instances with what Keras computed for them.

    Args:
        instances: As a client would send them, `(rows, *instance shape)`.
        predictions: `(rows, outputs)`.
        tolerance: The largest absolute difference that counts as equal.
    """

    instances: list[Any]
    predictions: list[Any]
    tolerance: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that is known about one version."""

    model: str
    version: int
    job_id: str
    created_at: str
    task: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    instance: InstanceSpec
    preprocessing: list[dict[str, Any]]
    class_names: tuple[str, ...]
    metrics: dict[str, float]
    golden_rows: GoldenRows
    files: dict[str, FileInfo]
    data: dict[str, Any]
    seed: int
    backend: str
    package_versions: dict[str, str]
    weights_sha256: str
    gate: dict[str, Any] | None = None
    format_version: int = FORMAT_VERSION

    @property
    def fitted_preprocessing(self) -> Preprocessing:
        """The steps, ready to be applied."""
        output_shape = [size for size in self.inputs[0].shape[1:] if size is not None]
        return Preprocessing.from_document(self.preprocessing, output_shape)

    @property
    def summary(self) -> dict[str, Any]:
        """What a finished training returns: plain JSON values."""
        return {"model": self.model, "version": self.version, "metrics": dict(self.metrics), "gate": self.gate}

    def to_json(self) -> bytes:
        """The file's bytes: UTF-8 JSON, no NaN."""
        return json.dumps(asdict(self), indent=1, allow_nan=False, ensure_ascii=False).encode("utf-8")

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read and check the file's bytes.

        Raises:
            ManifestError: When it is not a manifest of a format that this code knows.
        """
        try:
            document = json.loads(content, parse_constant=_refuse_constant)
        except ValueError as error:
            raise ManifestError(expected="UTF-8 JSON", received=str(error)) from error
        if not isinstance(document, dict) or document.get("format_version") != FORMAT_VERSION:
            received = document.get("format_version") if isinstance(document, dict) else type(document).__name__
            raise ManifestError(expected=f"format_version {FORMAT_VERSION}", received=repr(received))
        try:
            return cls(**ManifestSchema().load(document))
        except ValidationError as error:
            path, message = _first_message(error.messages)
            raise ManifestError(expected=f"a valid {path}", received=message) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _first_message(messages: Any, path: str = "") -> tuple[str, str]:
    if isinstance(messages, Mapping):
        key, value = next(iter(messages.items()))
        return _first_message(value, f"{path}.{key}" if path else str(key))
    return path, str(messages[0])


class _Strict(Schema):
    class Meta:
        unknown = EXCLUDE


class _TensorSchema(_Strict):
    name = fields.String(required=True)
    dtype = fields.String(required=True, validate=validate.OneOf(("float32",)))
    shape = fields.List(fields.Integer(strict=True, allow_none=True), required=True, validate=validate.Length(min=1))


class _FeatureSchema(_Strict):
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    optional = fields.Boolean(load_default=False)


class _InstanceSchema(_Strict):
    shape = fields.List(fields.Integer(strict=True), required=True)
    features = fields.List(fields.Nested(_FeatureSchema), required=True, allow_none=True)
    model_shape = fields.List(fields.Integer(strict=True), load_default=None, allow_none=True)
    dtype = fields.String(required=True, validate=validate.OneOf(("float32",)))


class _GoldenSchema(_Strict):
    instances = fields.List(fields.Raw(), required=True, validate=validate.Length(min=1))
    predictions = fields.List(fields.Raw(), required=True, validate=validate.Length(min=1))
    tolerance = fields.Float(required=True, validate=validate.Range(min=0, max=1))


class _FileSchema(_Strict):
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))


FILE_NAME = validate.Regexp(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z", error="a file name without a path")


class ManifestSchema(_Strict):
    """The shape of the file; keys that a later minor revision added are passed over."""

    format_version = fields.Integer(required=True, strict=True)
    model = fields.String(required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    job_id = fields.String(required=True)
    created_at = fields.String(required=True)
    task = fields.String(required=True, validate=validate.OneOf(TASKS))
    inputs = fields.List(fields.Nested(_TensorSchema), required=True, validate=validate.Length(equal=1))
    outputs = fields.List(fields.Nested(_TensorSchema), required=True, validate=validate.Length(equal=1))
    instance = fields.Nested(_InstanceSchema, required=True)
    preprocessing = fields.List(fields.Dict(keys=fields.String()), required=True)
    class_names = fields.List(fields.String(), required=True)
    metrics = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    golden_rows = fields.Nested(_GoldenSchema, required=True)
    files = fields.Dict(keys=fields.String(validate=FILE_NAME), values=fields.Nested(_FileSchema), required=True)
    data = fields.Dict(required=True)
    seed = fields.Integer(required=True)
    backend = fields.String(required=True, validate=validate.OneOf(BACKENDS))
    package_versions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    weights_sha256 = fields.String(required=True)
    gate = fields.Dict(required=True, allow_none=True)

    def load(self, data: Any, **kwargs: Any) -> dict[str, Any]:
        """Check a document and make the value objects of its parts."""
        document: dict[str, Any] = super().load(data, **kwargs)
        for name in ("inputs", "outputs"):
            document[name] = tuple(TensorInfo(t["name"], t["dtype"], tuple(t["shape"])) for t in document[name])
        document["instance"] = _instance(document["instance"])
        document["class_names"] = tuple(document["class_names"])
        document["golden_rows"] = GoldenRows(**document["golden_rows"])
        document["files"] = {name: FileInfo(**info) for name, info in document["files"].items()}
        return document


def _instance(document: Mapping[str, Any]) -> InstanceSpec:
    features, model_shape = document["features"], document["model_shape"]
    return InstanceSpec(
        shape=tuple(document["shape"]),
        features=None if features is None else tuple(Feature(**feature) for feature in features),
        model_shape=None if model_shape is None else tuple(model_shape),
        dtype=document["dtype"],
    )


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that are finite numbers: JSON has no NaN, and a metric that is none says nothing."""
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}
