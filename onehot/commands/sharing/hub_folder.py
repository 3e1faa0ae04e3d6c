"""A version as a folder that needs no Onehot: what Keras loads, what ONNX Runtime runs, a card and `predict.py`."""

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from models.errors import reason_of
from models.store.manifest import MANIFEST, Manifest
from models.store.store import Store
from onehot.commands.sharing.model_card import is_of_images, model_card
from onehot.failures import WorkFailed

__all__ = ["hub_files", "predict_script", "write_folder"]

HERE = Path(__file__).parent
KERAS = "model.keras"
LARGE_FILES = "".join(f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in ("h5", "keras", "onnx"))
"""What a repository of the hub keeps outside of git, as `.gitattributes` says it."""


def predict_script(*, of_images: bool) -> str:
    """`predict.py`: the manifest's preprocessing by numpy, then the graph; for pictures also their pixels."""
    names = ("predict.py.txt", "pixels.py.txt") if of_images else ("predict.py.txt",)
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


def hub_files(store: Store, manifest: Manifest) -> dict[str, bytes]:
    """The files of the folder by name; each file of the version is checked against its digest.

    `config.json`, `metadata.json` and `model.weights.h5` are what `keras.saving.load_model("hf://…")` looks for.
    """
    files = {name: store.read(manifest, name) for name in manifest.files}
    document, report = json.loads(manifest.to_json()), json.loads(files["report.json"])
    return {
        **_unpacked(files[KERAS]),
        **files,
        MANIFEST: manifest.to_json(),
        "README.md": model_card(document, report).encode(),
        "predict.py": predict_script(of_images=is_of_images(document)).encode(),
        ".gitattributes": LARGE_FILES.encode(),
    }


def _unpacked(content: bytes) -> dict[str, bytes]:
    """The members of a `.keras` file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if "/" not in name}
    except zipfile.BadZipFile as error:
        raise WorkFailed(f"{KERAS}: expected a zip archive as Keras 3 writes it; received {error}") from error


def write_folder(files: Mapping[str, bytes], folder: Path) -> None:
    """Write all files, or none.

    Args:
        files: Content by name.
        folder: A new or an empty one.

    Raises:
        WorkFailed: When something is in the folder, or it cannot be written.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise WorkFailed(f"{folder}: expected a new or an empty folder; received one that holds something")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name, content in files.items():
            (unfinished / name).write_bytes(content)
        unfinished.rename(folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise WorkFailed(f"{folder}: {reason_of(error)}") from error
