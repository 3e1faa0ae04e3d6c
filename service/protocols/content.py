"""What an answer says, whatever protocol it is of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Content"]

JSON_HEADERS: Mapping[str, str] = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Content:
    """What an answer says, before it is compressed."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_HEADERS)
