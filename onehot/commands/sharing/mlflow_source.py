"""The Keras file of a model in MLflow, named by `models:/NAME/3` or `runs:/ID/PATH`."""

from pathlib import Path

from models.spec.yaml_text import load_document
from onehot.commands.sharing.mlflow_model import KERAS_FLAVORS, ML_MODEL
from onehot.commands.sharing.mlflow_package import load_mlflow
from onehot.failures import WorkFailed

__all__ = ["download_keras_file", "is_mlflow_uri"]

SCHEMES = ("models:/", "runs:/")
ENDINGS = (".keras", ".h5")


def is_mlflow_uri(text: str) -> bool:
    """Whether a file's name is one of MLflow's."""
    return text.startswith(SCHEMES)


def download_keras_file(uri: str, folder: Path, *, server: str | None) -> Path:
    """Download a model or an artifact into a folder; the Keras file in it.

    Args:
        uri: As MLflow names it.
        folder: Where it goes.
        server: Of MLflow; None: the one of MLFLOW_TRACKING_URI.

    Raises:
        WorkFailed: When MLflow does not give it, or no Keras file is in it.
        WrongUsage: When MLflow's client is not installed, or no server is named.
    """
    mlflow = load_mlflow(server)
    try:
        found = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder)))
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WorkFailed(f"{uri}: MLflow at {mlflow.get_tracking_uri()} does not give it: {reason}") from error
    return found if found.is_file() else _keras_file(found, uri)


def _keras_file(folder: Path, uri: str) -> Path:
    place = folder / _data_folder(folder, uri)
    files = sorted(path for path in place.rglob("*") if path.is_file())
    found = [path for path in files if path.suffix in ENDINGS] if place.is_dir() else [place]
    if len(found) != 1:
        names = ", ".join(str(path.relative_to(folder)) for path in (found or files)[:10]) or "no file"
        raise WorkFailed(f"{uri}: expected one {' or '.join(ENDINGS)} file; received {names}")
    return found[0]


def _data_folder(folder: Path, uri: str) -> str:
    """Where a model of MLflow keeps its Keras file; all of a folder that is no model of MLflow."""
    path = folder / ML_MODEL
    if not path.is_file():
        return "."
    flavors = load_document(path.read_bytes(), name=f"{uri}: {ML_MODEL}").get("flavors") or {}
    for name in KERAS_FLAVORS:
        if name in flavors:
            return str(flavors[name].get("data", "."))
    expected = f"a model with the flavor {' or '.join(KERAS_FLAVORS)}"
    raise WorkFailed(f"{uri}: expected {expected}; received {', '.join(flavors) or 'none'}")
