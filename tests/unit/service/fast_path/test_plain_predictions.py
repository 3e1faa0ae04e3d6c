import gzip
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import structlog
from structlog.testing import capture_logs
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from models.api_keys import ApiKeyFile
from service.app import create_app
from service.errors import DeadlineExceeded
from service.fast_path.plain_predictions import FastPath
from service.http import lifecycle as requests
from service.http.context import EXTENSION
from service.telemetry import logs
from tests.unit.service.exchanges import Connection, Worker, answer

ROW = [0.1] * 8
PLAIN = json.dumps({"instances": [ROW]})
PATH = "/v1/models/classic:predict"
JSON = {"Content-Type": "application/json"}
NPY = {"Content-Type": "application/x-npy"}
INFER = "/v2/models/classic/infer"


def npy(array, dtype="<f4"):
    file = io.BytesIO()
    np.save(file, np.asarray(array, dtype))
    return file.getvalue()


def tensor(shape=(1, 8), datatype="FP32", **more):
    return {"name": "x", "shape": list(shape), "datatype": datatype, **more}


def tensors(*rows, **document):
    return json.dumps({"inputs": [tensor((len(rows), 8), data=[*rows])], **document})


def binary(rows, **document):
    """JSON and bytes, and the header that parts them."""
    content = np.asarray(rows, "<f4").tobytes()
    size = {"parameters": {"binary_data_size": len(content)}}
    text = json.dumps({"inputs": [tensor((len(rows), 8), **size)], **document}).encode()
    return text + content, {"Inference-Header-Content-Length": str(len(text))}


MADE_ANEW = re.compile(r'(request_id|"X-Request-Id"|_created|duration_seconds)')

