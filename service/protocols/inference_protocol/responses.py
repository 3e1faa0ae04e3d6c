"""The answer to an inference request: JSON, then the data of the outputs that were asked for as bytes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from models.preprocessing.instances import Array
from models.store.manifest import Manifest
from service.protocols.content import Content
from service.protocols.inference_protocol.datatypes import BYTES, FP32
from service.protocols.inference_protocol.requests import OutputWish, V2Request
from service.protocols.inference_protocol.tensors import HEADER_LENGTH

__all__ = ["encode_response"]


def encode_response(request: V2Request, predictions: Array, manifest: Manifest) -> Content:
    """Answer a request.

    Args:
        request: What was asked for.
        predictions: float32 `(batch, outputs)` of the model's only output, finite.
        manifest: Of the version that computed them.
    """
    outputs, tails = zip(*(_output(wish, predictions, manifest) for wish in request.outputs), strict=True)
    document = {"model_name": manifest.model, "model_version": str(manifest.version), "outputs": outputs}
    if request.id is not None:
        document["id"] = request.id
    text = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    if not any(wish.binary for wish in request.outputs):
        return Content(text)
    headers = {"Content-Type": "application/octet-stream", HEADER_LENGTH: str(len(text))}
    return Content(b"".join((text, *tails)), headers)


def _output(wish: OutputWish, predictions: Array, manifest: Manifest) -> tuple[dict[str, Any], bytes]:
    """One output's JSON object and its bytes after the JSON."""
    if wish.classification is None:
        return _numbers_output(wish, predictions)
    rows = _classifications(predictions, wish.classification, _labels(manifest, predictions.shape[-1]))
    texts = [text for row in rows for text in row]
    head = {"name": wish.name, "shape": [len(rows), len(rows[0])], "datatype": BYTES.name}
    if not wish.binary:
        return {**head, "data": texts}, b""
    return _with_bytes(head, b"".join(_length_and_bytes(text) for text in texts))


def _numbers_output(wish: OutputWish, predictions: Array) -> tuple[dict[str, Any], bytes]:
    head = {"name": wish.name, "shape": list(predictions.shape), "datatype": FP32.name}
    flat = np.ascontiguousarray(predictions, np.float32).reshape(-1)
    if not wish.binary:
        return {**head, "data": flat}, b""
    return _with_bytes(head, flat.astype("<f4", copy=False).tobytes())


def _with_bytes(head: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    return {**head, "parameters": {"binary_data_size": len(content)}}, content


def _length_and_bytes(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(4, "little") + content


def _labels(manifest: Manifest, width: int) -> Sequence[str] | None:
    """A name for each column of the output; the one column of a binary classifier is about its second class."""
    if len(manifest.class_names) == width:
        return manifest.class_names
    return manifest.class_names[1:] if manifest.task == "sigmoid" and len(manifest.class_names) == width + 1 else None


def _classifications(predictions: Array, count: int, labels: Sequence[str] | None) -> list[list[str]]:
    """`value:index[:label]` of the best classes of each row, best first, as Triton writes them: six decimals."""
    best = np.argsort(-predictions, axis=-1, kind="stable")[:, :count]
    scores = np.take_along_axis(predictions, best, axis=-1)
    return [[_class_text(score, index, labels) for score, index in zip(*row, strict=True)]
            for row in zip(scores.tolist(), best.tolist(), strict=True)]  # fmt: skip


def _class_text(score: float, index: int, labels: Sequence[str] | None) -> str:
    text = f"{score:.6f}:{index}"
    return text if labels is None else f"{text}:{labels[index]}"
