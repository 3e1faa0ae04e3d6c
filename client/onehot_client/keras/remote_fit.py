"""`train`: one's own `fit`, on the queue."""

import math
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from onehot_client.client_core import DEFAULT_URL
from onehot_client.keras.arrays import Rows, split_last
from onehot_client.keras.epoch_display import EpochDisplay
from onehot_client.keras.runtime import load_keras
from onehot_client.keras.spec_writer import model_name_of, spec_of
from onehot_client.resources import Job
from onehot_client.sync_client import Client

__all__ = ["Trained", "train"]

MODEL_FILE = "model.keras"
EPOCH = "epoch"


class Trained(NamedTuple):
    """What a training gives back.

    Args:
        model: The trained `keras.Model`, as it is served; its `history` is what `fit` would have returned.
        version: Its number on the service.
    """

    model: Any
    version: int


def train(  # noqa: PLR0913 -- the arguments of Keras' own fit
    model: Any, x: Any, y: Any, *, epochs: int = 1, batch_size: int | None = None, verbose: int | str = "auto",
    callbacks: Iterable[Any] | None = None, validation_split: float = 0.0, validation_data: Any = None,
    class_weight: Mapping[Any, float] | str | None = None, shuffle: bool = True, test_data: Any = None,
    test_split: float = 0.15, seed: int | None = None, model_name: str | None = None,
    url: str | None = None, api_key: str | None = None, client: Client | None = None,
) -> Trained:  # fmt: skip
    """Train a compiled Sequential on the queue, as `model.fit(x, y, …)` would here.

    The arrays are uploaded, the training is queued, its epochs are shown as they end. The model that is given stays as
    it is; the weights of the trained one begin anew, from the seed.

    Args:
        model: A compiled `keras.Sequential`.
        x: `(rows, *instance shape)`.
        y: `(rows,)` or `(rows, outputs)`.
        epochs: As for `fit`, as are `batch_size`, `verbose`, `callbacks`, `class_weight` and `shuffle`.
        batch_size: 32 where it is None.
        verbose: 0 for nothing, 1 or `auto` for a bar, 2 for a line an epoch.
        callbacks: Those that only log or save are left out, with a warning.
        validation_split: The share of the last rows that is validated with.
        validation_data: `(x, y)` that is validated with; comes before `validation_split`.
        class_weight: Class number → weight, or `balanced`.
        shuffle: Whether the rows of each epoch come in another order.
        test_data: `(x, y)` that the version is measured on; by default the validation rows.
        test_split: Where there are neither: the share of the rows that is held out for it, drawn by class.
        seed: By default the one that `keras.utils.set_random_seed` was called with, else 0.
        model_name: What the model is called on the service.
        url: Where the service is; by default ONEHOT_URL, else this machine.
        api_key: With the scope `train`; by default ONEHOT_API_KEY.
        client: An `onehot_client.Client` instead of both.

    Returns:
        The trained model, with its probabilities also where the loss takes logits, and its version.

    Raises:
        UnsupportedModel: Names every part that a spec has no word for.
        ValueError: When the arrays are none.
        TrainingFailed: When the job ended without a version.
    """
    name = model_name or model_name_of(model)
    rows, validation = _validated(Rows.of(x, y, name="x, y"), validation_data, validation_split)
    test = None if test_data is None else Rows.of_pair(test_data, name="test_data")
    spec = spec_of(
        model, data="", epochs=epochs, batch_size=batch_size, callbacks=callbacks, class_weight=class_weight,
        shuffle=shuffle, seed=seed, model_name=name,
    )  # fmt: skip
    _warn_of_weights(model)
    steps = math.ceil(len(rows.x) / spec["fit"]["batch_size"])
    display = EpochDisplay(verbose, steps=steps, epochs=epochs)
    with _connected(url, api_key, client) as service:
        spec["data"] = _uploaded(service, name, {"source": rows, "validation": validation, "test": test}, test_split)
        job = _followed(service, service.train(spec), display)
        version = int(job.version or 0)
        trained = _loaded(service.download(str(job.model), version, MODEL_FILE))
    trained.history = display.keras_history(trained)
    return Trained(trained, version)


def _validated(rows: Rows, data: Any, share: float) -> tuple[Rows, Rows | None]:
    """The rows to train on, and those to validate with."""
    if data is not None:
        return rows, Rows.of_pair(data, name="validation_data")
    return split_last(rows, share)


def _warn_of_weights(model: Any) -> None:
    """A model that was trained before begins anew here, unlike with `fit`."""
    steps = int(load_keras().ops.convert_to_numpy(model.optimizer.iterations))
    if steps:
        message = f"the model has been trained for {steps} steps: a spec carries no weights, so it begins anew"
        warnings.warn(message, stacklevel=3)


@contextmanager
def _connected(url: str | None, api_key: str | None, client: Client | None) -> Iterator[Client]:
    """The client that is given; else one for the address, for ONEHOT_URL, or for this machine."""
    if client is not None:
        yield client
        return
    address = url or os.environ.get("ONEHOT_URL") or DEFAULT_URL
    with Client(address, api_key=api_key or os.environ.get("ONEHOT_API_KEY") or None, deadline_s=None) as made:
        yield made


def _uploaded(service: Client, name: str, parts: Mapping[str, Rows | None], test_split: float) -> dict[str, Any]:
    """The spec's `data`, each part in a file of its own; without one for the tests, the validation rows or a share."""
    sources = {
        part: service.upload(rows.npz(), name=f"{name}-{'train' if part == 'source' else part}.npz").source
        for part, rows in parts.items() if rows is not None
    }  # fmt: skip
    held_out = sources.get("validation", test_split)
    return {"features": "x", "target": "y", "validation": 0, "test": held_out, **sources}


def _followed(service: Client, job: Job, display: EpochDisplay) -> Job:
    """Show a job's epochs as they end; the finished job."""
    display.begin()
    for event in service.follow(job):
        if event.name == EPOCH:
            display.show(int(event.data["epoch"]), event.data.get("metrics") or {})
    ended = service.wait(job)
    stopped = str(ended.progress.get("stopped") or "")
    if stopped:
        display.say(stopped[0].upper() + stopped[1:])
    measured = ", ".join(f"{name} {float(value):.4g}" for name, value in ended.metrics.items())
    display.say(f"{ended.model} version {ended.version}: {measured} on held-out rows")
    return ended


def _loaded(content: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="onehot-") as folder:
        path = Path(folder) / MODEL_FILE
        path.write_bytes(content)
        return load_keras().saving.load_model(path)
