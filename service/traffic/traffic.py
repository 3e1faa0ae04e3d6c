"""Whom every computed prediction is told to, and who may choose the version that answers."""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["Caller", "Observer", "Router", "Traffic"]

log = structlog.get_logger("service")


class Observer(Protocol):
    """Learns of computed predictions, in the request's own greenlet: it takes microseconds and never waits."""

    def observe(self, prediction: ObservedPrediction) -> None:
        """Take note of a prediction."""


class Caller(Protocol):
    """What is known of who asks."""

    @property
    def request_id(self) -> str:
        """Of the request."""

    @property
    def key_id(self) -> str | None:
        """Of the key that it came with; None without one."""

    @property
    def header(self) -> Callable[[str], str | None]:
        """A header of the request by its name in lower case."""


class Router(Protocol):
    """Chooses the version that answers a request which names none."""

    def version_for(self, model: str, caller: Caller) -> int | None:
        """The version; None for the default version."""


class Traffic:
    """The observers of predictions, and the router.

    Args:
        router: Chooses versions; without one every request gets the default version.
        observers: Those that are there from the beginning.
    """

    def __init__(self, router: Router | None = None, observers: Sequence[Observer] = ()) -> None:
        self.router = router
        self.observers = [*observers]

    def tell(self, prediction: ObservedPrediction) -> None:
        """Tell all observers; one that fails is logged, and changes no answer."""
        for observer in self.observers:
            try:
                observer.observe(prediction)
            except Exception:
                log.exception("a prediction was not observed", observer=type(observer).__name__)
