"""`curl -F file=@a.png …`: a form with one file is answered as that file would be."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from service.fast_path.request_reader import PlainHead
from tests.contract.conftest import ROW

CLASSIC = "/v1/models/classic"
CSV = (",".join(map(str, ROW)) + "\n").encode()
TABLE = b"a,b,y\n1,2,p\n3,4,q\n"


def png() -> bytes:
    file = io.BytesIO()
    Image.new("L", (28, 28), 128).save(file, "png")
    return file.getvalue()


def npy(rows) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(rows, np.float32))
    return file.getvalue()


def form(*parts, end=True, boundary="b0undary"):
    """The body of a form of (name, filename or None, type or None, content), and its type."""
    body = b""
    for name, filename, kind, content in parts:
        named = "" if filename is None else f'; filename="{filename}"'
        typed = "" if kind is None else f"Content-Type: {kind}\r\n"
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{typed}\r\n'.encode()
        body += content + b"\r\n"
    body += f"--{boundary}--\r\n".encode() if end else b""
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def one(filename, kind, content):
    return form(("file", filename, kind, content))


@pytest.mark.parametrize(
    ("filename", "kind", "content"),
    [
        ("rows.csv", "text/csv", CSV),
        ("rows.csv", "application/octet-stream", CSV),
        ("ROWS.CSV", "application/vnd.ms-excel", CSV),
        ("rows.csv", "text/plain", CSV),
        ("rows.csv", None, CSV),
        ("C:\\fakepath\\rows.csv", None, CSV),
        ("blob", "text/csv; header=absent", CSV),
        ("rows.npy", "application/octet-stream", npy([ROW])),
        ("request.json", "application/octet-stream", json.dumps({"instances": [ROW]}).encode()),
        ("request.json", "application/json", json.dumps({"instances": [ROW]}).encode()),
        ("rows.csv", None, CSV.replace(b"\n", b"\r\n")),
    ],
)
def test_one_file_is_answered_as_it_would_be_by_itself(client, compute, filename, kind, content) -> None:
    """By its type; where that says nothing, by its name."""
    answer = client.post(f"{CLASSIC}:predict", **one(filename, kind, content))
    assert answer.status_code == 200, answer.text
    assert np.allclose(answer.json["predictions"], compute("classic-a", [ROW]), atol=1e-6)


@pytest.mark.parametrize("kind", ["image/png", "application/octet-stream"])
def test_a_picture_in_a_form_is_a_picture(client, kind) -> None:
    """The same answer as to the bare picture."""
    bare = client.post("/v1/models/digits:predict", data=png(), content_type="image/png")
    assert bare.status_code == 200
    for call in ("predict", "classify"):
        inside = client.post(f"/v1/models/digits:{call}", **one("a.png", kind, png()))
        by_itself = client.post(f"/v1/models/digits:{call}", data=png(), content_type="image/png")
        assert inside.json == by_itself.json
        assert inside.status_code == 200


def test_the_other_calls_take_a_file_too(client) -> None:
    """A V2 request in a file, a regression, rows for `:classify`."""
    document = json.dumps({"inputs": [{"name": "x", "shape": [1, 8], "datatype": "FP32", "data": ROW}]}).encode()
    assert client.post("/v2/models/classic/infer", **one("request.json", None, document)).status_code == 200
    assert client.post("/v1/models/line:regress", **one("rows.csv", None, CSV)).status_code == 200
    assert client.post(f"{CLASSIC}:classify", **one("rows.csv", None, CSV)).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (form(("a", "a.csv", None, CSV), ("b", "b.csv", None, CSV)), "received several parts"),
        (form(("a", "a.csv", None, CSV), ("note", None, None, b"x")), "received several parts"),
        (form(("instances", None, None, b"[[1]]")), "received the field 'instances', which is no file"),
        (form(), "received no part"),
        (form(("a", "a.csv", None, CSV), end=False), "received half a part"),
        ({"data": b"", "content_type": "multipart/form-data; boundary=x"}, "received none"),
        ({"data": CSV, "content_type": "multipart/form-data; boundary=x"}, "received none"),
        ({"data": CSV, "content_type": "multipart/form-data"}, "expected multipart/form-data; boundary=…"),
    ],
    ids=["two files", "a file and a field", "a field", "no part", "no end", "nothing", "no form", "no boundary"],
)
def test_several_parts_or_none_are_a_400_that_says_so(client, body, said) -> None:
    """For predictions and for data sets; nothing of it is kept."""
    for path in (f"{CLASSIC}:predict", "/v2/models/classic/infer", "/v1/datasets?name=parts.csv"):
        answer = client.post(path, **body)
        assert answer.status_code == 400, answer.text
        assert said in answer.json["error"] or (not body["data"] and "received no" in answer.json["error"])
    assert client.get("/v1/datasets/parts.csv").status_code == 404


def test_a_file_of_a_kind_that_is_not_read_is_a_415_that_names_it(client) -> None:
    """As it would be by itself."""
    answer = client.post(f"{CLASSIC}:predict", **one("a.tiff", "image/tiff", b"II*\0"))
    assert answer.status_code == 415
    assert "image/tiff" in answer.json["error"]


@pytest.mark.parametrize(
    ("query", "filename", "kind", "name"),
    [
        ("", "pq.csv", "application/octet-stream", "pq.csv"),
        ("", "folder/pq.csv", "text/csv", "pq.csv"),
        ("", "pq", "text/csv", "pq.csv"),
        ("?name=other.csv", "pq.csv", "text/csv", "other.csv"),
        ("?name=other", "pq.csv", "text/csv", "other.csv"),
    ],
)
def test_a_data_set_in_a_form_is_the_file_and_not_the_envelope(client, query, filename, kind, name) -> None:
    """Named by `?name=`, else by the file."""
    answer = client.post(f"/v1/datasets{query}", **one(filename, kind, TABLE))
    assert answer.status_code == 201, answer.text
    bare = client.post("/v1/datasets?name=bare.csv", data=TABLE)
    assert (answer.json["sha256"], answer.json["rows"]) == (bare.json["sha256"], 2)
    assert client.get(f"/v1/datasets/{name}").json["sha256"] == bare.json["sha256"]


@pytest.mark.parametrize("filename", ["two words.csv", "", "x.exe", "é.csv"])
def test_a_file_name_that_no_data_set_can_have_is_refused(client, filename) -> None:
    """With `?name=` there is another."""
    assert client.post("/v1/datasets", **one(filename, None, TABLE)).status_code == 400
    assert client.post("/v1/datasets?name=good.csv", **one(filename, None, TABLE)).status_code == 201


def test_forms_do_not_take_the_fast_path() -> None:
    """Which is for bodies that are the batch."""
    head = b"POST /v1/models/m:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: %s"
    assert PlainHead.from_bytes(head % b"application/json", most_bytes=10) is not None
    assert PlainHead.from_bytes(head % b"Multipart/form-data; boundary=x", most_bytes=10) is None
