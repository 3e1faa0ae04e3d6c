"""What both clients are made with."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from onehot_client.http.retries import Deadline, RetryPolicy
from onehot_client.operations import Operations

if TYPE_CHECKING:
    from onehot_client.http.httpx_requests import Address

__all__ = ["DEADLINE_S", "DEFAULT_URL", "AnyClient", "ClientCore", "__version__", "described"]

__version__ = "0.2.0"
DEFAULT_URL = "http://127.0.0.1:8501"
DEADLINE_S = 60.0

AnyClient = TypeVar("AnyClient", bound="ClientCore")
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def described(method: AnyFunction, operation: Callable[..., Any]) -> AnyFunction:
    """A client's method with the name, the arguments and the words of its operation, and what that returns."""
    signature = inspect.signature(operation)
    returned = get_args(signature.return_annotation)[-1]
    wraps(operation)(method)
    method.__signature__ = signature.replace(return_annotation=returned)  # type: ignore[attr-defined]
    return method


class ClientCore(ABC):
    """Address, key, deadline and retries of a client.

    Args:
        url: Where the service runs.
        api_key: Sent with every request where given.
        deadline_s: How long a call may take with all its retries; None: as long as something moves.
        retries: What is tried again, and when.

    Attributes:
        operations: What the service can be asked, and what is remembered of its models.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        deadline_s: float | None = DEADLINE_S,
        retries: RetryPolicy | None = None,
    ) -> None:
        from onehot_client.http.httpx_requests import Address  # noqa: PLC0415 -- httpx takes as long as all the rest

        key = {"X-API-Key": api_key} if api_key else {}
        headers = {"User-Agent": f"onehot-client/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip", **key}
        self._address = Address(url, headers)
        self._deadline_s = deadline_s
        self._retries = retries or RetryPolicy()
        self.operations = Operations()
        self._transport = self._connected(self._address)

    @abstractmethod
    def _connected(self, address: "Address") -> Any:
        """The transport to an address."""

    @property
    def url(self) -> str:
        """Where the service runs."""
        return self._address.url

    @property
    def is_here(self) -> bool:
        """Whether the service runs on this machine."""
        return self._address.is_loopback

    def within(self: AnyClient, deadline_s: float | None) -> AnyClient:
        """The same client, on the same connections, with another deadline: `client.within(0.5).predict(…)`.

        Args:
            deadline_s: How long a call may take with all its retries; None: as long as something moves.
        """
        other = copy(self)
        other._deadline_s = deadline_s  # noqa: SLF001 -- its own
        return other

    def _deadline(self) -> Deadline:
        return Deadline(self._deadline_s)
