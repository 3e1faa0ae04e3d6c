"""The whole state of a training between two steps, as bytes, and when it is saved.

A training that is resumed from a checkpoint ends with the same weights as one that was never interrupted: beside the
weights a snapshot holds the optimizer, the metrics of the epoch under way, the state of every random generator and of
the callbacks, and the position in the epoch. The order of the rows follows from the seed and the epoch.
"""

import hashlib
import io
import json
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from models.errors import StoreUnavailable, TrainingError
from models.preprocessing.instances import Array
from models.spec import Spec
from models.store.checkpoints import JobCheckpoints
from trainer.data.preparation import Prepared
from trainer.fit.progress import TrainingObserver
from trainer.fit.store_retry import retry_store

__all__ = ["Checkpointer", "DataChanged", "Origin", "Snapshot", "restore", "snapshot_arrays"]

SHARE = 0.05
"""The largest share of a training's time that goes into checkpoints."""


class DataChanged(TrainingError):
    """The data is not what it was when the job began."""

    def __init__(self, *, epoch: int, expected: str, received: str) -> None:
        self.epoch = epoch
        self.expected = expected
        self.received = received
        super().__init__(
            f"the data changed while the job was trained: expected sha-256 {expected}, as in epoch {epoch}; "
            f"received {received}: submit the spec again"
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """What a checkpoint belongs to: digests of the spec and of the data."""

    spec_sha256: str
    data_sha256: str

    @classmethod
    def of(cls, spec: Spec, prepared: Prepared, *, without: Collection[str] = ()) -> "Origin":
        """The origin of a training; the data of the pieces `without` does not count."""
        text = json.dumps(spec.document, sort_keys=True).encode()
        data = {name: piece.raw.sha256 for name, piece in prepared.pieces.items() if name not in without}
        return cls(hashlib.sha256(text).hexdigest(), hashlib.sha256(json.dumps(data).encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A training between two steps.

    Args:
        rows_done: How many rows of the epoch under way were trained on.
        spent_s: Seconds of training that led here.
        history: The epochs that are done.
        variables: Of network, metrics and optimizer, in their order.
        callbacks: The state of each callback.
        is_complete: Whether the training has ended.
        stage: Which training of a cross-validation it is; empty for that of the version.
        finished: The scores of those that have ended, as plain JSON values.
    """

    rows_done: int
    spent_s: float
    history: list[dict[str, float]]
    variables: list[Array]
    callbacks: list[dict[str, Any]]
    is_complete: bool = False
    stage: str = ""
    finished: tuple[dict[str, Any], ...] = ()

    def to_bytes(self, origin: Origin) -> bytes:
        """An `.npz` of every array, and of a document with the rest."""
        arrays = [*self.variables]
        document = {
            "origin": [origin.spec_sha256, origin.data_sha256],
            "rows_done": self.rows_done,
            "spent_s": self.spent_s,
            "history": self.history,
            "variables": len(self.variables),
            "callbacks": [_fold(state, arrays) for state in self.callbacks],
            "is_complete": self.is_complete,
            "stage": self.stage,
            "finished": self.finished,
        }
        named = {f"array_{index}": array for index, array in enumerate(arrays)}
        buffer = io.BytesIO()
        np.savez(buffer, document=np.frombuffer(json.dumps(document).encode(), np.uint8), **named)  # type: ignore[arg-type]
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "tuple[Snapshot, Origin]":
        """The snapshot, and what it belongs to."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            document = json.loads(stored["document"].tobytes())
            arrays = [stored[f"array_{index}"] for index in range(len(stored.files) - 1)]
        callbacks = [_unfold(state, arrays) for state in document["callbacks"]]
        variables = arrays[: document["variables"]]
        snapshot = cls(
            document["rows_done"], document["spent_s"], document["history"], variables, callbacks,
            document.get("is_complete", False), document.get("stage", ""), tuple(document.get("finished", ())),
        )  # fmt: skip
        return snapshot, Origin(*document["origin"])


def _fold(state: Mapping[str, Any], arrays: list[Array]) -> dict[str, Any]:
    """Put lists of arrays beside the others and keep their numbers."""
    folded: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, list):
            folded[name] = {"arrays": list(range(len(arrays), len(arrays) + len(value)))}
            arrays += [np.asarray(one) for one in value]
        else:
            folded[name] = value
    return folded


def _unfold(state: Mapping[str, Any], arrays: Sequence[Array]) -> dict[str, Any]:
    return {
        name: [arrays[index] for index in value["arrays"]] if isinstance(value, dict) else value
        for name, value in state.items()
    }


def _variables(network: Any) -> list[Any]:
    """Everything that changes while a network trains, random generators included."""
    return [*network.variables, *network.metrics_variables, *network.optimizer.variables]


def snapshot_arrays(network: Any) -> list[Array]:
    """Copies of the values of everything that changes while a network trains, each in its own `(shape)` and dtype."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in _variables(network)]


def restore(network: Any, arrays: Sequence[Array]) -> None:
    """Give network, metrics and optimizer the values of `snapshot_arrays`, each in its own shape and dtype."""
    for variable, array in zip(_variables(network), arrays, strict=True):
        variable.assign(array)


class Checkpointer:
    """Saves a checkpoint of a training every `interval_s` seconds, and loads the newest that has the same origin.

    The observer is notified before the first one, where they are to be removed after the job.
    """

    def __init__(
        self, stored: JobCheckpoints, origin: Origin, *, interval_s: float, observer: TrainingObserver,
        outlives_job: bool = False,
    ) -> None:  # fmt: skip
        self._stored = stored
        self._origin = origin
        self._interval_s = interval_s
        self._observer = observer
        self._next_s = time.monotonic() + interval_s
        self._is_announced = outlives_job
        self._stage = ""
        self._finished: tuple[dict[str, Any], ...] = ()
        self._log = logging.getLogger("trainer")

    def is_due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() >= self._next_s

    def save(self, snapshot: Snapshot) -> None:
        """Save one; a store that does not take it does not end the training."""
        started_s = time.monotonic()
        if not self._is_announced:
            self._observer.on_checkpoint()
            self._is_announced = True
        try:
            self._stored.save(self._staged(snapshot))
        except StoreUnavailable as error:
            self._log.warning("job %s: no checkpoint: %s", self._stored.job_id, error)
        now_s = time.monotonic()
        self._next_s = now_s + max(self._interval_s, (now_s - started_s) / SHARE)

    def keep(self, snapshot: Snapshot) -> None:
        """Save one that another job goes on from.

        Raises:
            StoreUnavailable: When the store does not take it for half a minute.
        """
        retry_store(lambda: self._stored.save(self._staged(snapshot)), observer=self._observer)

    def _staged(self, snapshot: Snapshot) -> bytes:
        return replace(snapshot, stage=self._stage, finished=self._finished).to_bytes(self._origin)

    def finished(self) -> tuple[dict[str, Any], ...]:
        """The scores of the trainings of a cross-validation that have ended, in order.

        Raises:
            DataChanged: As `load`.
        """
        snapshot = self._newest()
        self._finished = () if snapshot is None else snapshot.finished
        if self._finished:
            count = len(self._finished)
            self._log.info("job %s has %d trainings of its cross-validation already", self._stored.job_id, count)
        return self._finished

    def enter(self, stage: str) -> None:
        """From here on checkpoints are those of this training of a cross-validation; of the version's when empty."""
        self._stage = stage

    def finish(self, scores: Sequence[dict[str, Any]]) -> None:
        """Keep the scores of all trainings of a cross-validation that have ended."""
        self._finished = tuple(scores)
        self.save(Snapshot(0, 0.0, [], [], []))

    def load(self) -> Snapshot | None:
        """The snapshot to go on from; None to begin.

        Raises:
            DataChanged: When the data is not that of the snapshot.
        """
        snapshot = self._newest()
        if snapshot is None or snapshot.stage != self._stage or not snapshot.variables:
            return None
        self._tell(snapshot)
        return snapshot

    def _newest(self) -> Snapshot | None:
        """The newest that belongs to the same spec."""
        content = self._stored.newest()
        if content is None:
            return None
        snapshot, origin = Snapshot.from_bytes(content)
        if origin.spec_sha256 != self._origin.spec_sha256:
            return None
        if origin.data_sha256 != self._origin.data_sha256:
            epoch, expected = len(snapshot.history) + 1, origin.data_sha256
            raise DataChanged(epoch=epoch, expected=expected, received=self._origin.data_sha256)
        return snapshot

    def _tell(self, snapshot: Snapshot) -> None:
        done = len(snapshot.history)
        if snapshot.is_complete:
            self._log.info("job %s is trained to its end already, in %d epochs", self._stored.job_id, done)
        else:
            self._log.info("job %s goes on in epoch %d", self._stored.job_id, done + 1)