REQUESTS = {
    "a row": (PATH, PLAIN, JSON),
    "rows": (PATH, json.dumps({"instances": [ROW] * 3}), JSON),
    "columns": (PATH, json.dumps({"inputs": [ROW]}), JSON),
    "an id of the caller": (PATH, PLAIN, {**JSON, "X-Request-Id": "mine-1"}),
    "an insane id": (PATH, "nothing", {**JSON, "X-Request-Id": "<b>"}),
    "a version": ("/v1/models/classic/versions/1:predict", PLAIN, JSON),
    "a label": ("/v1/models/classic/labels/stable:predict", PLAIN, JSON),
    "a query": (f"{PATH}?verbose=1", PLAIN, JSON),
    "a long answer": (PATH, json.dumps({"instances": [ROW] * 400}), JSON),
    "a long answer as gzip": (PATH, json.dumps({"instances": [ROW] * 400}), {**JSON, "Accept-Encoding": "gzip"}),
    "a body as gzip": (PATH, gzip.compress(PLAIN.encode(), mtime=0), {**JSON, "Content-Encoding": "gzip"}),
    "a broken body as gzip": (PATH, gzip.compress(PLAIN.encode(), mtime=0)[:-4], {**JSON, "Content-Encoding": "gzip"}),
    "a gzip that is none": (PATH, PLAIN, {**JSON, "Content-Encoding": "gzip"}),
    "a bomb": (PATH, gzip.compress(b" " * 1_000_000, mtime=0), {**JSON, "Content-Encoding": "gzip"}),
    "another encoding": (PATH, PLAIN, {**JSON, "Content-Encoding": "br"}),
    "a table": (PATH, ",".join(map(str, ROW)), {"Content-Type": "text/csv; header=absent"}),
    "an image for a table": (PATH, b"PNG", {"Content-Type": "image/png"}),
    "no content type": (PATH, PLAIN, {}),
    "a charset": (PATH, PLAIN, {"Content-Type": "application/json; charset=utf-8"}),
    "another charset": (PATH, PLAIN, {"Content-Type": "Application/JSON;charset=latin-1"}),
    "another type": (PATH, PLAIN, {"Content-Type": "application/xml"}),
    "an answer as npy": (PATH, PLAIN, {**JSON, "Accept": "application/x-npy"}),
    "another key": (PATH, PLAIN, {**JSON, "X-API-Key": "oh_wrong"}),
    "no key": (PATH, PLAIN, {**JSON, "X-API-Key": ""}),
    "a key as bearer": (PATH, PLAIN, {**JSON, "X-API-Key": "", "Authorization": "Bearer {key}"}),
    "a key without the scope": (PATH, PLAIN, {**JSON, "X-API-Key": "{other}"}),
    "no such model": ("/v1/models/nothing:predict", PLAIN, JSON),
    "no such version": ("/v1/models/classic/versions/7:predict", PLAIN, JSON),
    "a huge version": (f"/v1/models/classic/versions/{'9' * 30}:predict", PLAIN, JSON),
    "no such label": ("/v1/models/classic/labels/gone:predict", PLAIN, JSON),
    "no body": (PATH, "", JSON),
    "no JSON": (PATH, "{", JSON),
    "NaN": (PATH, '{"instances": [[NaN]]}', JSON),
    "no object": (PATH, "[1]", JSON),
    "both forms": (PATH, json.dumps({"instances": [ROW], "inputs": [ROW]}), JSON),
    "a short row": (PATH, json.dumps({"instances": [ROW, ROW[1:]]}), JSON),
    "text": (PATH, json.dumps({"instances": [["a"] * 8]}), JSON),
    "too many rows": (PATH, json.dumps({"instances": [ROW] * 401}), JSON),
    "too many bytes": (PATH, json.dumps({"instances": [ROW] * 5000}), JSON),
    "too large a number": (PATH, json.dumps({"instances": [[1e300] * 8]}), JSON),
    "another case": ("/V1/models/classic:PREDICT", PLAIN, JSON),
    "a path with an escape": ("/v1/models/cl%61ssic:predict", PLAIN, JSON),
    "a path that is none": ("/v1/models/classic:predicted", PLAIN, JSON),
    "blanks": (PATH, f' {{ "instances" :\n {json.dumps([ROW], indent=1)}\t}}\r\n', JSON),
    "a signature's name": (PATH, json.dumps({"signature_name": "serving_default", "instances": [ROW]}), JSON),
    "another signature's name": (PATH, json.dumps({"signature_name": "train", "instances": [ROW]}), JSON),
    "a signature's name behind": (PATH, json.dumps({"instances": [ROW], "signature_name": "train"}), JSON),
    "rows in the form of columns and more": (PATH, json.dumps({"inputs": [ROW], "x": 1}), JSON),
    "too large an integer": (PATH, json.dumps({"instances": [[10**400] + [1] * 7]}), JSON),
    "true": (PATH, json.dumps({"instances": [[True] * 8]}), JSON),
    "an array": (PATH, npy([ROW]), NPY),
    "an array answered as one": (PATH, npy([ROW] * 2), {**NPY, "Accept": "application/x-npy"}),
    "an array, JSON or npy": (PATH, npy([ROW]), {**NPY, "Accept": "application/json, application/x-npy;q=0.5"}),
    "an array of doubles": (PATH, npy([ROW], "<f8"), NPY),
    "a short array": (PATH, npy([ROW[1:]]), NPY),
    "no array": (PATH, b"PK", NPY),
    "too many rows of an array": (PATH, npy([ROW] * 401), NPY),
    "a long array as gzip": (PATH, npy([ROW] * 400), {**NPY, "Accept-Encoding": "gzip"}),
    "tensors": (INFER, tensors(ROW), {}),
    "tensors as JSON": (INFER, tensors(ROW, ROW, id="mine"), JSON),
    "tensors of a version": ("/v2/models/classic/versions/1/infer", tensors(ROW), JSON),
    "tensors of no such version": ("/v2/models/classic/versions/7/infer", tensors(ROW), JSON),
    "tensors of no such model": ("/v2/models/nothing/infer", tensors(ROW), JSON),
    "tensors in another place": ("/v2/models/classic/labels/stable/infer", tensors(ROW), JSON),
    "tensors answered as bytes": (INFER, tensors(ROW, parameters={"binary_data_output": True}), JSON),
    "tensors with bytes": (INFER, *binary([ROW, ROW])),
    "tensors with bytes both ways": (INFER, *binary([ROW], parameters={"binary_data_output": True})),
    "bytes without their header": (INFER, binary([ROW])[0], {}),
    "a header that is none": (INFER, tensors(ROW), {"Inference-Header-Content-Length": "1e3"}),
    "bytes alone": (INFER, np.asarray(ROW, "<f4").tobytes(), {"Inference-Header-Content-Length": "0"}),
    "classes": (INFER, tensors(ROW, outputs=[{"name": "probabilities", "parameters": {"classification": 2}}]), JSON),
    "another input": (INFER, tensors(ROW).replace('"x"', '"others"'), JSON),
    "a short tensor": (INFER, tensors(ROW[1:]), JSON),
    "too many tensors": (INFER, tensors(*[ROW] * 401), JSON),
    "tensors that take npy": (INFER, tensors(ROW), {**JSON, "Accept": "application/x-npy"}),
    "tensors and no key": (INFER, tensors(ROW), {"X-API-Key": ""}),
}


