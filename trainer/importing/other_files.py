"""Files that hold no network that Keras 3 loads, each named with the way on."""

from pathlib import Path

from models.errors import DataError, reason_of

__all__ = ["WEIGHTS", "refuse_other_files", "refused_folder", "unloaded_h5"]

EXPECTED = "a .keras file, as Keras 3 saves it"
CONVERT = (
    "import keras\n"
    'keras.saving.load_model("{name}", compile=True).save("{stem}.keras")'
)  # fmt: skip
WEIGHTS = "the weights alone: build the network in Python, `load_weights` them, and `save` it as .keras"
OTHERS = {
    ".tflite": "a TensorFlow Lite model, from which no Keras network can be made: import its source, saved as .keras",
    ".onnx": "an ONNX graph, which has no Keras network: save the network it was exported from as .keras",
    ".pb": "a part of a SavedModel: save the network it was made of as .keras",
    ".pt": "a PyTorch file, which has no Keras network",
    ".pth": "a PyTorch file, which has no Keras network",
    ".json": "the layers alone: `keras.models.model_from_json`, load the weights, and `save` it as .keras",
}  # fmt: skip
FOLDER = (
    "a folder; of a SavedModel there is no way back to layers: save the network it was made of as .keras "
    '(with tensorflow < 2.16: `tf.keras.models.load_model("{name}").save("{stem}.keras")`)'
)


def refuse_other_files(where: str) -> None:
    """Refuse files of other kinds, by their names.

    Args:
        where: The file's name.

    Raises:
        DataError: Says what it is, and how a `.keras` file is made of it.
    """
    if where.endswith(".weights.h5"):
        raise DataError(where=where, expected=EXPECTED, received=WEIGHTS)
    suffix = Path(where).suffix.lower()
    if suffix in OTHERS:
        raise DataError(where=where, expected=EXPECTED, received=OTHERS[suffix])


def unloaded_h5(where: str, error: Exception) -> DataError:
    """The error for an HDF5 file that Keras 3 does not load.

    Args:
        where: Its name.
        error: What its reader said.
    """
    path = Path(where)
    lines = CONVERT.format(name=path.name, stem=path.stem)
    received = (
        f"an HDF5 file, as Keras 2 saved it, that is not loaded here ({reason_of(error)}); where it is, two lines "
        f"convert it (compile=False for regressions):\n{lines}"
    )
    return DataError(where=where, expected=EXPECTED, received=received)


def refused_folder(where: str) -> DataError:
    """The error for a folder."""
    received = FOLDER.format(name=Path(where).name, stem=Path(where).stem)
    return DataError(where=where, expected=EXPECTED, received=received)
