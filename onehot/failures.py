"""The errors of commands: the message of each, and the exit status.

    click.ClickException
    ├── WorkFailed            1
    │   ├── ServiceUnreachable
    │   └── ServiceRefused
    └── WrongUsage            2

Each builds its message from its fields; click prints it after `Error:`.
"""

from collections.abc import Sequence
from typing import Self

import click

__all__ = ["ServiceRefused", "ServiceUnreachable", "WorkFailed", "WrongUsage"]


class WorkFailed(click.ClickException):
    """The command was right, the work was not done."""

    exit_code = 1


class WrongUsage(click.ClickException):
    """The command, a setting or a spec is wrong."""

    exit_code = 2

    @classmethod
    def from_problems(cls, what: str, problems: Sequence[str]) -> Self:
        """Everything that is wrong with one thing, a line for each problem."""
        count = f"{len(problems)} problems" if len(problems) != 1 else "a problem"
        return cls("\n".join([f"{what} has {count}:", *(f"  {problem}" for problem in problems)]))


class ServiceUnreachable(WorkFailed):
    """Nothing answers at the service's address."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(
            f"no service answers at {url} ({reason}): start it with `onehot up`, or set ONEHOT_URL to where it runs"
        )


class ServiceRefused(WorkFailed):
    """The service answered with an error."""

    def __init__(self, *, status: int, reason: str, details: Sequence[tuple[str, str]] = ()) -> None:
        self.status = status
        self.reason = reason
        self.details = tuple(details)
        lines = [reason, *(f"  {path}: {message}" for path, message in self.details)]
        super().__init__("\n".join(lines))
