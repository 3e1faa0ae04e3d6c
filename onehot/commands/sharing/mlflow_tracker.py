"""A training as a run of MLflow: parameters, metrics epoch by epoch, tags, and the version as a registered model.

The command line follows the training and writes to MLflow; trainer and service know nothing of it. So it works for the
queue and for `--local`, as long as the command runs.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from models.store.gate_verdict import gate_verdict
from models.store.manifest import Manifest, finite
from models.store.store import Store
from onehot.commands.sharing.mlflow_model import mlflow_files
from onehot.commands.sharing.mlflow_package import load_mlflow
from onehot.failures import WorkFailed
from onehot.output import print_line

__all__ = ["MlflowTracker"]

EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
MODEL_FOLDER = "model"
MOST_PARAMS = 100
"""In one request to MLflow."""
LONGEST_VALUE = 6000
STATUSES: Mapping[str, str] = {"finished": "FINISHED", "failed": "FAILED"}
"""RQ's status → MLflow's; every other one is KILLED."""


class MlflowTracker:
    """Writes one training to MLflow; its first failure is one warning, and no training fails for it.

    Args:
        uri: Of the MLflow server.
        spec: What is trained.
        store: Where the version will be.

    Raises:
        WrongUsage: When MLflow's client is not installed.
    """

    def __init__(self, uri: str, spec: Mapping[str, Any], *, store: str) -> None:
        self._mlflow = load_mlflow(uri)
        self._store = store
        self._is_lost = False
        self._run: Any = None
        self._send(lambda: self._start(spec))

    def epoch(self, event: Mapping[str, Any]) -> None:
        """Write an epoch's metrics."""
        self._send(lambda: self._log_metrics(event.get("metrics") or {}, step=int(event.get("epoch", 0))))

    def ended(self, end: Mapping[str, Any]) -> None:
        """Write how the training ended: `status`, `result` and `error`, as a job's document has them."""
        result = end.get("result") or {}
        self._send(lambda: self._log_end(end, result))
        if result:
            self._send(lambda: self._register(end, result))
        if self._run is not None:
            with suppress(Exception):  # also where something was lost before: the run is over
                self._client.set_terminated(self._run.info.run_id, STATUSES.get(str(end.get("status")), "KILLED"))

    @property
    def _client(self) -> Any:
        return self._mlflow.MlflowClient()

    def _send(self, call: Callable[[], None]) -> None:
        if self._is_lost:
            return
        try:
            call()
        except Exception as error:  # noqa: BLE001 -- another system's: whatever it raises, the training goes on
            self._is_lost = True
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            print_line(f"Warning: MLflow has no more of this training: {reason}", err=True)

    def _start(self, spec: Mapping[str, Any]) -> None:
        name = str(spec.get("model"))
        client, experiment = self._client, os.environ.get(EXPERIMENT, name)
        found = client.get_experiment_by_name(experiment)
        number = client.create_experiment(experiment) if found is None else found.experiment_id
        self._run = client.create_run(number, run_name=name, tags={"onehot.model": name})
        params = [self._mlflow.entities.Param(key[:250], str(value)[:LONGEST_VALUE]) for key, value in _flat(spec)]
        for begin in range(0, len(params), MOST_PARAMS):
            client.log_batch(self._run.info.run_id, params=params[begin : begin + MOST_PARAMS])

    def _log_metrics(self, metrics: Mapping[str, float], *, step: int) -> None:
        now_ms = int(time.time() * 1000)
        points = [self._mlflow.entities.Metric(name, value, now_ms, step) for name, value in finite(metrics).items()]
        self._client.log_batch(self._run.info.run_id, metrics=points)

    def _log_end(self, end: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        measured = {f"test_{name}": value for name, value in (result.get("metrics") or {}).items()}
        self._log_metrics(measured, step=0)
        error = end.get("error")
        tags = {
            "onehot.job_id": end.get("id"),
            "onehot.version": result.get("version"),
            "onehot.gate": (gate_verdict(result.get("gate")) or "holds") if result.get("gate") else None,
            "onehot.error": error.get("message") if isinstance(error, Mapping) else error,
        }
        for name, value in tags.items():
            if value is not None:
                self._client.set_tag(self._run.info.run_id, name, str(value))

    def _register(self, end: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Upload the version's files, and register them as the next version of the model in MLflow."""
        store = Store.open(self._store, create=False)
        manifest = store.manifest(str(result["model"]), int(result["version"]))
        if end.get("id") not in (None, manifest.job_id):
            raise WorkFailed(f"{self._store} is another store than the service's: set ONEHOT_STORE to that one")
        run = self._run.info
        with tempfile.TemporaryDirectory(prefix="onehot-") as folder:
            for name, content in mlflow_files(store, manifest).items():
                path = Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
            self._client.log_artifacts(run.run_id, folder, MODEL_FOLDER)
        number = self._registered(manifest)
        print_line(f"MLflow: {manifest.model} version {number}, run {run.run_id}", err=True)

    def _registered(self, manifest: Manifest) -> str:
        client, run = self._client, self._run.info
        with suppress(self._mlflow.exceptions.MlflowException):  # it is there already
            client.create_registered_model(manifest.model)
        tags = {"onehot.version": str(manifest.version), "onehot.job_id": manifest.job_id}
        source = f"{run.artifact_uri}/{MODEL_FOLDER}"
        version = client.create_model_version(manifest.model, source, run_id=run.run_id, tags=tags)
        client.update_run(run.run_id, name=f"{manifest.model}-{manifest.version}")
        return str(version.version)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a spec, each with its path: `layers.0.Dense.units`."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield path, value
        return
    for key, one in pairs:
        yield from _flat(one, f"{path}.{key}" if path else str(key))
