"""Rollouts at rest: `<model>/rollout.json` is the one of a model, changed by compare-and-swap; ended ones are records.

Every process may write, and whichever is first is right: a change is a function of what is there. What an ended rollout
was stays in `<model>/rollouts/<id>.json`.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import obstore

from models.errors import RolloutNotFound, RolloutRefused
from models.rollout.rollout import Rollout
from models.store.change_hint import leave_hint
from models.store.compare_and_swap import AtomicDocument, Document
from models.store.object_store import answering, create
from models.store.store import Store

__all__ = ["DOCUMENT", "ROLLOUT_ID", "RolloutStore", "now"]

DOCUMENT = "rollout.json"
ROLLOUT_ID = re.compile(r"[0-9a-f]{32}")
HOLDS = "a rollout"


def now() -> str:
    """The time, UTC, ISO 8601; it is written down, and nothing is decided by it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class RolloutStore:
    """The rollout of one model and the records of those before it.

    Its methods raise `StoreUnavailable` when the store does not answer or a document in it cannot be read.

    Args:
        store: Where they are.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._model = store, model
        self._document = self._atomic(DOCUMENT)

    def read(self) -> Rollout | None:
        """The rollout, under way or ended; None when there is none."""
        return _rollout(self._document.read())

    def read_if_changed(self, e_tag: str | None) -> tuple[Rollout | None, str | None] | None:
        """The rollout and the document's entity tag; None when it still has the given one: one request."""
        found = self._document.read_if_changed(e_tag)
        return None if found is None else (_rollout(found[0]), found[1])

    def begin(self, rollout: Rollout) -> Rollout:
        """Write a new rollout.

        Raises:
            RolloutRefused: When another one is under way.
        """

        def taken(document: Document) -> Document:
            before = _rollout(document)
            if before is not None and before.is_under_way and before.id != rollout.id:
                reason = (
                    f"one of version {before.candidate} is {before.state}: roll it back, promote or delete it first"
                )
                raise RolloutRefused(self._model, reason=reason)
            return rollout.document

        self._document.change(taken)
        self._hint()
        return rollout

    def change(self, changed: Callable[[Rollout], Rollout]) -> Rollout:
        """Change the rollout; the record of one that has ended is written, too.

        Args:
            changed: Old in, new out; called again when another writer was faster.

        Raises:
            RolloutNotFound: When there is none.
        """
        made = self._required(self._document.change(lambda before: changed(self._required(before)).document))
        self.keep_record(made)
        self._hint()
        return made

    def keep_record(self, rollout: Rollout) -> None:
        """Write the record of an ended rollout, unless it is there."""
        if not rollout.is_under_way:
            create(
                self._store.objects, self._path(f"rollouts/{rollout.id}.json"), json.dumps(rollout.document).encode()
            )

    def remove(self, rollout: Rollout) -> None:
        """Take away the document of an ended rollout, unless another one is there; its record stays."""
        self._document.change(lambda document: {} if document.get("id") == rollout.id else document)
        self._hint()

    def record_ids(self) -> list[str]:
        """The ids of the ended rollouts, the newest first."""
        with answering():
            listing = obstore.list_with_delimiter(self._store.objects, self._path("rollouts"))
        names = [entry["path"].rsplit("/", 1)[-1].removesuffix(".json") for entry in listing["objects"]]
        return sorted(filter(ROLLOUT_ID.fullmatch, names), reverse=True)

    def record(self, rollout_id: str) -> Rollout:
        """The record of an ended rollout.

        Raises:
            RolloutNotFound: When there is none.
        """
        found = (
            _rollout(self._atomic(f"rollouts/{rollout_id}.json").read()) if ROLLOUT_ID.fullmatch(rollout_id) else None
        )
        if found is None:
            raise RolloutNotFound(self._model, rollout_id)
        return found

    def _required(self, document: Document) -> Rollout:
        found = _rollout(document)
        if found is None:
            raise RolloutNotFound(self._model)
        return found

    def _hint(self) -> None:
        """Let the processes that poll know."""
        leave_hint(self._store.objects, self._store.folder, self._model)

    def _atomic(self, name: str) -> AtomicDocument:
        return AtomicDocument(self._store.objects, self._store.folder, self._path(name), HOLDS, checked=_checked)

    def _path(self, name: str) -> str:
        return f"{self._model}/{name}"


def _checked(document: Document) -> Document:
    _rollout(document)
    return document


def _rollout(document: Document) -> Rollout | None:
    return Rollout.of(document) if document else None
