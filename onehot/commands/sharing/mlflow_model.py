"""A version as a model of MLflow: the folder that `mlflow.keras.load_model` and `mlflow.onnx.load_model` open."""

from typing import Any

from models.spec.yaml_text import dump_document
from models.store.manifest import Manifest
from models.store.store import Store
from onehot.commands.sharing.hub_folder import hub_files

__all__ = ["KERAS_FLAVORS", "ML_MODEL", "mlflow_files"]

ML_MODEL = "MLmodel"
KERAS_FLAVORS = ("keras", "tensorflow")
LEFT_TO_THE_HUB = frozenset({"model.keras", "config.json", "metadata.json", "model.weights.h5", ".gitattributes"})


def mlflow_files(store: Store, manifest: Manifest) -> dict[str, bytes]:
    """The files of the model by path; `predict.py` and the manifest are among them."""
    files = {name: content for name, content in hub_files(store, manifest).items() if name not in LEFT_TO_THE_HUB}
    return files | {
        ML_MODEL: dump_document(_flavors(manifest)),
        "data/model.keras": store.read(manifest, "model.keras"),
        "data/keras_module.txt": b"keras",
        "requirements.txt": b"numpy\nonnxruntime\n",
    }


def _flavors(manifest: Manifest) -> dict[str, Any]:
    versions = manifest.package_versions
    keras = {"data": "data", "keras_version": versions.get("keras", ""), "keras_backend": manifest.backend,
             "save_exported_model": False}  # fmt: skip
    onnx = {"data": "model.onnx", "onnx_version": versions.get("onnx", ""), "providers": ["CPUExecutionProvider"],
            "code": None}  # fmt: skip
    return {"flavors": {"keras": keras, "onnx": onnx}, "utc_time_created": manifest.created_at}
