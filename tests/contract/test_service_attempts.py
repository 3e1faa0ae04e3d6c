"""Attempts to get out of the store, into a log, or past a check: a table of them with the answer that each gets."""

import io
import pickle
import struct
import zlib
from pathlib import Path

import pytest

SECRET = "the secret beside the store"
PREDICT = "/v1/models/classic:predict"
GOOD = {"instances": [[0.5] * 8]}
SPEC = {
    "model": "mine",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
}

PATHS = [
    ("GET", "/v1/models/../secret", 400),
    ("GET", "/v1/models/%2e%2e/secret", 400),
    ("GET", "/v1/models/..%2fsecret", 400),
    ("GET", "/v1/models/..%5csecret", 404),
    ("GET", "/v1/models/%2e%2e", 404),
    ("GET", "/v1/models/.", 404),
    ("GET", "/v1/models/classic%00", 404),
    ("GET", "/v1/models/classic%0d%0aX-Injected:%201", 400),
    ("GET", "/v1/models/classic%0aX", 404),
    ("GET", "/v1/models/CLASSIC", 404),
    ("GET", "/v1/models/classic%20", 404),
    ("GET", "/v1/models/%EF%BC%8E%EF%BC%8E", 404),
    ("GET", "/v1/models/cl%C3%A0ssic", 404),
    ("GET", "/v1/models/" + "a" * 5000, 404),
    ("GET", "/v1/models/~root", 404),
    ("GET", "/v1/models/*", 404),
    ("GET", "/v1/models/$(id)", 404),
    ("GET", "/v1/models/';DROP TABLE models;--", 404),
    ("GET", "/v1/models/{{7*7}}", 404),
    ("GET", "/v1/models//classic", 400),
    ("GET", "//v1/models/classic", 404),
    ("GET", "/v1/./models/classic", 404),
    ("GET", "/v1/models/classic/versions/../../secret/versions/1/report", 400),
    ("GET", "/v1/models/classic/versions/1/../report", 400),
    ("GET", "/v1/models/classic/versions/%2e%2e/report", 400),
    ("GET", "/v1/models/../versions/1/report", 404),
    ("GET", "/v1/models/classic/versions/0/report", 404),
    ("GET", "/v1/models/classic/versions/-1/report", 400),
    ("GET", "/v1/models/classic/versions/1e0/report", 400),
    ("GET", "/v1/models/classic/versions/0x1/report", 400),
    ("GET", "/v1/models/classic/versions/99999999999999999999/report", 404),
    ("GET", "/v1/models/classic/versions/%D9%A1", 400),
    ("GET", "/v1/models/classic/versions/1/manifest.json", 400),
    ("GET", "/v1/models/classic/labels/..", 404),
    ("GET", "/v1/models/classic/labels/%2e%2e%2flabels.json", 400),
    ("PUT", "/v1/models/classic/labels/..", 400),
    ("PUT", "/v1/models/classic/labels/a%2fb", 400),
    ("PUT", "/v1/models/classic/labels/latest", 400),
    ("PUT", "/v1/models/classic/labels/a.json", 400),
    ("PUT", "/v1/models/%2e%2e/labels/stable", 404),
    ("PUT", "/v1/models/Bad/labels/stable", 404),
    ("DELETE", "/v1/models/%2e%2e/labels/stable", 404),
    ("DELETE", "/v1/models/classic/labels/%2e%2e", 400),
    ("GET", "/v2/models/%2e%2e/ready", 404),
    ("GET", "/v2/models/..%2fsecret", 404),
    ("GET", "/v2/models/classic/versions/%2e%2e", 404),
    ("POST", "/v2/models/../infer", 404),
    ("POST", "/v2/repository/models/..%2f/load", 404),
    ("GET", "/metrics/../v1/models", 404),
    ("TRACE", "/v1/models", 405),
    ("GET\r\nX", "/v1/models", 405),
]

