"""Where the processes of the service exchange the desired state, their reports and the committed state.

One process at a time leads: it looks at the store, posts the desired state, reads the reports and posts the committed
state. Any of them can; when the leader dies, another one takes its place. `Coordinator` is for a process alone;
`service.registry.coordination.shared_coordinator` is for the workers of gunicorn.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from service.registry.coordination.committed_state import CommittedState, Report
from service.registry.coordination.desired_state import DesiredState

__all__ = ["COMMITTED", "DESIRED", "LEADER", "REPORTS", "Coordinator"]

DESIRED, COMMITTED, REPORTS, LOOKS, STOPPING, LEADER, FLUSHES = range(7)
"""Places of the numbers that the processes share."""


class Coordinator:
    """For a process alone, which always leads; the numbers are its own, unless others share them."""

    def __init__(self, numbers: "list[int] | memoryview[int] | None" = None) -> None:
        self._numbers = [0] * 7 if numbers is None else numbers
        self._desired = DesiredState()
        self._committed = CommittedState()
        self._report = Report()

    @property
    def committed_revision(self) -> int:
        """Of the committed state; read by every request."""
        return self._numbers[COMMITTED]

    @property
    def look_requests(self) -> int:
        """Another number after each `request_look`."""
        return self._numbers[LOOKS]

    @property
    def is_stopping(self) -> bool:
        """Whether the whole service is about to end."""
        return bool(self._numbers[STOPPING])

    def revision(self) -> int:
        """Another number after any change that concerns this process: reports and requests concern the leader only.

        Each of the shared numbers only goes up, so their sum tells when any of them did.
        """
        numbers = self._numbers
        return numbers[DESIRED] + numbers[COMMITTED] + (numbers[REPORTS] + numbers[LOOKS] if self._leads() else 0)

    def _leads(self) -> bool:
        """Whether this process leads, as far as it costs next to nothing to know."""
        return self.lead()

    def request_look(self) -> None:
        """Let the leader look at the store now."""
        self._numbers[LOOKS] = time.monotonic_ns()

    @property
    def flush_requests(self) -> int:
        """Another number after each `request_flush`."""
        return self._numbers[FLUSHES]

    def request_flush(self) -> None:
        """Let all processes write what they have captured now."""
        self._numbers[FLUSHES] = time.monotonic_ns()

    def note_stopping(self) -> None:
        """The whole service is about to end."""
        self._numbers[STOPPING] = 1

    def lead(self) -> bool:
        """Whether this process leads, now that it tried."""
        return True

    def desired_state(self) -> DesiredState:
        """The desired state that was posted last."""
        return self._desired

    def committed_state(self) -> CommittedState:
        """The committed state that was posted last."""
        return self._committed

    @contextmanager
    def committing(self) -> Iterator[None]:
        """No other process posts a state or begins to serve meanwhile."""
        yield

    def post(self, state: DesiredState | CommittedState) -> None:
        """Post a state with a higher revision; only the leader does, while `committing`."""
        if isinstance(state, DesiredState):
            self._desired, self._numbers[DESIRED] = state, state.revision
        else:
            self._committed, self._numbers[COMMITTED] = state, state.revision

    def report(self, report: Report) -> bool:
        """Say what this process has; whether the others can know it now."""
        self._report = report
        self._numbers[REPORTS] = time.monotonic_ns()
        return True

    def reports(self) -> Sequence[Report]:
        """Of all processes that live, this one's first."""
        return [self._report]
