"""A training of this process that leaves a record in the store, as one of the queue does."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from models.errors import StoreUnavailable
from models.runs.local import LocalRun
from models.settings import Settings
from models.store.store import Store
from trainer.fit.progress import Interruption, Progress, TrainingObserver
from trainer.launch.failures import error_document

__all__ = ["recorded"]

log = logging.getLogger("trainer")


class RunObserver(TrainingObserver):
    """Keeps what a training tells for its record, and passes everything on."""

    def __init__(self, run: LocalRun, output: TrainingObserver) -> None:
        self._run, self._output = run, output

    def on_epoch(self, progress: Progress) -> None:
        """Keep it and pass it on."""
        if progress.fold is None:
            self._run.add_epoch(progress.document)
        self._output.on_epoch(progress)

    def on_checkpoint(self) -> None:
        """Pass it on."""
        self._output.on_checkpoint()

    def on_facts(self, facts: Mapping[str, Any]) -> None:
        """Keep them and pass them on."""
        self._run.facts.update(facts)
        self._output.on_facts(facts)

    def check(self) -> None:
        """As the output decides."""
        self._output.check()

    def check_before_publishing(self) -> None:
        """As the output decides."""
        self._output.check_before_publishing()


@contextmanager
def recorded(run: LocalRun, settings: Settings, output: TrainingObserver) -> Iterator[TrainingObserver]:
    """The observer of a training whose record is written at the end of the context, however it ends.

    Args:
        run: What is recorded; its result has to be set before the end.
        settings: Name the store.
        output: The observer that everything is passed on to.
    """
    try:
        yield RunObserver(run, output)
    except Exception as error:
        _end(run, settings, "stopped" if isinstance(error, Interruption) else "failed", error_document(error))
        raise
    _end(run, settings, "finished")


def _end(run: LocalRun, settings: Settings, status: str, error: Mapping[str, str] | None = None) -> None:
    try:
        run.end(Store.open(settings.store), status, error)
    except StoreUnavailable as unavailable:
        log.warning("run %s: no record of it in the store: %s", run.id, unavailable)
