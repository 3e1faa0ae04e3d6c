"""The record of a training without a queue, collected while it runs by the process that trains or started it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from models.runs.record import LOCAL, history_of, make_record
from models.runs.recording import record_training
from models.store.store import Store

__all__ = ["LocalRun"]

MOST_EPOCHS = 1000


@dataclass(slots=True)
class LocalRun:
    """A training on this machine, as far as it has come.

    Args:
        id: Of the run.
        spec: As it is trained, as a plain document.
        written: As it was written.
        started_at: UTC, ISO 8601.
        epochs: What was told of each of its last epochs: `epoch`, `epochs`, `metrics`.
        facts: What the training told of itself.
        result: What it returned.
    """

    id: str
    spec: Mapping[str, Any]
    written: Mapping[str, Any]
    started_at: str
    epochs: list[Mapping[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None

    @classmethod
    def begin(cls, run_id: str, spec: Mapping[str, Any], written: Mapping[str, Any]) -> Self:
        """A training that begins now."""
        return cls(run_id, spec, written, _now())

    def add_epoch(self, epoch: Mapping[str, Any]) -> None:
        """Keep what is told at the end of an epoch."""
        self.epochs = [*self.epochs[1 - MOST_EPOCHS :], epoch]

    def end(self, store: Store, status: str, error: Mapping[str, str] | None = None) -> None:
        """Write the record.

        Args:
            store: Where it goes.
            status: `finished`, `failed` or `stopped`.
            error: Its type and message, where there is one.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        job = {
            "id": self.id, "status": status, "model": self.spec["model"], "queue": LOCAL,
            "created_at": self.started_at, "enqueued_at": None, "started_at": self.started_at, "ended_at": _now(),
            "progress": self.epochs[-1] if self.epochs else None, "error": error, "result": self.result,
        }  # fmt: skip
        record_training(
            store,
            make_record(
                job, self.spec, self.facts, worker=f"{socket.gethostname()}.{os.getpid()}", attempts=1,
                spec_as_written=self.written, **history_of(self.epochs),
            ),
        )  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
