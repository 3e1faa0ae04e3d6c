"""What has happened to rollouts since it was told last.

Told as the store has it, whichever process or person brought it about, and by one of several services.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from redis import Redis

from models.errors import StoreUnavailable
from models.queue.webhook_messages import MESSAGES, ROLLOUT_BREACH, ROLLOUT_END, ROLLOUT_STEP, message_of
from models.rollout.rollout import PAUSED, PROMOTED, ROLLED_BACK, STOPPED, Event, Rollout
from service.webhooks.told_state import swap_told, told_of

__all__ = ["RolloutChanges"]

TOLD = "onehot:webhooks:told-rollouts"
"""Hash: model → when the last event was that was told."""
ENDS = frozenset({PROMOTED, ROLLED_BACK, STOPPED})
BREACHES = frozenset({PAUSED, ROLLED_BACK})


class RolloutChanges:
    """Tells what has changed.

    Args:
        connection: To the queue's server; its errors are redis' own.
        read: The rollout of a model; may block; raises `StoreUnavailable`.
    """

    def __init__(self, connection: Redis, read: Callable[[str], Rollout | None]) -> None:
        self._connection: Any = connection
        self._read = read
        self._told: dict[str, str] = {}

    def tell(self, tags: Mapping[str, str]) -> None:
        """Add messages for what is new.

        Args:
            tags: Model → tag of the file of its rollout; only a file with another tag is read.
        """
        for model, tag in tags.items():
            if self._told.get(model) != tag:
                try:
                    rollout = self._read(model)
                except StoreUnavailable:  # then the next turn reads it
                    continue
                if rollout is not None:
                    self._tell(model, rollout)
                self._told[model] = tag

    def _tell(self, model: str, rollout: Rollout) -> None:
        before = told_of(self._connection, TOLD, model)
        messages = [one for event in rollout.story if event.at > before for one in _messages(rollout, event)]
        swap_told(self._connection, (TOLD, MESSAGES), model, before, rollout.story[-1].at, messages)


def _messages(rollout: Rollout, event: Event) -> Iterator[str]:
    data = {"model": rollout.model, "id": rollout.id, "candidate": rollout.candidate, "step": event.step,
            "state": rollout.state, "event": event.event, "at": event.at, "reason": event.reason}  # fmt: skip
    place = f"rollout-{rollout.id}-{event.at}"
    if event.event in BREACHES and event.figures is not None:  # figures decided, and no person
        yield message_of(ROLLOUT_BREACH, data, message_id=f"{place}-breach")
    kind = ROLLOUT_END if event.event in ENDS else ROLLOUT_STEP
    yield message_of(kind, data, message_id=place)
