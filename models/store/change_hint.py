"""A hint at the store's root, with which a poll of the store is one small request, however much there is in it.

`changes.json` maps a model to a token that each publish and each move of a label replace. It is no part of the truth:
it is written afterwards, losing it loses nothing, and a full listing of the store finds the changes that it lacks.
"""

import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from obstore.store import ObjectStore

from models.errors import StoreUnavailable
from models.store.compare_and_swap import AtomicDocument, UnreadableDocument

__all__ = ["ChangeHint", "ChangeHintReader"]


@dataclass(frozen=True, slots=True)
class ChangeHint:
    """Which models have changed.

    Args:
        objects: The store.
        folder: The store's folder, when it is one.
    """

    objects: ObjectStore
    folder: Path | None

    @property
    def file(self) -> AtomicDocument:
        """The hint at rest."""
        return AtomicDocument(
            self.objects, self.folder, "changes.json", lock=".changes.lock", holds="{model: a token}"
        )  # fmt: skip

    def note(self, model: str) -> None:
        """Note that a model has changed; when that fails, a full listing finds the change a little later."""
        token = {model: uuid.uuid4().hex[:12]}
        with suppress(StoreUnavailable):
            try:
                self.file.change(lambda tokens: {**tokens, **token})
            except UnreadableDocument:
                self.file.write(token)


class ChangeHintReader:
    """Reads which models have changed since the last call.

    Args:
        hint: At the root of the store.
    """

    def __init__(self, hint: ChangeHint) -> None:
        self._file = hint.file
        self._e_tag: str | None = None
        self._tokens: dict[str, object] = {}

    def changed(self) -> set[str]:
        """Names of models that have changed since the last call, in one request.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        try:
            answer = self._file.read_if_changed(self._e_tag)
        except UnreadableDocument:  # broken by hand; full listings go on without it
            return set()
        if answer is None:
            return set()
        before = self._tokens
        self._tokens, self._e_tag = answer
        return {model for model in {*before, *self._tokens} if before.get(model) != self._tokens.get(model)}
