"""What has happened in the store since it was told last: versions that were published, labels that moved.

What was told of each model is kept on the queue's server, and is changed in the same step that adds the messages: a
service that is killed in between tells neither less nor more, and of several services one tells.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from models.queue.webhook_messages import LABEL_MOVED, MESSAGES, VERSION_PUBLISHED, message_of
from service.webhooks.told_state import swap_told, told_of

__all__ = ["StoreChanges", "ToldModel"]

TOLD = "onehot:webhooks:told"
"""Hash: model → its newest version and its labels, as they were told."""
BEGUN = "."
"""The field that is no model: there once the store was looked at, whose models before that are no news."""


@dataclass(frozen=True, slots=True)
class ToldModel:
    """What is told of a model.

    Args:
        newest: The highest number of a version.
        labels: Label → version.
    """

    newest: int
    labels: Mapping[str, int]

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps([self.newest, dict(sorted(self.labels.items()))])


class StoreChanges:
    """Tells what has changed.

    Args:
        connection: To the queue's server; its errors are redis' own.
    """

    def __init__(self, connection: Redis) -> None:
        self._connection: Any = connection
        self._told: dict[str, str] = {}

    def tell(self, models: Mapping[str, tuple[Mapping[int, Any], Mapping[str, int]]]) -> None:
        """Add messages for what is new.

        Args:
            models: Model → its versions by number, and its labels.
        """
        shown = {name: ToldModel(max(versions), labels) for name, (versions, labels) in models.items() if versions}
        changed = {name: one for name, one in shown.items() if self._told.get(name) != one.text}
        if not changed and self._told:
            return
        is_first = not self._connection.hexists(TOLD, BEGUN)
        for name, one in changed.items():
            self._tell_model(name, one, models[name][0], is_first=is_first)
        if is_first:
            self._connection.hset(TOLD, BEGUN, "")
        self._told |= {name: one.text for name, one in changed.items()}

    def _tell_model(self, model: str, now: ToldModel, versions: Mapping[int, Any], *, is_first: bool) -> None:
        before = told_of(self._connection, TOLD, model)
        messages = [] if is_first else list(_messages(model, before, now, versions))
        now = replace(now, newest=max(now.newest, json.loads(before)[0] if before else 0))  # the newest may be deleted
        swap_told(self._connection, (TOLD, MESSAGES), model, before, now.text, messages)


def _messages(model: str, before: str, now: ToldModel, versions: Mapping[int, Any]) -> Iterator[str]:
    newest, labels = json.loads(before) if before else (0, {})
    for version in sorted(one for one in versions if one > newest):
        data = {"model": model, "version": version}
        yield message_of(VERSION_PUBLISHED, data, message_id=f"version-{model}-{version}")
    for label in sorted({*labels, *now.labels}):
        moved_from, moved_to = labels.get(label), now.labels.get(label)
        if moved_from != moved_to:
            data = {"model": model, "label": label, "from": moved_from, "version": moved_to}
            # It may move back and forth: each move is another message.
            yield message_of(LABEL_MOVED, data, message_id=f"label-{model}-{label}-{uuid.uuid4().hex[:16]}")
