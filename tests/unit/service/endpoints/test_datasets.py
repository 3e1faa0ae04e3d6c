import errno
import gzip
import hashlib
import io
import random
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models.store.store import Store

CSV = b"a,b,y\n1,2,p\n3,4,q\n"
DIGEST = hashlib.sha256(CSV).hexdigest()


def archive(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def upload(client, name: str = "pq.csv", data: bytes = CSV, **more):
    return client.post("/v1/datasets", query_string={"name": name}, data=data, **more)


def files_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_upload_is_named_by_its_digest(client) -> None:
    """What comes back is what a spec says to mean exactly these bytes."""
    answer = upload(client)
    assert answer.status_code == 201
    assert answer.json | {"source": f"dataset://{DIGEST}", "sha256": DIGEST, "rows": 2, "name": "pq.csv"} == answer.json
    assert client.get(answer.headers["Location"]).json == answer.json


def test_a_data_set_is_listed_looked_at_and_deleted(client) -> None:
    """By its name or its digest; afterwards it is not found."""
    upload(client)
    assert [one["sha256"] for one in client.get("/v1/datasets").json["datasets"]] == [DIGEST]
    assert client.get("/v1/datasets/pq.csv").json["sha256"] == DIGEST
    assert client.delete(f"/v1/datasets/{DIGEST}").status_code == 204
    assert client.get("/v1/datasets").json == {"datasets": []}
    for path in ("/v1/datasets/pq.csv", f"/v1/datasets/{DIGEST}"):
        assert client.get(path).status_code == 404
        assert client.delete(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("x.npz", archive(x=np.zeros((5, 2)), y=np.arange(5)), 5),
        ("x.jsonl", b'{"a": 1}\n\n{"a": 2}\n', 2),
        ("x.json", b'[{"a": 1}, {"a": 2}, {"a": 3}]', 3),
    ],
)
def test_rows_are_counted_in_every_kind_of_file(client, name, data, rows) -> None:
    """Without loading the arrays."""
    assert upload(client, name, data).json["rows"] == rows


def test_the_content_type_completes_a_name_without_an_ending(client) -> None:
    """An ending in the name says more than the content type."""
    assert upload(client, "pq", content_type="text/csv").json["name"] == "pq.csv"
    assert upload(client, "pq.csv", content_type="image/png").json["name"] == "pq.csv"
    assert upload(client, "pq").status_code == 400


def test_a_compressed_upload_is_kept_as_what_it_expands_to(client) -> None:
    """Its digest is that of the file."""
    answer = upload(client, data=gzip.compress(CSV), headers={"Content-Encoding": "gzip"})
    assert answer.json["sha256"] == DIGEST


@pytest.mark.parametrize(
    "name",
    ["", "noending", "../x.csv", "..%2Fx.csv", "a/b.csv", "a\\b.csv", ".csv", "x.exe", "x" * 200 + ".csv", "a b.csv",
     "x.csv\n", "x.csv\x00", "é.csv", "/etc/passwd.csv", "C:x.csv", "x.csv/..", "%2e%2e/x.csv", "x.pkl", "x.csv?y=1"],
)  # fmt: skip
def test_a_name_that_could_be_anything_else_is_refused(client, store_folder, name) -> None:
    """Nothing is written anywhere; the answer names the place."""
    answer = upload(client, name)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("name: expected")
    assert files_of(store_folder.parent) == []


@pytest.mark.parametrize("reference", ["..", "%2e%2e", "..%2f..", "names", "x.csv", "0" * 64, "0" * 63, "a b", "é"])
def test_a_reference_that_means_nothing_is_not_found(client, reference) -> None:
    """And nothing outside is read or deleted."""
    upload(client)
    for method in ("GET", "DELETE"):
        assert client.open(f"/v1/datasets/{reference}", method=method).status_code == 404
    assert client.get("/v1/datasets/pq.csv").status_code == 200


