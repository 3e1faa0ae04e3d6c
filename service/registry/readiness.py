"""Whether requests should come here."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from service.registry.registry import WAITING, Registry

__all__ = ["Readiness"]

log = structlog.get_logger("service")


@dataclass(slots=True)
class Readiness:
    """Readiness of the service.

    Args:
        registry: What it answers with.
        models: What must answer.
        told: What the log says of it now; nothing at first.
    """

    registry: Registry
    models: Sequence[str] = ()
    told: str | None = ""

    @property
    def why_not(self) -> str | None:
        """What is missing before requests should come here; None when nothing is."""
        missing = map(self.registry.snapshot.why_not_answering, self.models)
        return self.registry.why_not_ready or next(filter(None, missing), None)

    def tell(self) -> None:
        """Say in the log what is missing, or that nothing is, when it has changed."""
        reason, told = self.why_not, self.told
        self.told = reason
        if reason is None and told is not None:
            log.info("ready", **self.registry.snapshot.describe())
        elif reason is not None and reason != told and not self.registry.coordinator.is_stopping:
            say = log.info if reason.startswith(WAITING) else log.warning
            say("not ready", reason=reason)
