"""The errors of commands: the message of each, and the exit status.

    click.ClickException
    ├── WorkFailed            1
    │   ├── ServiceUnreachable
    │   ├── ServiceRefused
    │   ├── NotPromoted
    │   └── Canceled
    └── WrongUsage            2

Each builds its message from its fields; click prints it after `Error:`.
"""

from collections.abc import Sequence
from typing import IO, Any, Self

import click

__all__ = ["Canceled", "NotPromoted", "ServiceRefused", "ServiceUnreachable", "WorkFailed", "WrongUsage"]


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
    """The service answered with an error; where `may_retry`, the same request may be answered soon."""

    def __init__(
        self, *, status: int, reason: str, details: Sequence[tuple[str, str]] = (), may_retry: bool = True
    ) -> None:
        self.status = status
        self.may_retry = may_retry
        self.reason = reason
        self.details = tuple(details)
        lines = [reason, *(f"  {path}: {message}" for path, message in self.details)]
        super().__init__("\n".join(lines))


class NotPromoted(WorkFailed):
    """A version was published whose gate does not hold: `stable` stays where it was."""

    def __init__(self, model: str, version: int, verdict: str) -> None:
        self.model = model
        self.version = version
        self.verdict = verdict
        super().__init__(
            f"{verdict}\n"
            f"  onehot predict {model} INPUT --version {version}\n"
            f"  onehot models label {model} stable {version} --force"
        )


class Canceled(WorkFailed):
    """A job that a person canceled: nothing is published, and nothing went wrong."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the sentence, which is no error."""
        click.echo(self.format_message(), file=file, err=file is None)
