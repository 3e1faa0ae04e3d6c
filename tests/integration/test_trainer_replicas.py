"""Several devices: two devices of the CPU stand for two GPUs, given to the training by its caller."""

import json
import os
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest

from models.spec import load_spec
from models.store.store import Store
from trainer.backends.choice import ENVIRONMENT, is_installed

pytestmark = pytest.mark.timeout(600)
BACKENDS = [backend for backend in ("tensorflow", "jax") if is_installed(backend)]
SOFTMAX = {"Dense": {"units": 10, "activation": "softmax"}}
PLAIN = ["Flatten", {"Dense": {"units": 24, "activation": "relu"}}, SOFTMAX]
RANDOM = [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "BatchNormalization", "Flatten", {"Dropout": {"rate": 0.3}},
          SOFTMAX]  # fmt: skip

PROGRAM = """
import json, sys
from trainer.backends.choice import choose_backend
from trainer.launch.launch import training_module
backend, store, trainings = json.loads(sys.argv[1])
choose_backend(backend)
if backend == "tensorflow":
    import tensorflow as tf
    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
training = training_module()
import trainer.fit.epochs
from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from trainer.backends.devices import Devices
from trainer.fit.progress import NullObserver, TrainingPaused

trainer.fit.epochs.CALL_S = 0.0

class Pausing(NullObserver):
    def __init__(self, looks):
        self.left = looks
    def check(self):
        self.left -= 1
        if self.left == 0:
            raise TrainingPaused

for name, document, devices, pauses in trainings:
    for looks in (*pauses, 0):
        try:
            training.train(load_spec(document), store=Store.open(store), settings=Settings(), job_id=name,
                           observer=Pausing(looks), devices=Devices(tuple(devices)))
        except TrainingPaused:
            print("paused", name)
"""


def digits(layers, **changes):
    return {
        "model": "digits",
        "seed": 7,
        "data": {"source": "sklearn://digits"},
        "preprocessing": [{"rescale": {"scale": 0.0625}}, {"reshape": [8, 8, 1]}],
        "layers": layers,
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.005}}, "loss": "categorical_crossentropy",
                    "metrics": ["accuracy"]},
        "fit": {"epochs": 3, "batch_size": 33, **changes},
    }  # fmt: skip


def train_all(backend, store, trainings):
    """Train in one process that has two devices; the manifests by job, and what the process said."""
    environment = {**os.environ, **ENVIRONMENT, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    jobs = [[name, {**document, "backend": backend}, *rest] for name, document, *rest in trainings]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([backend, store, jobs])],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    opened = Store.open(store)
    manifests = [opened.manifest("digits", version) for version in opened.versions("digits")]
    return {manifest.job_id: manifest for manifest in manifests}, done.stdout.split()


def answers(store, manifest):
    """What is served for some rows."""
    session = onnxruntime.InferenceSession(Store.open(store).read(manifest, "model.onnx"))
    inputs = np.random.default_rng(0).random((64, 8, 8, 1), dtype=np.float32)
    return session.run(None, {"x": inputs})[0]


@pytest.fixture(scope="module", params=BACKENDS)
def trained(request, tmp_path_factory):
    """The store, and the manifests of every training of a backend."""
    store = str(tmp_path_factory.mktemp(request.param) / "store")
    one, two = ["cpu:0"], ["cpu:0", "cpu:1"]
    few = digits(RANDOM, batch_size=119, class_weight="balanced", epochs=3)  # 1257 rows: the last batch has 67
    manifests, said = train_all(request.param, store, [
        ["alone", digits(PLAIN), one, []],
        ["together", digits(PLAIN), two, []],
        ["random", few, two, []],
        ["resumed", few, two, [4, 4]],
    ])  # fmt: skip
    return store, manifests, said


def test_two_devices_learn_what_one_does(trained) -> None:
    """Batches of 33 rows are no two equal shares, and the last one of an epoch has three rows."""
    store, manifests, _ = trained
    alone, together = manifests["alone"], manifests["together"]
    assert together.metrics["accuracy"] > 0.9
    assert abs(alone.metrics["accuracy"] - together.metrics["accuracy"]) <= 0.01
    assert np.abs(answers(store, alone) - answers(store, together)).max() <= 1e-4


def test_the_version_of_two_devices_is_whole(trained) -> None:
    """Every file as its manifest says, a report of every epoch, and a graph that answers as Keras did."""
    opened, manifest = Store.open(trained[0]), trained[1]["together"]
    assert opened.verify("digits", manifest.version) == manifest
    report = json.loads(opened.read(manifest, "report.json"))
    assert len(report["history"]) == 3
    assert report["parity"]["largest_difference"] <= 1e-5
    assert report["history"][-1]["loss"] == pytest.approx(report["parts"]["train"]["metrics"]["loss"], rel=0.5)


def test_a_training_on_two_devices_goes_on_exactly(trained) -> None:
    """With random layers and two interruptions: the weights of one that was never interrupted."""
    _, manifests, said = trained
    assert said.count("resumed") == 2
    assert manifests["resumed"].weights_sha256 == manifests["random"].weights_sha256


@pytest.mark.parametrize("backend", BACKENDS)
def test_more_gpus_than_there_are_end_the_training_before_it_begins(tmp_path, backend) -> None:
    """With both numbers, and nothing of the data read."""
    document = {**digits(PLAIN), "backend": backend, "resources": {"gpus": 3}, "data": {"source": "nowhere.npz"}}
    environment = {**os.environ, "ONEHOT_STORE": str(tmp_path / "store")}
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "-"], input=json.dumps(document),
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 1
    expected = f"resources.gpus: expected a worker on which {backend} finds 3 GPUs; received one with 0"
    assert done.stderr.strip() == expected


def test_torch_has_no_replicas() -> None:
    """It is said at submission, and one GPU is right."""
    one = {**digits(PLAIN), "backend": "torch", "resources": {"gpus": 1}}
    assert load_spec(one).resources.gpus == 1
    with pytest.raises(Exception, match=r"resources\.gpus: expected at most 1 with the backend torch.*received 2"):
        load_spec({**one, "resources": {"gpus": 2}})
