"""MLflow's client, an extra: loaded when a command names a server of MLflow, quiet, and quick to give up."""

import importlib
import os
from collections.abc import Mapping
from typing import Any

from onehot.failures import WrongUsage

__all__ = ["TRACKING_URI", "load_mlflow"]

TRACKING_URI = "MLFLOW_TRACKING_URI"
HABITS: Mapping[str, str] = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its own seven take minutes, in which the command would show nothing
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""MLflow's own variables, where the environment does not set them."""


def load_mlflow(uri: str | None) -> Any:
    """Import MLflow, with its server set.

    Args:
        uri: Of the server; None: the one of MLFLOW_TRACKING_URI.

    Raises:
        WrongUsage: When no server is named, or the package is not installed.
    """
    if not (uri or os.environ.get(TRACKING_URI)):
        raise WrongUsage(f"no MLflow server is named: give --track URI, or set {TRACKING_URI}")
    for name, value in HABITS.items():
        os.environ.setdefault(name, value)
    try:
        mlflow: Any = importlib.import_module("mlflow")
        importlib.import_module("mlflow.artifacts")
    except ImportError as error:
        raise WrongUsage(f"MLflow's client is not installed ({error}): pip install 'onehot[mlflow]'") from error
    if uri:
        mlflow.set_tracking_uri(uri)
    return mlflow
