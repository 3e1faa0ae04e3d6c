"""Labels at rest: movable names for the versions of a model, changed by compare-and-swap."""

from collections.abc import Callable
from pathlib import Path

from obstore.store import ObjectStore

from models.errors import shown
from models.names import is_version
from models.store.compare_and_swap import AtomicDocument, Document
from models.store.deletion_marks import require_kept
from models.store.manifest import MANIFEST
from models.store.promotions import Move, Promotion, PromotionLog

__all__ = ["LabelFile"]


class LabelFile:
    """The labels of one model, label → version.

    Args:
        objects: The store.
        folder: The store's folder, when it is one.
        model: The model's name.
    """

    def __init__(self, objects: ObjectStore, folder: Path | None, model: str) -> None:
        self._objects, self._model, self._log = objects, model, PromotionLog(objects, model)
        path = f"{model}/labels.json"
        self._document = AtomicDocument(objects, folder, path, holds="{label: version}", checked=_labels)

    def read(self) -> dict[str, int]:
        """Label → version; empty when there are none."""
        return dict(self._document.read())

    def change(self, new_labels: Callable[[dict[str, int]], dict[str, int]], *, move: Move) -> dict[str, int]:
        """Read, change and write the labels in one atomic write, without losing a change of another writer.

        Each label that moves is recorded before.

        Args:
            new_labels: Labels in, labels out; called again when another writer was faster.
            move: Why they move.

        Raises:
            VersionNotFound: When a label would come to a version that is being deleted.
        """

        def recorded(before: Document) -> Document:
            after = new_labels(dict(before))
            self._record(before, after, move)
            return dict(after)

        return dict(self._document.change(recorded))

    def _record(self, before: Document, after: dict[str, int], move: Move) -> None:
        for label, version in after.items():
            previous = before.get(label)
            if previous != version:
                self._log.record(Promotion.now(self._model, label, version, previous=previous, move=move))
                require_kept(self._objects, self._model, version, MANIFEST)  # after the record: see there


def _labels(document: Document) -> Document:
    for name, version in document.items():
        if not is_version(version):
            raise ValueError(f"{shown(version)} for the label {shown(name)}")
    return document
