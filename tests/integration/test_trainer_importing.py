import json
import zipfile

import keras
import numpy as np
import onnxruntime
import pytest

from models.errors import DataError
from models.store.store import Store
from trainer.backends.choice import choose_backend
from trainer.importing.__main__ import main
from trainer.importing.keras_file_check import check_keras_file

assert choose_backend("tensorflow")

from trainer.importing.network_import import import_network, random_rows  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)
LAYERS = keras.layers


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


@pytest.fixture
def saved(tmp_path):
    """Saves layers as a .keras file; its bytes."""

    def save(*layers, shape=(6,)) -> bytes:
        keras.Sequential([keras.Input(shape), *layers]).save(tmp_path / "own.keras")
        return (tmp_path / "own.keras").read_bytes()

    return save


def publish(content: bytes, store: Store, names=()):
    return import_network(content, "own", where="own.keras", class_names=names, store=store)


def test_an_own_network_is_published_and_served_as_it_is(saved, store) -> None:
    """The file itself is kept; golden rows are what Keras computes."""
    content = saved(LAYERS.Dense(8, activation="gelu"), LAYERS.Dense(3, activation="softmax"))
    manifest = publish(content, store, ("red", "green", "blue"))
    assert (manifest.task, manifest.class_names, manifest.instance.shape) == ("softmax", ("red", "green", "blue"), (6,))
    assert store.verify("own", 1) == manifest
    assert store.read(manifest, "model.keras") == content
    assert store.labels("own") == {"stable": 1}
    session = onnxruntime.InferenceSession(store.read(manifest, "model.onnx"))
    (answer,) = session.run(None, {"x": np.asarray(manifest.golden_rows.instances, np.float32)})
    assert np.allclose(answer, manifest.golden_rows.predictions, atol=1e-5)
    assert json.loads(store.read(manifest, "report.json"))["parity"]["rows"] == 64


def _with_branches():
    """A network that branches and meets again, with every kind of layer that is written otherwise for its export."""
    image = keras.Input((8, 8, 4))
    normalized = LAYERS.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0])(image)
    augmented = LAYERS.RandomFlip()(normalized)
    grouped = LAYERS.Conv2D(4, 3, padding="same", groups=2, activation="relu")(augmented)
    met = LAYERS.Add()([grouped, normalized])
    larger = LAYERS.Conv2DTranspose(3, 3, strides=2, padding="same")(LAYERS.Dense(4)(met))
    pooled = LAYERS.GlobalAveragePooling2D()(larger)
    return keras.Model(image, LAYERS.Dense(3, activation="softmax")(pooled))


def test_an_own_network_may_branch(tmp_path, store) -> None:
    """What is left out or rewritten for the export is, wherever it stands; the network itself is kept as it is."""
    network = _with_branches()
    network.save(tmp_path / "own.keras")
    manifest = publish((tmp_path / "own.keras").read_bytes(), store)
    rows = np.random.default_rng(1).normal(size=(7, 8, 8, 4)).astype(np.float32)
    (answer,) = onnxruntime.InferenceSession(store.read(manifest, "model.onnx")).run(None, {"x": rows})
    assert np.allclose(answer, network(rows, training=False), atol=1e-5)


