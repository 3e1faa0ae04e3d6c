"""Labels: movable names for the versions of one model, in `<model>/labels.json`, changed by compare-and-swap."""

from pathlib import Path

from obstore.store import ObjectStore

from models.store.compare_and_swap import AtomicDocument, Document

__all__ = ["label_file"]


def label_file(objects: ObjectStore, folder: Path | None, model: str) -> AtomicDocument:
    """The labels of one model in a store, label → version; `folder` is the store's, when it is one."""
    return AtomicDocument(objects, folder, f"{model}/labels.json", holds="{label: version}", checked=_labels)


def _labels(document: Document) -> Document:
    return {name: int(version) for name, version in document.items()}
