"""How the queue's server says that it takes no writes for now; it answers, and reading goes on.

An error of redis-py is told by its text: this package is shared with sides that do not have the library.
"""

from collections.abc import Mapping

__all__ = ["refusal_of"]

REFUSALS: Mapping[str, str] = {
    "command not allowed when used memory": "the queue's memory is full",
    "MISCONF ": "the queue's disk is full, or cannot be written",
    "write against a read only replica": "the queue's server is a replica that takes no writes",
    "NOREPLICAS ": "the queue's server has too few replicas to take writes",
}
"""What a message holds → the reason in words."""


def refusal_of(error: BaseException) -> str | None:
    """Why the server takes no writes for now; None when the error says something else."""
    message = str(error)
    return next((reason for words, reason in REFUSALS.items() if words in message), None)
