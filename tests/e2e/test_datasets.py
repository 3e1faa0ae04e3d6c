"""Data sets uploaded to the real service: streamed, and trained on by a real worker."""

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

CHUNK = bytes(range(256)) * 1024
CHUNKS = 200
MOST_GROWTH_MB = 16
SPEC = {
    "model": "uploaded",
    "data": {"target": "y", "validation": 0.2, "test": 0.2},
    "preprocessing": ["standardize"],
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 2, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 2},
}


def numpy_file() -> Iterator[bytes]:
    """An array of some 52 MB, as it comes from a client that does not know how long it is."""
    rows = CHUNKS * len(CHUNK) // 8
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, 8), }}".ljust(117) + "\n"
    yield b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()
    yield from [CHUNK] * CHUNKS


def peak_mb() -> float:
    """The most memory that any process of the service ever had."""
    statuses = [
        Path(f"/proc/{process.pid}/status").read_text()
        for process in psutil.Process().children(recursive=True)
        if process.cmdline()[-2:] == ["-m", "service"]
    ]
    return max(int(status.split("VmHWM:")[1].split()[0]) for status in statuses) / 1024


def test_a_large_upload_passes_through_without_filling_the_memory(serve, store_folder) -> None:
    """It is as long in the store as it was on the wire, and the service is hardly larger than before."""
    url = serve()
    httpx.post(f"{url}/v1/datasets", params={"name": "warm.csv"}, content=b"a,y\n1,2\n", trust_env=False)
    before_mb = peak_mb()
    answer = httpx.post(
        f"{url}/v1/datasets", params={"name": "large.npy"}, content=numpy_file(), trust_env=False, timeout=60
    )
    assert answer.status_code == 201, answer.text
    digest = hashlib.sha256(b"".join(numpy_file())).hexdigest()
    assert (answer.json()["sha256"], answer.json()["rows"]) == (digest, CHUNKS * len(CHUNK) // 8)
    assert (store_folder / "datasets" / digest / "data.npy").stat().st_size == answer.json()["size"]
    assert peak_mb() - before_mb < MOST_GROWTH_MB


def test_a_slow_upload_keeps_nobody_waiting(serve, publish) -> None:
    """The one worker predicts between its first half and its second."""
    publish()
    url = serve()
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /v1/datasets?name=slow.csv HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8\r\n\r\n"
        connection.sendall(head.encode() + b"a,y\n")
        instances = {"instances": [[0.1] * 8]}
        assert httpx.post(f"{url}/v1/models/classic:predict", json=instances, trust_env=False).status_code == 200
        connection.sendall(b"1,2\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")


def test_an_upload_that_ends_too_early_leaves_nothing_behind(serve, store_folder, tmp_path, wait_until) -> None:
    """Neither in the store nor in the folder for temporary files."""
    url = serve(TMPDIR=str(tmp_path))
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /v1/datasets?name=half.csv HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\na,y\n"
        connection.sendall(head.encode())
        wait_until(lambda: list(tmp_path.glob("onehot-upload-*")), what="the upload has begun")
    wait_until(lambda: not list(tmp_path.glob("onehot-upload-*")), what="the upload is given up")
    assert httpx.get(f"{url}/v1/datasets", trust_env=False).json() == {"datasets": []}
    assert not (store_folder / "datasets").exists()


@pytest.mark.timeout(300)
def test_a_job_trains_on_what_was_uploaded(serve, redis_server, store_folder, wait_until) -> None:
    """The version says which bytes it was trained on, and stays when they are deleted."""
    url = serve(ONEHOT_REDIS_URL=redis_server)
    rows = np.random.default_rng(7).random((80, 3))
    lines = [f"{a},{b},{c},{'high' if a > 0.5 else 'low'}" for a, b, c in rows.round(4).tolist()]
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        content = "\n".join(["a,b,c,y", *lines]).encode()
        uploaded = client.post("/v1/datasets", params={"name": "points.csv"}, content=content).json()
        spec = SPEC | {"data": SPEC["data"] | {"source": uploaded["source"]}}
        job = client.post("/v1/jobs", json=spec)
        assert job.status_code == 202, job.text
        environment = os.environ | {"ONEHOT_STORE": str(store_folder), "ONEHOT_REDIS_URL": redis_server}
        subprocess.run([sys.executable, "-m", "trainer.worker", "--burst"], env=environment, check=True, timeout=240)
        done = client.get(job.headers["Location"]).json()
        assert done["status"] == "finished", done
        wait_until(lambda: client.get("/v1/models/uploaded").status_code == 200, what="the version is loaded")
        assert client.delete(f"/v1/datasets/{uploaded['sha256']}").status_code == 204
        row = {"instances": [{"a": 0.9, "b": 0.1, "c": 0.5}]}
        answer = wait_until(
            lambda: (one := client.post("/v1/models/uploaded:predict", json=row)).status_code == 200 and one,
            what="the version answers",
        )
        assert np.shape(answer.json()["predictions"]) == (1, 2)
        assert client.get("/v1/models/uploaded/metadata").json()["metadata"]["class_names"] == ["high", "low"]
