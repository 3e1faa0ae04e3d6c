"""A hint at the store's root, so that whoever polls the store makes one small request, however much there is in it.

`changes.json` maps a model to a word that is another one after each publish and each move of a label. It is no part of
the truth: it is written after it, losing it loses nothing, and a full look at the store finds what it does not tell.
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
    """Where changes are told.

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
            self.objects, self.folder, "changes.json", lock=".changes.lock", holds="{model: a word}"
        )  # fmt: skip

    def note(self, model: str) -> None:
        """Tell that a model has changed. What was done is done: when this fails, it is found a little later."""
        word = {model: uuid.uuid4().hex[:12]}
        with suppress(StoreUnavailable):
            try:
                self.file.change(lambda words: {**words, **word})
            except UnreadableDocument:
                self.file.write(word)


class ChangeHintReader:
    """Reads what has changed since it last looked.

    Args:
        book: Where changes are told.
    """

    def __init__(self, book: ChangeHint) -> None:
        self._file = book.file
        self._e_tag: str | None = None
        self._words: dict[str, object] = {}

    def changed(self) -> set[str]:
        """Names of models that have changed since the last call, in one request.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        try:
            answer = self._file.read_if_changed(self._e_tag)
        except UnreadableDocument:  # somebody broke it by hand; full looks go on without it
            return set()
        if answer is None:
            return set()
        words, self._e_tag = answer
        before, self._words = self._words, words
        return {model for model in {*before, *words} if before.get(model) != words.get(model)}
