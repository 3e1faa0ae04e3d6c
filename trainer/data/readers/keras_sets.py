"""The data sets that Keras knows by name, from where Keras keeps them: KERAS_HOME, else `~/.keras`, in `datasets`.

A file that is there is used; one that is not is downloaded there once, and checked against the digest in Keras'
sources where that has one. Keras itself is not imported: its backend may not have been chosen yet.
"""

import gzip
import hashlib
import os
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.damaged_files import UNREADABLE, reading
from models.sources.known_sources import known_sets
from models.spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.readers.array_files import read_npz, with_own_test
from trainer.data.readers.plain_pickles import load_plain
from trainer.data.readers.scikit_sets import array_digest

__all__ = ["read"]

GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
TORONTO = "https://www.cs.toronto.edu/~kriz"
PATIENCE_S = 20
CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class KerasFile:
    """One file: its name under `datasets`, where it is downloaded from, and its sha-256 where Keras knows that."""

    name: str
    url: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class KerasSet:
    """One data set.

    Args:
        files: In the order in which `read` takes them.
        read: Makes a data set of the files' paths.
        class_names: In the order of the labels 0, 1, ….
    """

    files: tuple[KerasFile, ...]
    read: Callable[[list[Path], DataSpec], Dataset]
    class_names: tuple[str, ...] | None = None


def _read_archive(paths: list[Path], data: DataSpec) -> Dataset:
    return read_npz(paths[0], data)


def _read_idx(paths: list[Path], data: DataSpec) -> Dataset:
    """Four gzipped files of bytes: training images and labels, test images and labels."""
    content = [gzip.decompress(path.read_bytes()) for path in paths]
    labels = [np.frombuffer(content[index], np.uint8, offset=8) for index in (1, 3)]
    images = [np.frombuffer(content[index], np.uint8, offset=16).reshape(-1, 28, 28) for index in (0, 2)]
    return with_own_test(Dataset(data.source, images[0], labels[0], ""), images[1], labels[1])


def _cifar(train: tuple[str, ...], test: str, label_key: bytes) -> Callable[[list[Path], DataSpec], Dataset]:
    def read(paths: list[Path], data: DataSpec) -> Dataset:
        with tarfile.open(paths[0]) as archive:
            parts = [_cifar_part(archive, name, label_key) for name in (*train, test)]
        features = np.concatenate([images for images, _ in parts[:-1]])
        targets = np.concatenate([labels for _, labels in parts[:-1]])
        return with_own_test(Dataset(data.source, features, targets, ""), *parts[-1])

    return read


def _cifar_part(archive: tarfile.TarFile, name: str, label_key: bytes) -> tuple[Array, Array]:
    member = archive.extractfile(name)
    if member is None:
        raise ValueError(f"{name} is no file")
    part = load_plain(member)
    images = np.asarray(part[b"data"], np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images, np.asarray(part[label_key], np.int64)


def _archive(name: str, sha256: str) -> KerasSet:
    return KerasSet((KerasFile(name, f"{GOOGLE}/{name}", sha256),), _read_archive)


FASHION = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")

SETS: Mapping[str, KerasSet] = {
    "mnist": _archive("mnist.npz", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
    "fashion_mnist": KerasSet(
        tuple(KerasFile(f"fashion-mnist/{name}-ubyte.gz", f"{GOOGLE}/{name}-ubyte.gz") for name in FASHION),
        _read_idx,
        ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    ),
    "cifar10": KerasSet(
        (KerasFile("cifar-10-batches-py-target_archive", f"{TORONTO}/cifar-10-python.tar.gz",
                   "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"),),
        _cifar(tuple(f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)), "cifar-10-batches-py/test_batch",
               b"labels"),
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    ),
    "cifar100": KerasSet(
        (KerasFile("cifar-100-python-target_archive", f"{TORONTO}/cifar-100-python.tar.gz",
                   "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"),),
        _cifar(("cifar-100-python/train",), "cifar-100-python/test", b"fine_labels"),
    ),
    "boston_housing": _archive(
        "boston_housing.npz", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"),
    "california_housing": _archive(
        "california_housing.npz", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"),
}  # fmt: skip


def read(name: str, data: DataSpec) -> Dataset:
    """Read one of the data sets, with its own test part where it has one.

    Raises:
        DataError: When the name is none of them, or its files are neither here nor can be downloaded.
    """
    if name not in SETS:
        raise DataError(where="data.source", expected=f"one of {known_sets('keras')}", received=repr(data.source))
    chosen = SETS[name]
    paths = [_local(file, data.source) for file in chosen.files]
    expected = f"the files of {data.source} in {paths[0].parent}; delete them to download them anew"
    with reading(data.source, expected=expected, errors=(*UNREADABLE, tarfile.TarError)):
        dataset = chosen.read(paths, data)
    digest = array_digest(dataset.features[:], dataset.targets)
    return replace(dataset, sha256=digest, class_names=chosen.class_names or dataset.class_names)


def _local(file: KerasFile, source: str) -> Path:
    """The file where Keras keeps it, downloaded when it is not there."""
    path = _keras_home() / "datasets" / file.name
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(file.url, path, file.sha256)
        except (OSError, ValueError) as error:
            expected = f"the file {path}, or a download of {file.url} to there"
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise DataError(where=source, expected=expected, received=f"neither ({reason})") from error
    return path


def _keras_home() -> Path:
    """As Keras has it: KERAS_HOME, else `~/.keras`, else a temporary folder for a user without a home."""
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")  # noqa: PTH111 -- Path refuses where there is no home
    return Path(tempfile.gettempdir(), ".keras") if home.startswith("~") else Path(home)


def _download(url: str, path: Path, sha256: str) -> None:
    """Download a file beside its place, check it, and put it there."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer, partial.open("wb") as file:  # noqa: S310 -- an https address of ours
            while chunk := answer.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        if sha256 and digest.hexdigest() != sha256:
            raise ValueError(f"a download with sha-256 {digest.hexdigest()} and not {sha256}")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
