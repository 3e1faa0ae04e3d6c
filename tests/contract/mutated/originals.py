"""Requests that are answered with 200, one of every kind of body that there is."""

import base64
import gzip
import io
import json
import zipfile
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["ORIGINALS", "Call"]

ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
FLOWER = {"a": 1, "b": 2.5, "c": 3, "d": 4, "gap": None, "island": "dream"}
PIXELS = (np.arange(28 * 28).reshape(28, 28) % 256).astype(np.uint8)
LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Args:
        kind: Of its body: which ways of spoiling it suit.
        path: Where it goes.
        body: Its bytes.
        headers: Name and value of each.
    """

    kind: str
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def with_header(self, name: str, value: str) -> "Call":
        """The same with one header more, or another value of it."""
        others = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*others, (name, value)))


def _typed(kind: str, path: str, body: bytes, content_type: str) -> Call:
    return Call(kind, path, body, (("Content-Type", content_type),))


def _json(path: str, document: Any) -> Call:
    return _typed("json", path, json.dumps(document).encode(), "application/json")


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _picture(form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, form, **options)
    return file.getvalue()


def _tensor(**more: Any) -> dict[str, Any]:
    return {"name": "x", "shape": [1, 8], "datatype": "FP32", **more}


def _binary(model: str, tensor: dict[str, Any], tail: bytes, **more: Any) -> Call:
    tensor = tensor | {"parameters": {"binary_data_size": len(tail)}}
    text = json.dumps({"id": "7", "inputs": [tensor], **more}).encode()
    call = _typed("binary", f"/v2/models/{model}/infer", text + tail, "application/octet-stream")
    return call.with_header(LENGTH, str(len(text)))


def _texts(*texts: str) -> bytes:
    return b"".join(len(text.encode()).to_bytes(4, "little") + text.encode() for text in texts)


def _archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", _npy(np.ones((4, 8), np.float32)))
        archive.writestr("y.npy", _npy(np.arange(4)))
    return file.getvalue()


def _packed(call: Call) -> Call:
    return replace(call, kind="gzip", body=gzip.compress(call.body, mtime=0)).with_header("Content-Encoding", "gzip")


_OUTPUT = {"name": "probabilities"}
_FLOATS = np.asarray(ROW, "<f4").tobytes()
_B64 = {"b64": base64.b64encode(_picture("PNG")).decode()}
_PREDICTIONS = (
    _json("/v1/models/classic:predict", {"instances": [ROW, ROW]}),
    _json("/v1/models/classic:predict", {"signature_name": "serving_default", "inputs": {"x": [ROW]}}),
    _json("/v1/models/flowers:predict", {"instances": [FLOWER]}),
    _json("/v1/models/digits:predict", {"instances": [_B64]}),
    _json("/v1/models/classic:classify?top_k=2", {"context": {}, "examples": [{"x": ROW}]}),
    _json("/v1/models/line:regress", {"examples": [{"x": ROW}]}),
    _json("/v2/models/classic/infer", {"id": "7", "inputs": [_tensor(data=ROW)], "outputs": [_OUTPUT]}),
    _json("/v2/models/classic/infer", {
        "inputs": [_tensor(datatype="INT64", data=[[1, 2, 3, 4, 5, 6, 7, 8]])],
        "outputs": [_OUTPUT | {"parameters": {"classification": 2}}], "parameters": {"binary_data_output": True},
    }),
    _binary("classic", _tensor(), _FLOATS),
    _binary("classic", _tensor(datatype="FP16"), np.asarray(ROW, "<f2").tobytes(),
            outputs=[_OUTPUT | {"parameters": {"binary_data": True}}]),
    _binary("flowers", _tensor(datatype="BYTES", shape=[1, 6]), _texts("1", "2", "3", "4", "", "dream")),
    _typed("bytes", "/v2/models/classic/infer", _FLOATS, "application/octet-stream").with_header(LENGTH, "0"),
    _typed("npy", "/v1/models/classic:predict", _npy(np.asarray([ROW] * 3, np.float32)), "application/x-npy"),
    _typed("npy", "/v1/models/digits:predict", _npy(np.asfortranarray(PIXELS[None])), "application/x-npy"),
    _typed("csv", "/v1/models/classic:predict", b"\n".join(
        [",".join(map(str, ROW)).encode()] * 3), "text/csv"),
    _typed("csv", "/v1/models/flowers:predict", b'a,b,c,d,gap,island\r\n1,2,3,4,,"dream"\r\n', "text/csv"),
    _typed("png", "/v1/models/digits:predict", _picture("PNG"), "image/png"),
    _typed("bytes", "/v1/models/digits:predict", _picture("JPEG"), "image/jpeg"),
    _typed("bytes", "/v1/models/digits:predict", _picture("JPEG", progressive=True), "image/jpeg"),
)  # fmt: skip
_FILES = (
    _typed("npy", "/v1/datasets?name=mutated.npy", _npy(np.ones((4, 2))), "application/x-npy"),
    _typed("bytes", "/v1/datasets?name=mutated.npz", _archive(), "application/x-npz"),
    _typed("csv", "/v1/datasets?name=mutated.csv", b"a,y\n1,2\n3,4\n", "text/csv"),
    _typed("json", "/v1/datasets?name=mutated.json", b'[{"a": 1, "y": 2}, {"a": 3, "y": 4}]', "application/json"),
)
ORIGINALS = (*_PREDICTIONS, *_FILES, *map(_packed, (_PREDICTIONS[0], _PREDICTIONS[8], _PREDICTIONS[14], _FILES[2])))
