"""What a serving process has loaded after it has predicted."""

import subprocess
import sys

CODE = """
import sys
from pathlib import Path
from models.settings import Settings
from service.app import create_app
from service.http.context import EXTENSION

app = create_app(Settings(store=sys.argv[1]))
app.extensions[EXTENSION].registry.refresh()
client = app.test_client()
assert client.post("/v1/models/classic:predict", json={"instances": [[0.5] * 8]}).status_code == 200
assert client.get("/v1/models").status_code == 200
if "jobs" in sys.argv:
    assert client.post("/v1/jobs", json={}).status_code == 400
    assert client.get("/v1/jobs").status_code == 503
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""
FRAMEWORKS = {"tensorflow", "keras", "jax", "torch", "onnx", "tf2onnx", "polars", "sklearn", "trainer", "onehot"}


def loaded(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", CODE, *arguments]
    environment = {"ONEHOT_REDIS_URL": "redis://127.0.0.1:1/0"}
    return set(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.split())


def test_a_prediction_loads_no_training_framework(publish, store_folder) -> None:
    """Not through a side door either; the queue's library and the reader of specs are not needed for it."""
    publish()
    modules = loaded(str(store_folder))
    assert "onnxruntime" in modules
    assert not FRAMEWORKS & modules
    assert not {"redis", "rq", "ruamel"} & modules


def test_jobs_load_none_either(publish, store_folder) -> None:
    """A job is a name and a document."""
    publish()
    modules = loaded(str(store_folder), "jobs")
    assert "rq" in modules
    assert not FRAMEWORKS & modules
