"""The versions that were trained on an uploaded data set, as their specs say."""

import time
from collections.abc import Iterator

from models.names import is_model_name
from models.store.datasets import Datasets, references_in
from models.store.object_store import OtherSize, children, get
from models.store.store import Store

__all__ = ["trained_on"]

SPEC = "spec.yaml"
LARGEST_SPEC_BYTES = 2**20
MOST = 5
PATIENCE_S = 5.0


def trained_on(store: Store, digest: str) -> list[str]:
    """Versions whose specs name a data set, as `model/version`: a few of them, those that are found in a few seconds.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    datasets, end_s = Datasets(store.objects), time.monotonic() + PATIENCE_S
    found: list[str] = []
    for path in _folders(store):
        if len(found) == MOST or time.monotonic() > end_s:
            break
        if any(datasets.is_meant(digest, by=reference) for reference in references_in(_spec(store, path))):
            found.append(path)
    return found


def _folders(store: Store) -> Iterator[str]:
    """Of versions, the newest of each model first."""
    for model in filter(is_model_name, sorted(children(store.objects, ""))):
        yield from (f"{model}/{number}" for number in reversed(store.claimed(model)))


def _spec(store: Store, path: str) -> str:
    try:
        return (get(store.objects, f"{path}/{SPEC}", most_bytes=LARGEST_SPEC_BYTES) or b"").decode(errors="replace")
    except OtherSize:
        return ""
