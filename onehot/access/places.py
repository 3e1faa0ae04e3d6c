"""The two places that the commands ask: each kind of thing is known to a store and to a service by the same methods."""

from dataclasses import dataclass
from typing import Self

from models.store.store import Store
from onehot.client import Service

__all__ = ["ServicePlace", "StorePlace"]


@dataclass(frozen=True, slots=True)
class StorePlace:
    """The store itself; no service is needed.

    Args:
        store: Where it is.
        place: How it is called.
    """

    store: Store
    place: str

    @classmethod
    def open(cls, location: str) -> Self:
        """Open a store.

        Raises:
            StoreUnavailable: When it cannot be opened.
        """
        return cls(Store.open(location), location)


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """A service.

    Args:
        service: Whom to ask.
    """

    service: Service

    @property
    def place(self) -> str:
        """Its address."""
        return self.service.url
