"""An existing Keras file as a version: loaded, exported, compared, published. Importing this module imports Keras."""

import hashlib
import tempfile
import uuid
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from models.errors import DataError, reason_of
from models.keras_catalog.objects import ObjectSpec
from models.preprocessing.instances import Array, InstanceSpec
from models.preprocessing.pipeline import Preprocessing
from models.preprocessing.steps import Astype
from models.spec.head import REGRESSION, SIGMOID, find_head
from models.store.manifest import IMPORT_JOB, GoldenRows, Manifest
from models.store.store import Store
from trainer.data import Dataset
from trainer.data.head import Head
from trainer.data.preparation import Piece
from trainer.evaluation.details import held_out_details
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.report import make_report
from trainer.export.onnx_export import export_keras, export_onnx
from trainer.export.parity import check_parity
from trainer.importing.h5_file import is_h5
from trainer.importing.keras_file_check import check_keras_file, compiled_loss, layer_specs
from trainer.importing.measuring import measure
from trainer.importing.other_files import unloaded_h5
from trainer.publication import GOLDEN_ROWS, Candidate, describe_data, draft_manifest, publish

__all__ = ["import_network", "random_rows"]

BACKEND = "tensorflow"
ROWS = 64
MIXED = "mixed_"
NOTHING_MEASURED: tuple[dict[str, Piece], Evaluation] = ({}, Evaluation({}, np.zeros((0, 0), np.float32), None, ()))


def import_network(
    content: bytes, model: str, *, where: str, class_names: Sequence[str], store: Store,
    dataset: Dataset | None = None,
) -> Manifest:  # fmt: skip
    """Publish a `.keras` or `.h5` file.

    Args:
        content: Its bytes.
        model: The model that gets a new version.
        where: What the file is called in errors.
        class_names: In the order of the outputs; numbers when there are none.
        store: Where the version goes.
        dataset: What it is measured on; without it the version has no metrics.

    Raises:
        DataError: When the file cannot be loaded safely, or is no network that can be served.
        TrainingError: When ONNX Runtime does not take the export, or computes something else.
    """
    loss = compiled_loss(check_keras_file(content, where=where))
    network = _load(content, where)
    shape, head = _input_shape(network, where), _head(network, loss, where)
    names = _class_names(head, class_names)
    if head.added_activation is not None:
        network = _with_activation(network, head.added_activation)
    is_kept = head.added_activation is None and not is_h5(content)
    inputs = random_rows(network, shape)
    predictions = np.asarray(network.predict(inputs, verbose=0), np.float32)
    graph = export_onnx(network, head)
    parity = check_parity(graph, inputs, predictions, precision=_precision(network))
    data: dict[str, Any] = {}
    pieces, evaluation = NOTHING_MEASURED
    if dataset is not None:
        pieces, evaluation = measure(dataset, network, head, names)
        data = describe_data(dataset.source, dataset.sha256, pieces)
    draft = draft_manifest(
        network, head, Preprocessing((Astype(),), shape), InstanceSpec(shape, None, shape), model=model,
        class_names=names, metrics=evaluation.metrics.get("test", {}), data=data, backend=BACKEND,
        imported={"file": where, "sha256": hashlib.sha256(content).hexdigest()},
        golden_rows=GoldenRows(
            inputs[:GOLDEN_ROWS].tolist(), predictions[:GOLDEN_ROWS].tolist(), parity.tolerance
        ),
    )  # fmt: skip
    details = held_out_details(head, pieces["test"].labels, evaluation) if pieces else {}
    report = make_report(draft, pieces, evaluation, parity=parity, imported=where, **details)
    kept = content if is_kept else export_keras(network)
    candidate = Candidate(draft, {"model.onnx": graph, "model.keras": kept, "report.json": report})
    return publish(candidate, store=store, job_id=f"{IMPORT_JOB}{uuid.uuid4().hex}")


def _load(content: bytes, where: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("model.h5" if is_h5(content) else "model.keras")
        path.write_bytes(content)
        try:
            with warnings.catch_warnings(action="ignore"):  # they are about the state of optimizers, which is not used
                network = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:
            if is_h5(content):
                raise unloaded_h5(where, error) from error
            expected = "a network that Keras loads in safe mode"
            raise DataError(where=where, expected=expected, received=reason_of(error)) from error
    if not network.built:
        received = "one that was saved before it saw any"
        raise DataError(where=where, expected="a network that knows its input's shape", received=received)
    return network


def _input_shape(network: Any, where: str) -> tuple[int, ...]:
    inputs = network.inputs or []
    if len(inputs) != 1 or len(network.outputs) != 1:
        received = f"{len(inputs)} inputs, {len(network.outputs or [])} outputs"
        raise DataError(where=where, expected="a network of one input and one output", received=received)
    shape = inputs[0].shape[1:]
    if any(size is None for size in shape):
        raise DataError(where=where, expected="an input whose sizes are known", received=f"shape {list(shape)}")
    return tuple(int(size) for size in shape)


def _with_activation(network: Any, activation: str) -> Any:
    """The same layers, and behind them what makes probabilities of their logits."""
    last = keras.layers.Activation(activation, dtype="float32")
    if isinstance(network, keras.Sequential):
        return keras.Sequential([keras.Input(network.input_shape[1:]), *network.layers, last], name=network.name)
    return keras.Model(network.inputs, last(network.outputs[0]), name=network.name)


def _head(network: Any, loss: ObjectSpec | None, where: str) -> Head:
    found = find_head(layer_specs(network), loss)
    if found is None or network.output_shape[1:] != (found.units,):
        expected = "a network that ends in softmax, sigmoid or linear units, one row of them for each instance"
        raise DataError(where=where, expected=expected, received=f"an output of shape {list(network.output_shape[1:])}")
    return Head(found.task, found.units, added_activation=found.added_activation)


def _class_names(head: Head, given: Sequence[str]) -> tuple[str, ...]:
    if head.task == REGRESSION and given:
        expected = "none for a network with linear units; a classifier says `from_logits=True` in its compiled loss"
        raise DataError(where="--class-names", expected=expected, received=", ".join(given))
    if head.task == REGRESSION:
        return ()
    wanted = 2 if head.task == SIGMOID else head.units
    names = tuple(given) or tuple(str(number) for number in range(wanted))
    if len(names) != wanted or len(set(names)) != wanted:
        raise DataError(where="--class-names", expected=f"{wanted} different names", received=", ".join(names))
    return names


def random_rows(network: Any, shape: tuple[int, ...]) -> Array:
    """Rows in the range of the first layer: words of an Embedding, pixels of a Rescaling.

    Returns:
        `(rows, *shape) float32`.
    """
    rng = np.random.default_rng(0)
    layers = [layer for layer in network.layers if type(layer).__name__ != "InputLayer"]
    words = next((layer.input_dim for layer in layers[:1] if type(layer).__name__.endswith("Embedding")), None)
    if words is not None:
        return rng.integers(0, words, (ROWS, *shape)).astype(np.float32)
    if layers and type(layers[0]).__name__ == "Rescaling":
        pixels: Array = (rng.random((ROWS, *shape)) / np.abs(np.max(layers[0].scale))).astype(np.float32)
        return pixels
    rows: Array = rng.normal(size=(ROWS, *shape)).astype(np.float32)
    return rows


def _precision(network: Any) -> str:
    policies = {layer.dtype_policy.name for layer in network.layers}
    return next((name for name in sorted(policies) if name.startswith(MIXED)), "float32")
