"""The protocol's documents about the server and its models, as plain data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import InputError, shown
from models.store.manifest import Manifest
from service.protocols.inference_protocol.datatypes import BYTES, FP32
from service.protocols.inference_protocol.requests import load_object, takes_text

__all__ = [
    "EXTENSIONS",
    "IndexEntry",
    "decode_index_request",
    "live_document",
    "model_metadata",
    "model_ready_document",
    "ready_document",
    "repository_index",
    "server_metadata",
]

# `model_repository` is not among them: it promises load and unload, and versions here load by themselves.
EXTENSIONS = ("binary_tensor_data", "classification")
# The protocol's own word for a graph that ONNX Runtime computes.
PLATFORM = "onnx_onnxv1"

READY = "READY"
# TensorFlow Serving's states of a version, in the words of the repository index.
STATES = {"START": "LOADING", "LOADING": "LOADING", "AVAILABLE": READY, "UNLOADING": "UNLOADING", "END": "UNAVAILABLE"}


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One version as the registry knows it.

    Args:
        version: Its number; `None` for a model none of whose versions is known.
        state: START, LOADING, AVAILABLE, UNLOADING or END.
    """

    model: str
    version: int | None
    state: str
    reason: str = ""


def server_metadata(version: str) -> dict[str, Any]:
    """The document of `GET /v2`."""
    return {"name": "onehot", "version": version, "extensions": list(EXTENSIONS)}


def live_document(*, live: bool) -> dict[str, Any]:
    """The document of `GET /v2/health/live`."""
    return {"live": live}


def ready_document(*, ready: bool) -> dict[str, Any]:
    """The document of `GET /v2/health/ready`: the specification names its key `live`, servers and clients `ready`."""
    return {"live": ready, "ready": ready}


def model_ready_document(model: str, *, ready: bool) -> dict[str, Any]:
    """The document of `GET /v2/models/M/ready`."""
    return {"name": model, "ready": ready}


def model_metadata(manifest: Manifest, versions: Sequence[int]) -> dict[str, Any]:
    """The document of `GET /v2/models/M`.

    Args:
        manifest: Of the version that is described.
        versions: Those of the model that can be asked for.
    """
    spec = manifest.instance
    datatype = BYTES if takes_text(spec) else FP32
    inputs = [{"name": tensor.name, "datatype": datatype.name, "shape": [-1, *spec.shape]}
              for tensor in manifest.inputs]  # fmt: skip
    outputs = [{"name": tensor.name, "datatype": FP32.name, "shape": _open_shape(tensor.shape)}
               for tensor in manifest.outputs]  # fmt: skip
    return {"name": manifest.model, "versions": [str(version) for version in sorted(versions)], "platform": PLATFORM,
            "inputs": inputs, "outputs": outputs}  # fmt: skip


def _open_shape(shape: Sequence[int | None]) -> list[int]:
    return [-1 if size is None else size for size in shape]


def decode_index_request(body: bytes) -> bool:
    """Whether only ready models are asked for; an empty body asks for all.

    Raises:
        InputError: When the body is not `{"ready": true | false}`.
    """
    if not body.strip():
        return False
    ready = load_object(body, "body").get("ready", False)
    if not isinstance(ready, bool):
        raise InputError(where="ready", expected="true or false", received=shown(ready))
    return ready


def repository_index(entries: Iterable[IndexEntry], *, only_ready: bool = False) -> list[dict[str, str]]:
    """The answer to `POST /v2/repository/index`, sorted by model and version."""
    ordered = sorted(entries, key=lambda entry: (entry.model, entry.version or 0))
    documents = [_index_document(entry) for entry in ordered]
    return [document for document in documents if document["state"] == READY or not only_ready]


def _index_document(entry: IndexEntry) -> dict[str, str]:
    version = {} if entry.version is None else {"version": str(entry.version)}
    return {"name": entry.model, **version, "state": STATES.get(entry.state, "UNKNOWN"), "reason": entry.reason}
