"""Loading the versions of one model, with a word in the log about each."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from models.errors import OnehotError
from models.store.store import Store
from service.errors import ServiceError
from service.inference.predictor import Predictor
from service.loading import GRAPH_FILE, load_version
from service.memory import give_back
from service.snapshot import VersionFacts

__all__ = ["LoadFailed", "VersionLoader"]

LARGE_BYTES = 2**20
"""Of a graph, from which on it is worth the while to give memory back."""

log = structlog.get_logger("service")


class LoadFailed(ServiceError):
    """A version that did not load for a reason that nobody foresaw."""

    def __init__(self, model: str, version: int, *, kind: str) -> None:
        self.model = model
        self.version = version
        self.kind = kind
        super().__init__(
            f"version {version} of model {model!r} did not load ({kind}): the log of the service says more"
        )


@dataclass(frozen=True, slots=True)
class VersionLoader:
    """Loads the versions of one model."""

    open_store: Callable[[], Store]
    model: str

    def load(self, version: int) -> Predictor:
        """A version that answers.

        Raises:
            OnehotError: Says why there is none.
        """
        started_s = time.monotonic()
        try:
            predictor = load_version(self.open_store(), self.model, version)
        except OnehotError as error:
            log.warning("version failed", model=self.model, version=version, reason=str(error))
            raise
        except Exception as error:
            log.exception("version failed", model=self.model, version=version)
            raise LoadFailed(self.model, version, kind=type(error).__name__) from error
        if predictor.manifest.files[GRAPH_FILE].size >= LARGE_BYTES:
            give_back()  # what building the session took for a moment
        duration_ms = round((time.monotonic() - started_s) * 1000, 1)
        log.info("version loaded", model=self.model, version=version, duration_ms=duration_ms)
        return predictor

    def facts(self, version: int) -> VersionFacts:
        """What a version's manifest says.

        Raises:
            OnehotError: When it cannot be read.
        """
        return VersionFacts.of(self.open_store().manifest(self.model, version))
