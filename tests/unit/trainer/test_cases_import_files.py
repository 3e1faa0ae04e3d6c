import pytest

from models.errors import DataError
from trainer.importing.keras_file_check import check_keras_file
from trainer.importing.other_files import refused_folder


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("old.h5", b"\x89HDF\r\n\x1a\n", 'keras.saving.load_model("old.h5", compile=True).save("old.keras")'),
        ("renamed.keras", b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras 2 saved it"),
        ("net.weights.h5", b"\x89HDF\r\n\x1a\n", "the weights alone"),
        ("net.tflite", b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
        ("net.onnx", b"\x08\x07", "an ONNX graph"),
        ("saved_model.pb", b"\x08\x01", "a part of a SavedModel"),
        ("net.pt", b"PK", "a PyTorch file"),
    ],
)
def test_a_file_of_another_kind_is_named_with_the_way_on(name, content, found) -> None:
    """Not "File is not a zip file"."""
    with pytest.raises(DataError) as caught:
        check_keras_file(content, where=name)
    assert found in str(caught.value)


def test_a_folder_is_named_with_the_way_on() -> None:
    """A SavedModel."""
    assert "of a SavedModel there is no way back to layers" in str(refused_folder("saved"))
