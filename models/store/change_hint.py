"""A hint at the store's root, with which a poll of the store is one small request, however much there is in it.

`changes.json` maps a model to a token that each publish and each move of a label replace. It is no part of the truth:
it is written afterwards, losing it loses nothing, and a full listing of the store finds the changes that it lacks.
"""

import uuid
from contextlib import suppress
from pathlib import Path

from obstore.store import ObjectStore

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.store.compare_and_swap import AtomicDocument, Document, UnreadableDocument

__all__ = ["ChangeHintReader", "leave_hint"]

VERSIONS = "changes.json"
"""The hint about versions and labels; other things that change have hints of their own."""


def _hint(objects: ObjectStore, folder: Path | None, path: str) -> AtomicDocument:
    return AtomicDocument(objects, folder, path, holds="{model: a token}", checked=_tokens)


def _tokens(document: Document) -> Document:
    """The tokens of models; what else a hand put there is passed over."""
    return {model: one for model, one in document.items() if is_model_name(model) and isinstance(one, str)}


def leave_hint(objects: ObjectStore, folder: Path | None, model: str, *, path: str = VERSIONS) -> None:
    """Note that a model has changed; when that fails, a full listing finds the change a little later.

    A hint of another `path` is kept only once a reader has made it, as where there is none, none is read.
    """
    hint, token = _hint(objects, folder, path), {model: uuid.uuid4().hex[:12]}
    with suppress(StoreUnavailable):
        try:
            if path != VERSIONS and not hint.is_there:
                return
            hint.change(lambda tokens: {**tokens, **token})
        except UnreadableDocument:
            hint.write(token)


class ChangeHintReader:
    """Reads which models of a store have changed since the last call."""

    def __init__(self, objects: ObjectStore, folder: Path | None, *, path: str = VERSIONS) -> None:
        self._hint = _hint(objects, folder, path)
        self._e_tag: str | None = None
        self._tokens: dict[str, object] = {}

    def make(self) -> None:
        """Make the hint where there is none; when that fails, only full listings find changes."""
        with suppress(StoreUnavailable, FileExistsError):
            self._hint.write({}, "create")

    def changed(self) -> set[str] | None:
        """Names of models that have changed since the last call, in one request; None when the hint is another one.

        Raises:
            StoreUnavailable: When the store does not answer.
            UnreadableDocument: When the hint was broken by hand, once: full listings go on without it, and the next
                publish puts it right.
        """
        try:
            answer = self._hint.read_if_changed(self._e_tag)
        except UnreadableDocument as error:
            self._e_tag = error.e_tag
            raise
        if answer is None:
            return set()
        before = self._tokens
        self._tokens, self._e_tag = answer
        if before.keys() - self._tokens.keys():  # a store that was restored: what has changed in it, it does not say
            return None
        return {model for model, token in self._tokens.items() if before.get(model) != token}
