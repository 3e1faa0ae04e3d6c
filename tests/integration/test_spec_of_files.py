"""`onehot spec FILE`: the spec of a saved Sequential, in the terminal; what is in a file is looked at, never run."""

import json
import subprocess
import sys
import zipfile

import keras
import pytest
from onehot_client.keras import UnsupportedModel
from onehot_client.keras.saved_model import load_model_file

from models.spec import load_spec
from models.spec.yaml_text import load_document

LAYERS = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@keras.saving.register_keras_serializable("ours")
class Own(LAYERS.Layer):
    """A layer that is not Keras'."""

    def call(self, inputs):
        """Nothing happens."""
        return inputs


@keras.saving.register_keras_serializable("ours")
def own_loss(targets, predictions):
    """A loss that is not Keras'."""
    return keras.ops.mean((targets - predictions) ** 2, axis=-1)


def saved(path, *layers, loss="categorical_crossentropy"):
    """A compiled Sequential in a file."""
    model = keras.Sequential([keras.Input((4,)), *layers, LAYERS.Dense(3, activation="softmax")])
    model.compile("adam", loss, metrics=["accuracy"])
    model.save(path)
    return path


def onehot_spec(*arguments):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "onehot", "spec", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_a_spec_that_trains(tmp_path) -> None:
    """With the options of fit that no file says; into a file only when there is none."""
    path, out = saved(tmp_path / "Own Net.keras", LAYERS.Dropout(0.5)), tmp_path / "own.yaml"
    ran = onehot_spec(path, "--data", "a.npz", "--epochs", 150, "--batch-size", 10, "-o", out)
    assert ran.returncode == 0, ran.stderr
    document = load_document(out.read_bytes())
    spec = load_spec(document)
    assert (spec.model, spec.data.source, spec.fit.epochs, spec.fit.batch_size) == ("own-net", "a.npz", 150, 10)
    assert document["layers"] == [{"Dropout": {"rate": 0.5}}, {"Dense": {"units": 3, "activation": "softmax"}}]
    assert onehot_spec(path, "-o", out).returncode == 2


def test_a_file_of_h5_is_taken_as_keras_loads_it(tmp_path) -> None:
    """By the same words."""
    model = load_model_file(saved(tmp_path / "old.h5", LAYERS.Dense(5)))
    assert [layer.units for layer in model.layers] == [5, 3]


@pytest.mark.parametrize(
    ("layers", "loss", "parts"),
    [
        ((LAYERS.Lambda(lambda x: x * 2), Own()), "mse", ["layers.0.Lambda", "layers.1.Own", "2 parts"]),
        ((), own_loss, ["loss.function: a function of your own"]),
    ],
)
def test_code_in_a_file_is_named_and_not_run(tmp_path, layers, loss, parts) -> None:
    """All of it at once, before Keras loads the file."""
    path = saved(tmp_path / "own.keras", *layers, loss=loss)
    with pytest.raises(UnsupportedModel) as raised:
        load_model_file(path)
    for part in parts:
        assert part in str(raised.value)


def test_what_is_no_file_of_keras_is_one_sentence(tmp_path) -> None:
    """Of an archive with something else, too."""
    with zipfile.ZipFile(tmp_path / "other.keras", "w") as archive:
        archive.writestr("config.json", json.dumps([]))
    (tmp_path / "text.keras").write_text("text")
    for name in ("other.keras", "text.keras", "missing.keras"):
        with pytest.raises(ValueError, match=r"expected|functional|class of your own"):
            load_model_file(tmp_path / name)
