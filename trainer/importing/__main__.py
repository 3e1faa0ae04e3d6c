"""`python -m trainer.importing FILE.keras --model NAME`: publish somebody's own Keras network.

It is loaded in Keras' safe mode, exported, and compared with its export on random rows; nothing is published that
ONNX Runtime does not compute as Keras does. With --data it is measured as well. Exit status: 0 published, 1 it cannot
be, 2 a wrong option or setting.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DataError, OnehotError, reason_of
from models.names import is_model_name
from models.preprocessing.instances import Array, InstanceSpec
from models.preprocessing.pipeline import Preprocessing
from models.preprocessing.steps import Astype
from models.settings import Settings, SettingsError, read_settings
from models.spec import DataSpec
from models.spec.head import REGRESSION, SIGMOID, find_head
from models.store.datasets import Datasets
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from models.store.store import Store
from trainer.backends.choice import choose_backend
from trainer.importing.keras_file_check import check_keras_file, layer_specs
from trainer.jobs import result_of
from trainer.launch.launch import training_module

__all__ = ["import_network", "main"]

BACKEND = "tensorflow"
ROWS = 64
GOLDEN_ROWS = 8
MIXED = "mixed_"


def import_network(
    content: bytes, model: str, *, where: str, class_names: Sequence[str], store: Store, measuring: Any = None
) -> Manifest:
    """Publish a `.keras` file.

    Args:
        content: Its bytes.
        model: The model that gets a new version.
        where: What the file is called in errors.
        class_names: In the order of the outputs; numbers when there are none.
        store: Where the version goes.
        measuring: A `trainer.importing.measuring.Measuring`; without it the version has no metrics.

    Raises:
        DataError: When the file cannot be loaded safely, or is no network that can be served.
        TrainingError: When ONNX Runtime does not take the export, or computes something else.
    """
    from trainer.data.head import Head  # noqa: PLC0415
    from trainer.export.onnx_export import export_onnx  # noqa: PLC0415 -- it imports Keras, whose backend the caller chooses
    from trainer.export.parity import check_parity  # noqa: PLC0415

    check_keras_file(content, where=where)
    network = _loaded(content, where)
    if not network.built:
        received = "one that was saved before it saw any"
        raise DataError(where=where, expected="a network that knows its input's shape", received=received)
    shape = _input_shape(network, where)
    found = find_head(layer_specs(network))
    if found is None or network.output_shape[1:] != (found.units,):
        expected = "a network that ends in softmax, sigmoid or linear units, one row of them for each instance"
        raise DataError(where=where, expected=expected, received=f"an output of shape {list(network.output_shape[1:])}")
    head = Head(found.task, found.units)
    names = _class_names(head.task, head.outputs, class_names)
    inputs = random_rows(network, shape)
    predictions = np.asarray(network.predict(inputs, verbose=0), np.float32)
    graph = export_onnx(network, head)
    parity = check_parity(graph, inputs, predictions, precision=_precision(network))
    golden = GoldenRows(inputs[:GOLDEN_ROWS].tolist(), predictions[:GOLDEN_ROWS].tolist(), parity.tolerance)
    measured = measuring.measure(network, head, names) if measuring is not None else None
    report = _report(model, head.task, names, parity, where)
    draft = _manifest(model, network, head=head, names=names, golden=golden)
    data = {"source": where, "sha256": hashlib.sha256(content).hexdigest(), "rows": {}}
    if measured is not None:
        report |= {"data": {key: measured.data[key] for key in ("source", "sha256")}, **measured.report}
        data, draft = measured.data, replace(draft, metrics=measured.metrics)
    files = {"model.onnx": graph, "model.keras": content, "report.json": json.dumps(report, indent=1).encode()}
    return store.publish(replace(draft, data=data), files, promote=True)


def _loaded(content: bytes, where: str) -> Any:
    import keras  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        path.write_bytes(content)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:
            expected = "a network that Keras loads in safe mode"
            raise DataError(where=where, expected=expected, received=reason_of(error)) from error


def _input_shape(network: Any, where: str) -> tuple[int, ...]:
    inputs = network.inputs or []
    if len(inputs) != 1 or len(network.outputs) != 1:
        received = f"{len(inputs)} inputs, {len(network.outputs or [])} outputs"
        raise DataError(where=where, expected="a network of one input and one output", received=received)
    shape = inputs[0].shape[1:]
    if any(size is None for size in shape):
        raise DataError(where=where, expected="an input whose sizes are known", received=f"shape {list(shape)}")
    return tuple(int(size) for size in shape)


def _class_names(task: str, outputs: int, given: Sequence[str]) -> tuple[str, ...]:
    if task == REGRESSION:
        return ()
    wanted = 2 if task == SIGMOID else outputs
    names = tuple(given) or tuple(str(number) for number in range(wanted))
    if len(names) != wanted or len(set(names)) != wanted:
        raise DataError(where="--class-names", expected=f"{wanted} different names", received=", ".join(names))
    return names


def random_rows(network: Any, shape: tuple[int, ...]) -> Array:
    """Rows in the range that the first layer speaks of: words of an Embedding, pixels of a Rescaling."""
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


def _report(model: str, task: str, names: Sequence[str], parity: Any, where: str) -> dict[str, Any]:
    return {
        "format_version": 1, "model": model, "task": task, "class_names": list(names), "imported": where,
        "data": {"source": where, "sha256": ""}, "parts": {}, "classes": [], "history": [], "mistakes": [],
        "confusion_matrix": None, "calibration": None, "gate": None, "parity": asdict(parity), "timings_s": {},
    }  # fmt: skip


def _manifest(model: str, network: Any, *, head: Any, names: tuple[str, ...], golden: GoldenRows) -> Manifest:
    from trainer.export.tensor_names import INPUT, output_name  # noqa: PLC0415
    from trainer.publication import UNNUMBERED, package_versions, weights_digest  # noqa: PLC0415

    shape = network.input_shape[1:]
    return Manifest(
        model=model,
        version=UNNUMBERED,
        job_id=f"import-{uuid.uuid4().hex}",
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        task=head.task,
        inputs=(TensorInfo(INPUT, "float32", (None, *shape)),),
        outputs=(TensorInfo(output_name(head), "float32", (None, head.outputs)),),
        instance=InstanceSpec(shape, None, shape),
        preprocessing=Preprocessing((Astype(),), shape).document,
        class_names=names,
        metrics={},
        golden_rows=golden,
        files={},
        data={},
        seed=0,
        backend=BACKEND,
        package_versions=dict(package_versions()),
        weights_sha256=weights_digest(network),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Import one file; the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not is_model_name(options.model):
        parser.error(f"argument --model: expected a model's name: a-z, 0-9, _ and -; received {options.model!r}")
    names = [name.strip() for name in options.class_names.split(",")] if options.class_names else []
    try:
        settings = read_settings(os.environ)
        store = Store.open(settings.store)
        content = _content(options.file)
        check_keras_file(content, where=options.file)
        choose_backend(BACKEND)
        training_module()
        _leave_gpus_alone()
        measuring = _measuring(options, settings, store)
        manifest = import_network(
            content, options.model, where=options.file, class_names=names, store=store, measuring=measuring
        )
    except (OnehotError, SettingsError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2 if isinstance(error, SettingsError) else 1
    published = f"Published {manifest.model} version {manifest.version}{_said(manifest)}"
    sys.stdout.write(f"{json.dumps(result_of(manifest)) if options.json else published}\n")
    return 0


def _leave_gpus_alone() -> None:
    from trainer.backends.devices import claim_devices  # noqa: PLC0415 -- it imports Keras, whose backend had to be chosen before

    claim_devices(0)


def _measuring(options: argparse.Namespace, settings: Settings, store: Store) -> Any:
    from trainer.importing.measuring import Measuring  # noqa: PLC0415 -- it imports Keras, whose backend had to be chosen before

    if not options.data:
        return None
    data = DataSpec(options.data, target=options.target or None)
    return Measuring(data, settings.data_roots, Datasets(store.objects))


def _said(manifest: Manifest) -> str:
    if not manifest.metrics:
        return ", without metrics: --data SOURCE would measure it"
    return ": " + ", ".join(f"{name} {value:.4f}" for name, value in manifest.metrics.items())


def _content(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise DataError(
            where=name, expected="a readable file", received=error.strerror or type(error).__name__
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer.importing", description="Publish a .keras file.")
    parser.add_argument("file", metavar="FILE.keras")
    parser.add_argument("--model", required=True, metavar="NAME", help="the model that gets a new version")
    parser.add_argument("--class-names", default="", metavar="A,B,C", help="in the order of the outputs")
    parser.add_argument(
        "--data", default="", metavar="SOURCE", help="what it is measured on, as `data.source` of a spec"
    )
    parser.add_argument("--target", default="", metavar="NAME", help="the array or column of the data with the labels")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
