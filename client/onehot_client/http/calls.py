"""A call, its answer, and the steps of an operation: what is said to a service, without saying it."""

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from onehot_client.errors import UnexpectedAnswer

__all__ = ["NOTHING", "Body", "Call", "Document", "Response", "Steps", "json_call"]

T = TypeVar("T")

Document = dict[str, Any]
"""A JSON object."""
JSON = "application/json"
NOTHING: Mapping[str, str] = {}
LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is sent piece by piece, again from its beginning where the call is repeated.

    Args:
        size: In bytes.
        pieces: Begins anew at each call.
    """

    size: int
    pieces: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Args:
        method: Of HTTP.
        path: Below the service's address.
        params: The query.
        headers: Its own, beside those of every call.
        content: Its body.
        is_repeatable: Whether it may be sent again where it is not known whether it was done.
        is_long: Whether it may take as long as something moves, as an upload: the deadline holds for each piece.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Body = b""
    is_repeatable: bool = True
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """An answer.

    Args:
        status: Of HTTP.
        headers: By name, in any spelling.
        content: Its body, decompressed.
        where: The call that it answers, as `GET http://127.0.0.1:8501/v1/models`.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    where: str = ""

    @property
    def is_success(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str | None:
        """Finds the line in the service's log."""
        return self.headers.get("X-Request-Id")

    def json(self) -> Any:
        """The JSON document.

        Raises:
            UnexpectedAnswer: When it is none.
        """
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise self.unexpected("JSON") from error

    def document(self, *names: str) -> Document:
        """The JSON object, with at least these names.

        Raises:
            UnexpectedAnswer: When it is another.
        """
        found = self.json()
        if not isinstance(found, dict) or not all(name in found for name in names):
            raise self.unexpected(f"an object with {', '.join(names)}" if names else "a JSON object")
        return found

    def unexpected(self, expected: str) -> UnexpectedAnswer:
        """The error that it is another answer than the call's."""
        kind = self.headers.get("Content-Type", "no content type")
        start = self.content[:LONGEST_SHOWN].decode("utf-8", "replace")
        return UnexpectedAnswer(self.where, expected=expected, received=f"{kind} that starts {start!r}")


Steps = Generator[Call, Response, T]
"""An operation: yields calls, is sent the successful answer of each or thrown its error, returns what it found out."""


def json_call(
    method: str, path: str, document: Any, *, headers: Mapping[str, str] = NOTHING, is_repeatable: bool = True
) -> Call:
    """A call whose body is a JSON document."""
    content = json.dumps(document).encode()
    return Call(method, path, headers={"Content-Type": JSON, **headers}, content=content, is_repeatable=is_repeatable)
