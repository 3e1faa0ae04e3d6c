"""Labels: movable names for the versions of one model, in `<model>/labels.json`, changed by compare-and-swap."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from obstore.store import ObjectStore

from models.errors import StoreUnavailable
from models.store.compare_and_swap import AtomicDocument, Document

__all__ = ["LabelFile"]


@dataclass(frozen=True, slots=True)
class LabelFile:
    """The labels of one model.

    Args:
        objects: The store.
        folder: The store's folder, when it is one.
        model: The model's name.
    """

    objects: ObjectStore
    folder: Path | None
    model: str

    @property
    def path(self) -> str:
        """Where the labels are."""
        return f"{self.model}/labels.json"

    @property
    def _file(self) -> AtomicDocument:
        lock = f"{self.model}/.labels.lock"
        return AtomicDocument(self.objects, self.folder, self.path, lock=lock, holds="{label: version}")

    def read(self) -> dict[str, int]:
        """Label → version; empty when there are none.

        Raises:
            StoreUnavailable: When the store does not answer or the file is not readable.
        """
        return self._labels(self._file.read())

    def change(self, new_labels: Callable[[dict[str, int]], dict[str, int]]) -> dict[str, int]:
        """Read, change and write the labels in one atomic write, without losing a change of another writer.

        Args:
            new_labels: Labels in, labels out; called again when another writer was faster.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        return self._labels(self._file.change(lambda document: dict(new_labels(self._labels(document)))))

    def _labels(self, document: Document) -> dict[str, int]:
        try:
            return {str(name): int(version) for name, version in document.items()}
        except (ValueError, TypeError) as error:
            raise StoreUnavailable(f"{self.path}: expected {{label: version}} as JSON; received {error}") from error