@pytest.fixture
def ways(settings, registry, publish, tmp_path, monkeypatch):
    """The same request by three ways, what each answered, logged and counted: the fast path, Flask, its own client."""
    publish()
    registry.refresh()
    file = ApiKeyFile(tmp_path / "keys.json")
    (_, key), (_, other) = file.add(["predict"]), file.add(["train"])
    strict = replace(settings, api_keys_file=str(file.path), max_rows=400, max_body_bytes=100_000)
    for module in (logs, requests):
        monkeypatch.setattr(module, "log", structlog.get_logger("fresh"))

    def one_way(path, body, headers, *, way, prepare):
        app = create_app(strict, registry=registry)
        prepare(app)
        handed_over = []
        monkeypatch.setattr(
            app, "wsgi_app", lambda *given, whole=app.wsgi_app: (handed_over.append(1), whole(*given))[1]
        )
        filled = {name: value.format(key=key, other=other) for name, value in headers.items()}
        with capture_logs() as logged:
            answer = ask(app, path, body, {"X-API-Key": key, **filled}, way=way)
        lines = [{name: value for name, value in line.items() if name != "duration_ms"} for line in logged]
        counted = app.extensions[EXTENSION].metrics.page().decode().splitlines()
        ids = {answer.headers["X-Request-Id"]: "its id"} if "mine" not in answer.headers["X-Request-Id"] else {}
        seen = {
            "status": answer.status, "headers": sorted(answer.headers), "body": answer.data, "lines": lines,
            "counted": [line for line in counted if not MADE_ANEW.search(line) or "_count" in line],
            "in flight": app.extensions[EXTENSION].admission.in_flight,
        }  # fmt: skip
        return _with_names(seen, ids), not handed_over

    def all_ways(path, body, headers, *, prepare=lambda _: None):
        (hot, was_hot), (wire, _), (whole, _) = (
            one_way(path, body, headers, way=way, prepare=prepare) for way in ("hot", "wire", "whole")
        )
        return hot, wire, whole, was_hot

    return all_ways


def ask(app, path, body, headers, *, way):
    """By Flask's client, or as bytes through gunicorn's parser, with the fast path or without."""
    if way == "whole":
        return app.test_client().post(path, data=body, headers=headers)
    content = body.encode() if isinstance(body, str) else body
    fields = {"Host": "localhost", "Content-Length": str(len(content)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    connection = Connection()
    fast_path = FastPath(app.extensions[EXTENSION]) if way == "hot" else None
    answer(Worker(app), connection, f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content, fast_path=fast_path)
    first, _, data = b"".join(connection.sent).partition(b"\r\n\r\n")
    status, *lines = first.decode().split("\r\n")
    given = [tuple(line.split(": ", 1)) for line in lines]
    assert [name for name, _ in given][:3] == ["Server", "Date", "Connection"]
    return Response(data, status.partition(" ")[2], Headers(given[3:]))


def _with_names(seen, names):
    text = repr(seen)
    for value, name in names.items():
        text = text.replace(value, name)
    return text


@pytest.mark.parametrize("name", REQUESTS)
def test_nobody_can_tell_which_way_a_request_went(ways, name) -> None:
    """Status, headers, body, log lines and counts are the same, whatever is sent."""
    hot, wire, whole, _ = ways(*REQUESTS[name])
    assert hot == wire == whole


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [("a row", True), ("a version", True), ("a label", True), ("a query", False), ("a long answer as gzip", True),
     ("a body as gzip", True), ("an answer as npy", True), ("no key", False), ("no JSON", False), ("an array", True),
     ("an array answered as one", True), ("an array, JSON or npy", True), ("a short array", False), ("tensors", True),
     ("tensors of a version", True), ("tensors with bytes both ways", True), ("bytes without their header", False)],
)  # fmt: skip
def test_what_is_plain_and_succeeds_does_not_go_to_flask(ways, name, is_plain) -> None:
    """Everything else does."""
    *_, was_hot = ways(*REQUESTS[name])
    assert was_hot is is_plain


def test_a_full_house_refuses_both_alike(ways) -> None:
    """429 with the same sentence, and no place is lost."""

    def fill(app) -> None:
        admission = app.extensions[EXTENSION].admission
        for _ in range(app.extensions[EXTENSION].settings.max_in_flight):
            admission.enter(0.0)

    hot, wire, whole, was_hot = ways(*REQUESTS["a row"], prepare=fill)
    assert was_hot, "who is refused must cost less than who is answered"
    assert hot == wire == whole
    assert "429" in hot


def test_an_error_of_ours_is_told_alike(ways, monkeypatch) -> None:
    """500 with the id, and the error in the log."""

    def fail(app) -> None:
        monkeypatch.setattr(app.extensions[EXTENSION].admission, "check", _broken)

    hot, wire, whole, _ = ways(*REQUESTS["an id of the caller"], prepare=fail)
    assert hot == wire == whole
    assert "500" in hot
    assert "mine-1" in hot


def test_a_deadline_is_told_alike(ways, monkeypatch) -> None:
    """504, counted once."""

    def end(app) -> None:
        monkeypatch.setattr(app.extensions[EXTENSION].admission, "check", _too_late)

    hot, wire, whole, _ = ways(*REQUESTS["a row"], prepare=end)
    assert hot == wire == whole
    assert "504" in hot


_BROKEN = RuntimeError("broken")


def _broken(_: float) -> None:
    raise _BROKEN


def _too_late(_: float) -> None:
    raise DeadlineExceeded(30.0)
