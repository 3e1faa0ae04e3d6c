"""Where the processes of a node tell each other what is to be loaded, what each has, and what answers.

One process at a time leads: it looks at the store, writes the plan, reads the reports, and writes down what was agreed
on. Which one it is does not matter; when it dies, another one takes its place. `LocalBoard` is for a process alone;
`service.registry.coordination.shared_coordinator` is for the workers of gunicorn.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from service.registry.coordination.committed_state import Agreement, Report
from service.registry.coordination.desired_state import Plan

__all__ = ["Board", "LocalBoard"]


class Board(Protocol):
    """What a registry needs of it."""

    @property
    def generation(self) -> int:
        """Of what was agreed on last; read by every request."""

    @property
    def plan_number(self) -> int:
        """Of the plan that was posted last."""

    @property
    def news(self) -> int:
        """Another number after any report."""

    @property
    def looks_asked(self) -> int:
        """Another number after each `ask_for_look`."""

    @property
    def is_stopping(self) -> bool:
        """Whether the whole service is about to end."""

    def ask_for_look(self) -> None:
        """Let the leader look at the store now."""

    def lead(self) -> bool:
        """Whether this process leads, now that it tried."""

    def plan(self) -> Plan:
        """The plan that was posted last."""

    def agreement(self) -> Agreement:
        """What was agreed on last."""

    def post_plan(self, plan: Plan) -> None:
        """Post a plan with a higher number; only the leader does."""

    def post_agreement(self, agreement: Agreement) -> None:
        """Post what was agreed on, with a higher generation; only the leader does, while `agreeing`."""

    @contextmanager
    def agreeing(self) -> Iterator[None]:
        """Nobody else agrees or begins to serve meanwhile."""

    def report(self, report: Report) -> None:
        """Say what this process has."""

    def reports(self) -> Sequence[Report]:
        """Of all processes that live, this one's first."""


class LocalBoard:
    """For a process alone, which always leads."""

    def __init__(self) -> None:
        self._plan = Plan()
        self._agreement = Agreement()
        self._report = Report()
        self.news = 0
        self.looks_asked = 0
        self.is_stopping = False

    @property
    def generation(self) -> int:
        """Of what was agreed on last."""
        return self._agreement.generation

    @property
    def plan_number(self) -> int:
        """Of the plan that was posted last."""
        return self._plan.number

    def ask_for_look(self) -> None:
        """Look at the store at the next occasion."""
        self.looks_asked += 1

    def lead(self) -> bool:
        """It does."""
        return True

    def plan(self) -> Plan:
        """The plan that was posted last."""
        return self._plan

    def agreement(self) -> Agreement:
        """What was agreed on last."""
        return self._agreement

    def post_plan(self, plan: Plan) -> None:
        """Take it."""
        self._plan = plan

    def post_agreement(self, agreement: Agreement) -> None:
        """Take it."""
        self._agreement = agreement

    @contextmanager
    def agreeing(self) -> Iterator[None]:
        """There is nobody else."""
        yield

    def report(self, report: Report) -> None:
        """Take it."""
        self._report = report
        self.news += 1

    def reports(self) -> Sequence[Report]:
        """Its own."""
        return [self._report]
