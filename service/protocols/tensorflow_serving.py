"""TensorFlow Serving's REST documents: predict, classify and regress requests, status, metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.class_ranking import ranked_classes, threshold_of
from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec
from models.store.manifest import Manifest, TensorInfo
from service.protocols.instance_form import instance_form
from service.protocols.table_columns import names_columns, rows_of_columns
from service.registry.snapshot import VersionStatus

__all__ = [
    "ROW",
    "SIGNATURE",
    "PredictForm",
    "classify_results",
    "metadata_document",
    "predictions_key",
    "read_examples",
    "read_predict",
    "regress_results",
    "status_document",
]

SIGNATURE = "serving_default"
ROW = "instances"
COLUMNAR = "inputs"
ANSWERS = {ROW: "predictions", COLUMNAR: "outputs"}


@dataclass(frozen=True, slots=True)
class PredictForm:
    """A predict request, taken out of its form.

    Args:
        key: `instances` or `inputs`: what the values are called in errors.
        values: The instances, as the client wrote them.
    """

    key: str
    values: Any


def predictions_key(key: str) -> str:
    """What the predictions are called in the answer to instances in row form or columnar form."""
    return ANSWERS[key]


def read_predict(document: Mapping[str, Any], manifest: Manifest) -> PredictForm:
    """Read a predict request in row form (`instances`) or columnar form (`inputs`).

    Raises:
        InputError: When it has both or none, or asks for another signature.
    """
    _check_signature_name(document)
    given = [key for key in ANSWERS if key in document]
    if len(given) != 1:
        received = " and ".join(given) or (", ".join(map(shown, list(document)[:5])) or "an empty object")
        raise InputError(where="body", expected='either "instances" or "inputs"', received=received)
    name = manifest.inputs[0].name
    if given == [COLUMNAR]:
        return PredictForm(COLUMNAR, _column(document[COLUMNAR], name, manifest.instance))
    return PredictForm(ROW, _unwrapped(document[ROW], name, manifest.instance))


def _check_signature_name(document: Mapping[str, Any]) -> None:
    name = document.get("signature_name", SIGNATURE)
    if name not in (SIGNATURE, ""):
        raise InputError(where="signature_name", expected=f'"{SIGNATURE}"', received=shown(name))


def _column(value: Any, name: str, instance: InstanceSpec) -> Any:
    """The value of the only input, bare or by its name, other names passed over; or a table's columns."""
    if not isinstance(value, dict):
        return value
    if names_columns(list(value), instance, input_name=name):
        return rows_of_columns(value, instance, where=COLUMNAR)
    if name not in value:
        received = ", ".join(map(shown, list(value)[:5])) or "no names"
        raise InputError(where=COLUMNAR, expected=f"a value for the input {name!r}", received=received)
    return value[name]


def _unwrapped(values: Any, name: str, instance: InstanceSpec) -> Any:
    """Rows as bare values, also where each came as `{input name: value}`."""
    if not isinstance(values, list) or any(feature.name == name for feature in instance.features or ()):
        return values
    return [row[name] if isinstance(row, dict) and list(row) == [name] else row for row in values]


def read_examples(document: Mapping[str, Any], manifest: Manifest) -> PredictForm:
    """Read a classify or regress request: `examples` with their common `context`, or `instances`.

    Raises:
        InputError: When it has both or none, or asks for another signature.
    """
    _check_signature_name(document)
    if ("examples" in document) == (ROW in document):
        received = "both" if ROW in document else "neither"
        raise InputError(where="body", expected='either "examples" or "instances"', received=received)
    if ROW in document:
        return PredictForm(ROW, _unwrapped(document[ROW], manifest.inputs[0].name, manifest.instance))
    context = document.get("context", {})
    if not isinstance(context, dict):
        raise InputError(where="context", expected="an object of features", received=shown(context))
    examples = document["examples"]
    if not isinstance(examples, list):
        raise InputError(where="examples", expected="a list of at least one example", received=shown(examples))
    rows = [_bare_features({**context, **one}, manifest.instance) if isinstance(one, dict) else one for one in examples]
    return PredictForm("examples", _unwrapped(rows, manifest.inputs[0].name, manifest.instance))


