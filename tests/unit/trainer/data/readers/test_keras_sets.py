import gzip
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from models.sources.known_sources import KNOWN
from models.spec import DataSpec
from trainer.data import Dataset, load_dataset
from trainer.data.readers import keras_sets
from trainer.data.readers.plain_pickles import load_plain


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty KERAS_HOME; its folder of data sets."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every download is refused at once."""

    def refuse(url: str, timeout: float) -> None:
        raise OSError(f"no route to host for {url} in {timeout} s")

    monkeypatch.setattr(keras_sets.urllib.request, "urlopen", refuse)


def load(name: str) -> Dataset:
    return load_dataset(DataSpec(f"keras://{name}"), roots=())


def test_all_known_names_have_a_reader() -> None:
    """The table that submissions are checked with is the trainer's."""
    assert {name.removeprefix("keras://") for name in KNOWN if name.startswith("keras")} == set(keras_sets.SETS)


def test_mnist_keeps_its_own_test_part(home: Path) -> None:
    """The last rows are the test part that its authors made."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 255, (30, 28, 28), np.uint8)
    np.savez(
        home / "mnist.npz", x_train=images[:20], y_train=np.arange(20) % 10, x_test=images[20:], y_test=np.arange(10)
    )
    dataset = load("mnist")
    assert (dataset.rows, dataset.own_test_rows, dataset.instance_shape) == (30, 10, (28, 28))
    assert np.array_equal(dataset.features[20:], images[20:])
    assert len(dataset.sha256) == 64


def test_fashion_mnist_is_read_from_its_four_files(home: Path) -> None:
    """Gzipped bytes after a header."""
    (home / "fashion-mnist").mkdir()
    for name, rows in (("train", 12), ("t10k", 5)):
        labels, images = bytes(8) + bytes(range(rows)), bytes(16) + bytes(rows * 784)
        (home / "fashion-mnist" / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
        (home / "fashion-mnist" / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    dataset = load("fashion_mnist")
    assert (dataset.rows, dataset.own_test_rows) == (17, 5)
    assert dataset.class_names is not None
    assert dataset.class_names[9] == "ankle boot"


def test_cifar_is_read_from_its_archive(home: Path) -> None:
    """Channels last, all five batches."""
    pixels = np.arange(3072, dtype=np.int64).astype(np.uint8).reshape(1, 3072)
    with tarfile.open(home / "cifar-10-batches-py-target_archive", "w:gz") as archive:
        for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"):
            content = pickle.dumps({b"data": pixels, b"labels": [3]}, protocol=4)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    dataset = load("cifar10")
    assert (dataset.rows, dataset.own_test_rows, dataset.instance_shape) == (6, 1, (32, 32, 3))
    assert dataset.features[:][0, 0, 0].tolist() == pixels.reshape(3, 32, 32)[:, 0, 0].tolist()


def test_a_pickle_that_names_anything_else_is_not_loaded() -> None:
    """It could run code."""
    with pytest.raises(ValueError, match="never loaded"):
        load_plain(io.BytesIO(b"cos\nsystem\n(S'true'\ntR."))


@pytest.mark.usefixtures("_no_network")
def test_without_file_and_network_both_are_named(home: Path) -> None:
    """Where to put the file, and where it comes from."""
    with pytest.raises(DataError) as error:
        load("mnist")
    assert str(home / "mnist.npz") in str(error.value)
    assert "https://storage.googleapis.com" in str(error.value)
    assert "no route to host" in str(error.value)
    assert list(home.iterdir()) == []


def test_a_download_that_is_not_what_keras_knows_is_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its digest is in Keras' sources."""
    monkeypatch.setattr(keras_sets.urllib.request, "urlopen", lambda *_, **__: io.BytesIO(b"something else"))
    with pytest.raises(DataError, match="sha-256"):
        load("mnist")
    assert list(home.iterdir()) == []


def test_an_unknown_name_lists_the_known_ones() -> None:
    """Rather than a download of nothing."""
    with pytest.raises(DataError, match="keras://mnist, keras://fashion_mnist"):
        load("minst")
