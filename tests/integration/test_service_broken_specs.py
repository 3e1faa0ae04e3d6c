"""Specs that cannot be trained, each posted to a real queue: an answer that names the place, and nothing queued."""

import copy

import numpy as np
import pytest
from redis import Redis

from models.settings import Settings
from service.app import create_app

SPEC = {
    "model": "flowers",
    "data": {"source": "flowers.csv", "target": "species"},
    "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 2, "batch_size": 8},
}
HEAD = {"Dense": {"units": 3, "activation": "softmax"}}
CSV = "length,width,species\n" + "".join(f"{row},{row * 2},{'abc'[row % 3]}\n" for row in range(30))
BROKEN = [
    # (what is changed: path → value, where the answer points)
    ({"model": "Flowers!"}, "model"),
    ({"model": 7}, "model"),
    ({"model": None}, "model"),
    ({"backend": "theano"}, "backend"),
    ({"seed": 1.5}, "seed"),
    ({"seed": -1}, "seed"),
    ({"layer": []}, "layer"),
    ({"data": None}, "data"),
    ({"data": []}, "data"),
    ({"data": {}}, "data.source"),
    ({"data.sourc": "x"}, "data.sourc"),
    ({"data.source": 3}, "data.source"),
    ({"data.source": "missing.csv"}, "data.source"),
    ({"data.source": "../flowers.csv"}, "data.source"),
    ({"data.source": "/etc/passwd"}, "data.source"),
    ({"data.source": "http://127.0.0.1/flowers.csv"}, "data.source"),
    ({"data.source": "file:///etc/passwd"}, "data.source"),
    ({"data.source": "sklearn://flowers"}, "data.source"),
    ({"data.source": "dataset://nothing"}, "data.source"),
    ({"data.source": "flowers.txt"}, "data.source"),
    ({"data.target": "kind"}, "data.target"),
    ({"data.features": ["length", "depth"]}, "data.features"),
    ({"data.features": []}, "data.features"),
    ({"data.test": 0}, "data.test"),
    ({"data.test": 1.0}, "data.test"),
    ({"data.validation": 0.6, "data.test": 0.5}, "data"),
    ({"data.class_names": ["a", "a", "b"]}, "data.class_names"),
    ({"data.class_names": ["a", "b"]}, "data.class_names"),
    ({"data.source": "gap.csv"}, "gap.csv: column 'width', line 6"),
    ({"data.source": "words.csv"}, "words.csv: column 'width', line 6"),
    ({"data.source": "unlabelled.csv"}, "unlabelled.csv: column 'species', line 6"),
    ({"data.source": "one_class.csv"}, "one_class.csv: column 'species'"),
    ({"data.source": "empty.csv"}, "empty.csv"),
    ({"data.source": "ragged.csv"}, "ragged.csv: line 32"),
    ({"data.source": "four.csv"}, "layers.1.Dense"),
    ({"data.source": "pickled.npz", "data.target": "y"}, "pickled.npz"),
    ({"data.source": "lengths.npz", "data.target": "y"}, "lengths.npz: y"),
    ({"data.source": "images.npz", "data.target": "y"}, "layers.1.Dense"),
    ({"data.source": "images.npz", "data.target": "label"}, "data.target"),
    ({"preprocessing": "standardize"}, "preprocessing"),
    ({"preprocessing": ["standardise"]}, "preprocessing.0"),
    ({"preprocessing": [{"rescale": {"offset": 1}}]}, "preprocessing.0.rescale.scale"),
    ({"preprocessing": [{"astype": "float16"}]}, "preprocessing.0.astype"),
    ({"preprocessing": [{"reshape": [2, 2]}]}, "preprocessing.0.reshape"),
    ({"preprocessing": [{"fill": {"strategy": "magic"}}]}, "preprocessing.0.fill.strategy"),
    ({"input_shape": [3]}, "input_shape"),
    ({"input_shape": [0]}, "input_shape"),
    ({"layers": []}, "layers"),
    ({"layers": "Dense"}, "layers"),
    ({"layers": [{"Dens": {"units": 3}}, HEAD]}, "layers.0"),
    ({"layers": [{"Dense": {}}, HEAD]}, "layers.0.Dense.units"),
    ({"layers": [{"Dense": {"units": True}}, HEAD]}, "layers.0.Dense.units"),
    ({"layers": [{"Dense": {"units": 10**12}}, HEAD]}, "layers.0.Dense.units"),
    ({"layers": [{"Dense": {"units": 8, "activaton": "relu"}}, HEAD]}, "layers.0.Dense.activaton"),
    ({"layers": [{"Dense": {"units": 8, "activation": "rely"}}, HEAD]}, "layers.0.Dense.activation"),
    ({"layers": [{"Dropout": {"rate": 1.5}}, HEAD]}, "layers.0.Dropout.rate"),
    ({"layers": [{"Lambda": {"function": "x"}}, HEAD]}, "layers.0"),
    ({"layers": [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "Flatten", HEAD]}, "layers.0.Conv2D"),
    ({"layers": [{"Reshape": {"target_shape": [5]}}, HEAD]}, "layers.0.Reshape"),
    ({"layers": [{"LSTM": {"units": 4}}, HEAD]}, "layers.0.LSTM"),
    ({"layers": [{"Dense": {"units": 3, "activation": "relu"}}]}, "layers.0.Dense"),
    ({"layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}]}, "compile.loss"),
    ({"layers": [{"Dense": {"units": 4, "activation": "softmax"}}]}, "layers.0.Dense"),
    ({"compile.loss": "categorical"}, "compile.loss"),
    ({"compile.loss": "binary_focal"}, "compile.loss"),
    ({"compile.loss": None}, "compile.loss"),
    ({"compile.optimizer": {"Adam": {"lrs": 0.1}}}, "compile.optimizer.Adam.lrs"),
    ({"compile.optimizer": {"Adam": {"learning_rate": -1}}}, "compile.optimizer.Adam.learning_rate"),
    ({"compile.optimizer": "adamm"}, "compile.optimizer"),
    ({"compile.metrics": "accuracy"}, "compile.metrics"),
    ({"compile.metrics": ["acuracy"]}, "compile.metrics.0"),
    ({"fit.epochs": 0}, "fit.epochs"),
    ({"fit.batch_size": "8"}, "fit.batch_size"),
    ({"fit.callbacks": ["TensorBoard"]}, "fit.callbacks.0"),
    ({"fit.class_weight": {"a": -1}}, "fit.class_weight"),
    ({"fit.precision": "float8"}, "fit.precision"),
    ({"resources": {"gpus": -1}}, "resources.gpus"),
    ({"gate": {"metric": "accuracy"}}, "gate"),
    ({"gate": {"metric": "recall", "minimum": 0.5}}, "gate.metric"),
]


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """Data that can be trained on, and data with one fault each."""
    folder = tmp_path_factory.mktemp("data")
    texts = {
        "flowers.csv": CSV,
        "gap.csv": CSV.replace("4,8,b", "4,,b"),
        "words.csv": CSV.replace("4,8,b", "4,wide,b"),
        "unlabelled.csv": CSV.replace("4,8,b", "4,8,"),
        "one_class.csv": CSV.replace(",b\n", ",a\n").replace(",c\n", ",a\n"),
        "empty.csv": "length,width,species\n",
        "ragged.csv": CSV + "1,2\n",
        "four.csv": CSV + "1,2,d\n1,2,d\n",
        "flowers.txt": CSV,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    np.savez(folder / "pickled.npz", x=np.zeros((9, 2)), y=np.array([{}] * 9))
    np.savez(folder / "lengths.npz", x=np.zeros((9, 2)), y=np.zeros(8))
    np.savez(folder / "images.npz", x=np.zeros((9, 4, 4)), y=np.arange(9) % 3)
    return folder


@pytest.fixture
def connection(redis_server):
    """The queue's server, emptied."""
    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection


@pytest.fixture
def client(connection, redis_server, data_root, store_folder):
    """Talks to an application whose queue is there."""
    assert connection.dbsize() == 0
    settings = Settings(store=str(store_folder), redis_url=redis_server, data_roots=(str(data_root),))
    return create_app(settings).test_client()


def changed(changes):
    """The good spec with other values at some paths."""
    spec = copy.deepcopy(SPEC)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = spec
        for parent in parents:
            node = node[parent]
        node[last] = value
    return spec


def test_the_good_spec_is_queued(client):
    """What is broken below is broken by its one change."""
    assert client.post("/v1/jobs", json=SPEC).status_code == 202


@pytest.mark.parametrize(("changes", "path"), BROKEN, ids=lambda value: str(value)[:70])
def test_a_broken_spec_is_answered_with_its_place_and_not_queued(client, connection, changes, path):
    """400, one message with the path, what was expected and what came; no traceback, no job."""
    answer = client.post("/v1/jobs", json=changed(changes))
    assert answer.status_code == 400
    messages = {detail["path"]: detail["message"] for detail in answer.json["details"]}
    assert path in messages, messages
    assert "expected" in messages[path]
    assert "received" in messages[path]
    assert "Traceback" not in answer.text
    assert client.get("/v1/jobs").json == {"jobs": []}
    assert not connection.keys("rq:queue:*")
