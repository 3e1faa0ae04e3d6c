"""Labels: movable names for the versions of one model, in `<model>/labels.json`, changed by compare-and-swap."""

from collections.abc import Callable
from pathlib import Path

from obstore.store import ObjectStore

from models.store.compare_and_swap import AtomicDocument, Document, UnreadableDocument
from models.store.promotions import Move, Promotion, PromotionLog

__all__ = ["LabelFile"]

HOLDS = "{label: version}"


class LabelFile:
    """The labels of one model.

    Args:
        objects: The store.
        folder: The store's folder, when it is one.
        model: The model's name.
    """

    def __init__(self, objects: ObjectStore, folder: Path | None, model: str) -> None:
        self._model, self._log = model, PromotionLog(objects, model)
        path, lock = f"{model}/labels.json", f"{model}/.labels.lock"
        self._document = AtomicDocument(objects, folder, path, lock=lock, holds=HOLDS)

    def read(self) -> dict[str, int]:
        """Label → version; empty when there are none.

        Raises:
            StoreUnavailable: When the store does not answer or the file is not readable.
        """
        return self._labels(self._document.read())

    def change(self, new_labels: Callable[[dict[str, int]], dict[str, int]], *, move: Move) -> dict[str, int]:
        """Read, change and write the labels in one atomic write, without losing a change of another writer.

        Each label that moves is recorded before.

        Args:
            new_labels: Labels in, labels out; called again when another writer was faster.
            move: Why they move.

        Raises:
            StoreUnavailable: When the store does not answer.
        """

        def recorded(document: Document) -> Document:
            before = self._labels(document)
            after = new_labels(before)
            self._record(before, after, move)
            return dict(after)

        return self._labels(self._document.change(recorded))

    def _record(self, before: dict[str, int], after: dict[str, int], move: Move) -> None:
        for label, version in after.items():
            previous = before.get(label)
            if previous != version:
                self._log.record(Promotion.now(self._model, label, version, previous=previous, move=move))

    def _labels(self, document: Document) -> dict[str, int]:
        try:
            return {str(name): int(version) for name, version in document.items()}
        except (ValueError, TypeError) as error:
            raise UnreadableDocument(self._document.path, expected=HOLDS, received=str(error)) from error
