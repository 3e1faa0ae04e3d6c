"""What the queue's server says of the lease of who decides."""

from dataclasses import dataclass

__all__ = ["NOT_MINE", "Held"]


@dataclass(frozen=True, slots=True)
class Held:
    """An answer of the server.

    Args:
        is_mine: Whether this service decides.
        server_s: The server's time, seconds since 1970.
        offset_s: It less this machine's.
    """

    is_mine: bool
    server_s: float
    offset_s: float


NOT_MINE = Held(is_mine=False, server_s=0.0, offset_s=0.0)