def test_a_body_over_the_limit_is_a_413(client, store_folder) -> None:
    """Announced, chunked, or only after it is decompressed; nothing is kept."""
    big = b"x" * 1_000_001
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert upload(client, data=big).status_code == 413
    assert upload(client, data=io.BytesIO(big), environ_overrides=chunked).status_code == 413
    assert upload(client, data=gzip.compress(big), headers={"Content-Encoding": "gzip"}).status_code == 413
    assert files_of(store_folder.parent) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.npz", b"no archive"),
        ("x.npz", archive(y=np.array([{"a": 1}], dtype=object))),
        ("x.npz", archive()),
        ("x.npz", archive(y=np.float64(1))),
        ("x.npy", b"\x93NUMPY\x01\x00"),
        ("x.parquet", b"no parquet at all"),
        ("x.json", b'{"a": 1}'),
        ("x.json", b"[" * 100_000),
        ("x.csv", b"a,b\n\xff\x00,1\n"),
        ("x.csv", b""),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(client, store_folder, name, data) -> None:
    """Before it is anywhere; pickles are never loaded."""
    answer = upload(client, name, data)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("body: expected")
    assert files_of(store_folder.parent) == []


def test_an_archive_that_would_expand_without_end_is_counted_from_its_header(client) -> None:
    """Fifty megabytes of zeros in fifty kilobytes are not decompressed."""
    file = io.BytesIO()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (781_250, 8)})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("y.npy", header.getvalue() + bytes(50_000_000))
    assert upload(client, "x.npz", file.getvalue()).json["rows"] == 781_250


def test_damaged_files_are_never_an_error_of_ours(client) -> None:
    """A thousand mutations of every kind of file: 201 or 400."""
    chance = random.Random(7)
    originals = {"x.npz": archive(x=np.zeros((5, 2)), y=np.arange(5)), "x.csv": CSV, "x.json": b'[{"a": 1}]'}
    for _ in range(1000):
        name = chance.choice(list(originals))
        data = bytearray(originals[name])
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        assert upload(client, name, bytes(data[: chance.randrange(1, len(data) + 1)])).status_code in (201, 400)


def test_a_job_on_an_unknown_data_set_is_refused_before_it_is_queued(client) -> None:
    """With the place in the spec."""
    spec = {
        "model": "classic",
        "data": {"source": f"dataset://{DIGEST}"},
        "layers": [{"Dense": {"units": 2, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy"},
    }
    answer = client.post("/v1/jobs", json=spec)
    assert (answer.status_code, answer.json["details"][0]["path"]) == (400, "data.source")
    source = upload(client, "large.csv", CSV + b"5,6,p\n").json["source"]
    spec["data"] = dict.fromkeys(("source", "validation", "test"), source)
    assert client.post("/v1/jobs", json=spec).status_code == 503  # there is no queue in this test


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_a_full_disk_is_told_as_such(client, monkeypatch) -> None:
    """Trying again in a second would not help."""
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda **_: open("/dev/full", "r+b", buffering=0))  # noqa: PTH123, SIM115
    answer = upload(client)
    assert answer.status_code == 507
    assert "the store is full" in answer.json["error"]
    assert "Retry-After" not in answer.headers


def test_a_full_disk_is_told_as_such_whatever_meets_it(client, monkeypatch) -> None:
    """Also where no file can be made at all; it is no error of ours."""

    def no_file(**_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", no_file)
    answer = upload(client)
    assert answer.status_code == 507
    assert "the service's folder for temporary files" in answer.json["error"]


def test_a_store_whose_folder_went_away_is_away(client, publish, registry, store_folder) -> None:
    """An upload does not make it anew, and what is in it is not missing."""
    publish()
    registry.refresh()
    shutil.move(store_folder, store_folder.parent / "away")
    for answer in (upload(client), client.get("/v1/datasets"), client.get("/v1/models/classic/versions/1/report")):
        assert answer.status_code == 503, answer.request.path
        assert answer.headers["Retry-After"]
    assert not store_folder.exists()


def test_the_versions_that_were_trained_on_a_data_set_are_named_when_it_goes(client, draft_of, store_folder) -> None:
    """They stay; by whichever name their specs meant it."""
    upload(client)
    for model, source in (("one", "pq.csv"), ("two", DIGEST), ("three", "other.csv")):
        manifest, files = draft_of(model)
        files["spec.yaml"] = f"model: {model}\ndata:\n  source: dataset://{source}\n".encode()
        Store.open(store_folder).publish(manifest, files)
    answer = client.delete(f"/v1/datasets/{DIGEST}")
    assert (answer.status_code, answer.headers["X-Onehot-Trained-Versions"]) == (204, "one/1, two/1")
    assert Store.open(store_folder).models() == ["one", "three", "two"]
