"""What the trainer uses of rq and Keras without their promise: each is named when an upgrade breaks it."""

import ast
import inspect
import tomllib
from importlib import metadata
from pathlib import Path

import keras
import pytest
from packaging.specifiers import SpecifierSet
from redis import Redis
from rq import Worker, worker_registration
from rq.job import Job
from rq.queue import Queue

from service.jobs.reaper import JobsOnTheirWay, ReapedQueue, Reaper, SilentJob
from trainer.fit import keras_internals
from trainer.fit.keras_internals import CALLBACK_STATE
from trainer.worker import rq_internals
from trainer.worker.allowed_jobs import ListedJob
from trainer.worker.leases import Leases
from trainer.worker.reliable_queue import PromptIntermediateQueue, ReliableQueue
from trainer.worker.rq_internals import OVERRIDDEN, PRIVATE
from trainer.worker.training_worker import TrainingWorker

ROOT = Path(__file__).parents[3]
NO_SERVER = Redis(port=1)
RANGES = {"rq": rq_internals.VERSIONS, "keras": keras_internals.VERSIONS}
OF_THE_WORKER = (TrainingWorker, ListedJob, ReliableQueue, PromptIntermediateQueue, Leases)
OURS = (*OF_THE_WORKER, Reaper, SilentJob, ReapedQueue, JobsOnTheirWay)
METHODS = [(foreign, name) for foreign, methods in OVERRIDDEN.items() for name in methods]
DATA = {"job_class", "queue_class"}
"""Class attributes that RQ documents for this."""


def instances() -> dict[type, object]:
    """One of each class whose private attributes are used, without a server."""
    queue = Queue("train", connection=NO_SERVER)
    worker = Worker([queue], connection=NO_SERVER, prepare_for_work=False)
    return {Worker: worker, Job: Job.create("trainer.jobs.train", connection=NO_SERVER), Queue: queue}


@pytest.mark.parametrize("package", RANGES)
def test_the_installed_version_is_in_the_proved_range(package: str) -> None:
    """And `pyproject.toml` lets no other in."""
    assert metadata.version(package) in SpecifierSet(RANGES[package])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    bounds = {line for lines in lists for line in lines if line.startswith((f"{package}>", f"{package}<"))}
    assert bounds == {package + RANGES[package]}


@pytest.mark.parametrize(("foreign", "name"), [(foreign, name) for foreign, names in PRIVATE.items() for name in names])
def test_a_private_attribute_of_rq_is_there(foreign: type, name: str) -> None:
    """Else it would be set without an effect."""
    assert hasattr(instances()[foreign], name)


@pytest.mark.parametrize(("foreign", "name"), METHODS)
def test_an_overridden_method_of_rq_keeps_its_parameters(foreign: type, name: str) -> None:
    """Else RQ would call ours otherwise, or not at all."""
    method = inspect.getattr_static(foreign, name)
    plain = method.fget if isinstance(method, property) else getattr(foreign, name)
    assert list(inspect.signature(plain).parameters) == OVERRIDDEN[foreign][name].split()


@pytest.mark.parametrize("ours", OURS)
def test_every_override_is_listed(ours: type) -> None:
    """So that the list above is all there is."""
    bases = [base for base in ours.__mro__ if not base.__module__.startswith(("trainer.", "service."))]
    defined = {name for base in ours.__mro__ if base not in bases for name in vars(base) if not name.startswith("__")}
    overridden = {name for name in defined if any(name in vars(base) for base in bases)}
    assert overridden - DATA <= {name for methods in OVERRIDDEN.values() for name in methods}


def test_rq_keeps_its_queues_and_workers_under_the_same_keys() -> None:
    """The service counts jobs and workers there."""
    assert Queue("train", connection=NO_SERVER).key == "rq:queue:train"
    assert worker_registration.WORKERS_BY_QUEUE_KEY % "train" == "rq:workers:train"


@pytest.mark.parametrize("name", CALLBACK_STATE)
def test_a_callback_of_keras_keeps_its_state_there(name: str) -> None:
    """From the begin of a training on."""
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    network.compile(keras.optimizers.Adam(use_ema=True), "mse")
    callback = getattr(keras.callbacks, name)(**({"swap_on_epoch": True} if name == "SwapEMAWeights" else {}))
    callback.set_model(network)
    callback.on_train_begin()
    assert [attribute for attribute in CALLBACK_STATE[name] if not hasattr(callback, attribute)] == []


def test_keras_builds_symbolically_on_jax() -> None:
    """By the one private method that a stepper calls."""
    assert "data_batch" in inspect.signature(keras.Model._symbolic_build).parameters


def test_no_other_module_touches_a_private_attribute() -> None:
    """Of anything but its own object."""
    homes = {ROOT / "trainer/worker/rq_internals.py", ROOT / "trainer/fit/keras_internals.py"}
    names = {name for private in PRIVATE.values() for name in private}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.attr}"
        for path in set((ROOT / "trainer").rglob("*.py")) - homes
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and (node.attr in names or _is_foreign(node))
    ]
    assert found == []


def _is_foreign(node: ast.Attribute) -> bool:
    private = node.attr.startswith("_") and not node.attr.startswith("__")
    owner = ast.unparse(node.value)
    return private and owner not in {"self", "cls", "os", "super()"}