HEADERS = [
    ("X-Request-Id", "a\r\nSet-Cookie: stolen=1"),
    ("X-Request-Id", '{"level":"error"}'),
    ("X-Request-Id", "\x1b[2J"),
    ("Accept", "application/x-npy\r\nX: 1"),
    ("Accept", "application/x-npy;q=nan"),
    ("Accept", "," * 5000),
    ("Accept-Encoding", "gzip;q=inf, *;q=-1"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Original-URL", "/v1/models/secret"),
    ("X-Rewrite-URL", "/v1/models/secret"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Forwarded-Prefix", "/../.."),
    ("Host", "evil.example"),
    ("Range", "bytes=0-1"),
    ("If-None-Match", "*"),
    ("Cookie", "session=" + "a" * 4000),
    ("Authorization", "Bearer ../../etc/passwd"),
    ("X-API-Key", "' or 1=1"),
    ("Content-Language", "../../etc/passwd"),
]

REFUSED_HEADERS = [
    ("Content-Encoding", "../../etc/passwd", 400),
    ("Content-Encoding", "deflate", 400),
    ("Content-Type", "application/x-python-pickle", 415),
    ("Content-Type", "application/json\r\nX: 1", 415),
    ("Content-Type", "multipart/form-data; boundary=x", 400),
]

SOURCES = [
    "/etc/passwd", "../secret.npz", "../../../../etc/passwd", "file:///etc/passwd", "http://169.254.169.254/latest",
    "https://127.0.0.1:8501/v1/models", "ftp://127.0.0.1/x.npz", "gopher://127.0.0.1:6379/_FLUSHALL",
    "data/../../secret.npz", "sklearn://../../etc", "keras://os.system", "dataset://../secret", "way-out.npz",
    "loop.npz", "~/secret.npz", "\x00", "secret.npz\x00.csv", "||id", "C:\\secret.npz", "\\\\server\\share\\x.npz",
    "//server/x.npz", "a" * 5000,
]  # fmt: skip


@pytest.fixture
def around(one_of_each: Path) -> Path:
    """The folder around the store, with a secret in it."""
    (one_of_each.parent / "secret").write_text(SECRET)
    return one_of_each.parent


def everything(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def told_nothing(answer, around: Path) -> None:
    """Nothing of the secret, of the store's place, or of Python."""
    for word in (SECRET, str(around), "Traceback", "root:"):
        assert word not in answer.text
    assert "X-Injected" not in answer.headers
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(("method", "path", "status"), PATHS)
def test_a_path_that_leads_elsewhere(client, around, method, path, status):
    """Is wrong, or names nothing; the store is as it was."""
    before = everything(around)
    answer = client.open(path, method=method, json={"version": 1} if method == "PUT" else None)
    assert answer.status_code == status
    assert method == "HEAD" or "error" in answer.json
    told_nothing(answer, around)
    assert everything(around) == before


@pytest.mark.parametrize(("name", "value"), HEADERS)
def test_a_header_that_wants_something_else(client, around, name, value):
    """Changes nothing: the prediction is the one that was asked for."""
    headers = {"HTTP_" + name.upper().replace("-", "_"): value}
    answer = client.post(PREDICT, json=GOOD, environ_overrides=headers)
    assert answer.status_code == 200
    assert len(answer.headers["X-Request-Id"]) == 32
    told_nothing(answer, around)


@pytest.mark.parametrize(("name", "value", "status"), REFUSED_HEADERS)
def test_a_body_that_is_called_something_else(client, around, name, value, status):
    """Is refused, and not guessed."""
    environ = {("CONTENT_TYPE" if name == "Content-Type" else "HTTP_CONTENT_ENCODING"): value}
    answer = client.post(PREDICT, json=GOOD, environ_overrides=environ)
    assert answer.status_code == status
    told_nothing(answer, around)


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_that_nobody_may_read(app_with, around, tmp_path, source):
    """The spec is refused before anything is queued; a link that leads out is no way out."""
    (tmp_path / "way-out.npz").symlink_to(around / "secret")
    (tmp_path / "loop.npz").symlink_to(tmp_path / "loop.npz")
    client = app_with(data_roots=(str(tmp_path),)).test_client()
    answer = client.post("/v1/jobs", json={**SPEC, "data": {"source": source}})
    assert answer.status_code == 400
    told_nothing(answer, around)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['id']",
        "model: !!python/name:os.system",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nmodel: *c",
        "model: *unknown",
        "{" * 5000,
        "model: ../secret\n",
        "model: mine\nmodel: other\n",
    ],
)
def test_yaml_that_wants_to_be_more(client, around, text):
    """Is a document with mistakes."""
    answer = client.post("/v1/jobs", data=text, content_type="application/yaml")
    assert answer.status_code == 400
    told_nothing(answer, around)


class Evil:
    """Would write a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def npy_with(content: bytes, descr: str) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1, 8)}}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


@pytest.mark.parametrize("descr", ["'|O'", "__import__('os').system('id')", "[('a', '<f4')]"])
def test_an_array_that_wants_to_be_run(client, around, descr):
    """Is not even looked into."""
    mark = around / "was-here"
    body = npy_with(pickle.dumps(Evil(mark)), descr)
    answer = client.post(PREDICT, data=body, content_type="application/x-npy")
    assert answer.status_code == 400
    assert not mark.exists()


def test_a_picture_that_would_fill_the_memory(client):
    """Is refused by its header: 60000 × 60000 pixels in two hundred bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    answer = client.post("/v1/models/digits:predict", data=io.BytesIO(body), content_type="image/png")
    assert answer.status_code == 400
    assert "60000 wide" in answer.json["error"]