def test_an_own_network_is_measured_on_data_that_is_given(tmp_path, monkeypatch, capsys) -> None:
    """With the metrics that Keras computes there; without data it says that it has none."""
    rng = np.random.default_rng(1)
    rows, labels = rng.random((60, 6), dtype=np.float32), np.arange(60) % 3
    np.savez(tmp_path / "own.npz", x=rows, y=labels)
    network = keras.Sequential([keras.Input((6,)), LAYERS.Dense(3, activation="softmax")])
    network.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    network.save(tmp_path / "own.keras")
    accuracy = network.evaluate(rows, labels, verbose=0, return_dict=True)["accuracy"]
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ONEHOT_DATA_ROOTS", str(tmp_path))
    command = [str(tmp_path / "own.keras"), "--model", "own"]
    assert main([*command, "--data", "own.npz", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == {"accuracy": pytest.approx(accuracy)}
    store = Store.open(tmp_path / "store")
    manifest = store.manifest("own", 1)
    assert manifest.data["rows"] == {"test": 60}
    report = json.loads(store.read(manifest, "report.json"))
    assert np.trace(report["confusion_matrix"]) == round(accuracy * 60)
    assert main([*command, "--data", "none.npz"]) == 1
    assert "data.source: expected" in capsys.readouterr().err
    assert main(command) == 0
    assert capsys.readouterr().out == "Published own version 2, without metrics: --data SOURCE would measure it\n"


def test_a_layer_with_code_of_its_own_is_refused_by_name(saved, store) -> None:
    """Before Keras looks at it."""
    content = saved(LAYERS.Lambda(lambda x: x * 2, name="twice"), LAYERS.Dense(3, activation="softmax"))
    with pytest.raises(DataError, match=r"Lambda 'twice'.*refused because it runs Python code of its own"):
        publish(content, store)
    assert store.models() == []


def test_a_class_of_others_is_refused_by_name(saved, tmp_path) -> None:
    """A module that the file names would have to be imported."""
    content = saved(LAYERS.Dense(3, activation="softmax", name="last"))
    with zipfile.ZipFile(tmp_path / "own.keras") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    config["config"]["layers"][1]["module"] = "os"
    files["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(tmp_path / "changed.keras", "w") as archive:
        for name, part in files.items():
            archive.writestr(name, part)
    with pytest.raises(DataError, match="Dense 'last': expected a class of Keras itself"):
        check_keras_file((tmp_path / "changed.keras").read_bytes(), where="changed.keras")
    assert check_keras_file(content, where="own.keras")["class_name"] == "Sequential"


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_a_file_that_is_none_is_refused(content) -> None:
    """One message."""
    with pytest.raises(DataError, match=r"own\.keras: expected a \.keras file"):
        check_keras_file(content, where="own.keras")


def test_a_network_without_a_head_is_refused(saved, store) -> None:
    """What comes out must be probabilities or numbers, one row for each instance."""
    with pytest.raises(DataError, match="softmax, sigmoid or linear units"):
        publish(saved(LAYERS.Dense(3, activation="relu")), store)
    with pytest.raises(DataError, match=r"received an output of shape \[4, 3\]"):
        publish(saved(LAYERS.Dense(3, activation="softmax"), shape=(4, 6)), store)


def test_class_names_are_as_many_as_classes(saved, store) -> None:
    """One sigmoid unit has two."""
    content = saved(LAYERS.Dense(1, activation="sigmoid"))
    with pytest.raises(DataError, match="--class-names: expected 2 different names"):
        publish(content, store, ("yes",))
    assert publish(content, store).class_names == ("0", "1")


def test_random_rows_are_in_the_input_s_range() -> None:
    """Words of an Embedding, pixels of a Rescaling."""
    words = keras.Sequential([keras.Input((5,)), LAYERS.Embedding(9, 2)])
    pixels = keras.Sequential([keras.Input((4, 4, 1)), LAYERS.Rescaling(1 / 255)])
    assert set(np.unique(random_rows(words, (5,)))) == set(range(9))
    assert 200 < random_rows(pixels, (4, 4, 1)).max() <= 255


def test_the_command_says_what_it_did(saved, tmp_path, monkeypatch, capsys) -> None:
    """Exit status 0 with the version, 1 with one line."""
    monkeypatch.setenv("ONEHOT_STORE", str(tmp_path / "store"))
    saved(LAYERS.Dense(3, activation="softmax"))
    file = str(tmp_path / "own.keras")
    assert main([file, "--model", "own", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    with pytest.raises(SystemExit) as refused:
        main([file, "--model", "Not a name"])
    assert refused.value.code == 2
    assert "argument --model: expected a model's name" in capsys.readouterr().err
    assert main([str(tmp_path / "none.keras"), "--model", "own"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