def _bare_features(example: dict[str, Any], instance: InstanceSpec) -> dict[str, Any]:
    """A feature of one value may come as a list of one."""
    names = {feature.name for feature in instance.features or ()}
    return {name: value[0] if name in names and isinstance(value, list) and len(value) == 1 else value
            for name, value in example.items()}  # fmt: skip


def classify_results(predictions: Array, manifest: Manifest, *, top_k: int | None) -> list[list[list[Any]]]:
    """Scores with their labels, best first, for each instance.

    Args:
        predictions: `(batch, outputs) float32`.
        manifest: Of the version that made them.
        top_k: How many labels at most; all when None.

    Raises:
        InputError: For a regression.
    """
    if manifest.task == "regression":
        expected = "a classifier"
        raise InputError(where=f"model {manifest.model!r}", expected=expected, received="a regression: use :predict")
    ranked = ranked_classes(
        predictions, manifest.class_names, task=manifest.task, top_k=top_k, threshold=manifest.threshold
    )
    return [[list(pair) for pair in pairs] for pairs in ranked]


def regress_results(predictions: Array, manifest: Manifest) -> Array:
    """One number for each instance.

    Args:
        predictions: `(batch, 1) float32`.
        manifest: Of the version that made them.

    Raises:
        InputError: For a classifier, or a regression with several outputs.
    """
    where = f"model {manifest.model!r}"
    if manifest.task != "regression":
        raise InputError(where=where, expected="a regression", received="a classifier: use :predict or :classify")
    flat = predictions.reshape(-1)
    if len(flat) != len(predictions):
        received = f"{predictions.shape[1]} outputs: use :predict"
        raise InputError(where=where, expected="a regression with one output", received=received)
    return flat


def status_document(versions: Sequence[VersionStatus]) -> dict[str, Any]:
    """The document of `GET /v1/models/{m}`, the newest version first."""
    newest_first = sorted(versions, key=lambda status: -status.version)
    return {"model_version_status": [_version_status(status) for status in newest_first]}


def _version_status(status: VersionStatus) -> dict[str, Any]:
    return {
        "version": str(status.version),
        "state": status.state,
        "status": {"error_code": status.error_code, "error_message": status.reason},
    }


def metadata_document(manifest: Manifest) -> dict[str, Any]:
    """The document of `…/metadata`; `signature_def` is nested twice, as TensorFlow Serving does it."""
    (graph_input,), (output,) = manifest.inputs, manifest.outputs
    raw = TensorInfo(graph_input.name, "float32", (None, *manifest.instance.shape))
    dtype = "DT_FLOAT" if manifest.instance.is_numeric else "DT_STRING"
    signature = {
        "inputs": {raw.name: _tensor_document(raw, dtype)},
        "outputs": {output.name: _tensor_document(output, "DT_FLOAT")},
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }
    return {
        "model_spec": {"name": manifest.model, "signature_name": "", "version": str(manifest.version)},
        "metadata": {
            "signature_def": {"signature_def": {SIGNATURE: signature}},
            "task": manifest.task,
            "class_names": list(manifest.class_names),
            "threshold": threshold_of(manifest.task, manifest.threshold),
            "instance": instance_form(manifest),
        },
    }


def _tensor_document(tensor: TensorInfo, dtype: str) -> dict[str, Any]:
    sizes = [-1 if size is None else size for size in tensor.shape]
    dim = [{"size": str(size), "name": ""} for size in sizes]
    return {
        "dtype": dtype,
        "tensor_shape": {"dim": dim, "unknown_rank": False},
        "name": f"{tensor.name}:0",
    }
