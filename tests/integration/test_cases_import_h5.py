"""`.h5` files, as Keras 2 saved networks: imported in safe mode, or the two lines that convert them."""

import json

import h5py
import keras
import numpy as np
import pytest

from models.errors import DataError
from models.store.store import Store
from onehot.access.stored_versions import StoredVersions
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.importing.network_import import import_network  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:.*HDF5")]
LAYERS = keras.layers

KERAS_2 = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {"class_name": "InputLayer",
             "config": {"batch_input_shape": [None, 6], "dtype": "float32", "sparse": False, "ragged": False,
                        "name": "first_input"}},
            {"class_name": "Dense",
             "config": {"name": "first", "trainable": True, "dtype": "float32", "batch_input_shape": [None, 6],
                        "units": 3, "activation": "softmax", "use_bias": True,
                        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
                        "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None,
                        "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None,
                        "bias_constraint": None}},
        ],
    },
}  # fmt: skip
"""As TensorFlow 2.8 describes a network: no module stands beside a class."""


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


def saved(network: keras.Model, folder) -> bytes:
    """The bytes of an `.h5` file."""
    keras.saving.save_model(network, folder / "old.h5")
    return (folder / "old.h5").read_bytes()


def sequential(*layers: object, shape: tuple[int, ...] = (6,)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers])


def publish(content: bytes, store: Store):
    return import_network(content, "old", where="old.h5", class_names=(), store=store)


def branching() -> keras.Model:
    first = keras.Input((6,))
    met = LAYERS.Add()([LAYERS.Dense(4)(first), LAYERS.Dense(4, activation="relu")(first)])
    return keras.Model(first, LAYERS.Dense(2, activation="softmax")(LAYERS.BatchNormalization()(met)))


@pytest.mark.parametrize("make", [lambda: sequential(LAYERS.Dense(3, activation="softmax")), branching])
def test_an_h5_file_is_imported(make, tmp_path, store) -> None:
    """Sequential and functional; the version holds a `.keras` file that computes the same."""
    network = make()
    manifest = publish(saved(network, tmp_path), store)
    rows = np.asarray(manifest.golden_rows.instances, np.float32)
    assert np.allclose(network.predict(rows, verbose=0), manifest.golden_rows.predictions, atol=1e-6)
    (tmp_path / "again.keras").write_bytes(store.read(manifest, "model.keras"))
    again = keras.saving.load_model(tmp_path / "again.keras", compile=False)
    assert np.allclose(again.predict(rows, verbose=0), manifest.golden_rows.predictions, atol=1e-6)


def test_a_file_as_keras_2_wrote_it_is_imported(tmp_path, store) -> None:
    """`batch_input_shape`, and classes without a module."""
    network = sequential(LAYERS.Dense(3, activation="softmax", name="first"))
    saved(network, tmp_path)
    with h5py.File(tmp_path / "old.h5", "a") as file:
        file.attrs["model_config"] = json.dumps(KERAS_2)
        file.attrs["keras_version"] = "2.8.0"
    manifest = publish((tmp_path / "old.h5").read_bytes(), store)
    rows = np.asarray(manifest.golden_rows.instances, np.float32)
    assert np.allclose(network.predict(rows, verbose=0), manifest.golden_rows.predictions, atol=1e-6)


def test_the_loss_of_an_h5_file_says_that_it_gives_logits(tmp_path, store) -> None:
    """As of a `.keras` file."""
    network = sequential(LAYERS.Dense(3))
    network.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    manifest = publish(saved(network, tmp_path), store)
    assert (manifest.task, manifest.added_activation) == ("softmax", "softmax")


def test_a_layer_with_code_of_its_own_is_refused_by_name(tmp_path, store) -> None:
    """Before Keras looks at it."""
    content = saved(sequential(LAYERS.Lambda(lambda x: x * 2, name="twice"), LAYERS.Dense(1)), tmp_path)
    with pytest.raises(DataError, match=r"Lambda 'twice'.*refused because it runs Python code of its own"):
        publish(content, store)
    assert store.models() == []


@pytest.mark.parametrize("name", ["Custom>Mine", "TFOpLambda", "system"])
def test_a_class_that_is_none_of_keras_is_refused_by_name(name, tmp_path, store) -> None:
    """It would have to be imported from somewhere."""
    saved(sequential(LAYERS.Dense(3, activation="softmax", name="first")), tmp_path)
    with h5py.File(tmp_path / "old.h5", "a") as file:
        file.attrs["model_config"] = json.dumps(KERAS_2).replace('"Dense"', f'"{name}"')
    with pytest.raises(DataError, match=f"{name} 'first': expected a class of Keras itself"):
        publish((tmp_path / "old.h5").read_bytes(), store)


def test_a_file_that_keras_does_not_load_is_told_with_the_two_lines(tmp_path, store) -> None:
    """Weights that are none of this network's."""
    saved(sequential(LAYERS.Dense(3, activation="softmax", name="first")), tmp_path)
    with h5py.File(tmp_path / "old.h5", "a") as file:
        file.attrs["model_config"] = json.dumps(KERAS_2).replace('"units": 3', '"units": 4')
    with pytest.raises(DataError) as caught:
        publish((tmp_path / "old.h5").read_bytes(), store)
    assert 'keras.saving.load_model("old.h5", compile=True).save("old.keras")' in str(caught.value)
    assert store.models() == []


def test_weights_alone_are_named_whatever_the_file_is_called(tmp_path, store) -> None:
    """Nothing in it describes a network."""
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.create_group("layers")
    with pytest.raises(DataError, match="the weights alone"):
        publish((tmp_path / "old.h5").read_bytes(), store)


def test_what_is_not_known_of_an_import_is_left_out(tmp_path, store) -> None:
    """Neither seed nor data, but the file that it came from; in manifest, report and `models show`."""
    content = saved(sequential(LAYERS.Dense(3, activation="softmax")), tmp_path)
    manifest = publish(content, store)
    document = json.loads(manifest.to_json())
    assert "seed" not in document
    assert document["data"] == {}
    assert document["imported"]["file"] == "old.h5"
    assert json.loads(store.read(manifest, "report.json"))["data"] == {}
    assert store.manifest("old", 1) == manifest
    pairs = StoredVersions(store, "store").pairs("old", None)
    assert (pairs["imported"], pairs["backend"]) == ("old.h5", "tensorflow")
    assert "data" not in pairs
