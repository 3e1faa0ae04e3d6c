"""Uploaded data sets for the commands: in the store itself, or as a service tells of them."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.retention.dataset_use import trained_on
from models.store.datasets import Datasets
from onehot.access.places import ServicePlace, StorePlace

__all__ = ["ServedDatasets", "StoredDatasets"]


@dataclass(frozen=True, slots=True)
class StoredDatasets(StorePlace):
    """The data sets of a store."""

    def rows(self) -> list[dict[str, Any]]:
        """Every data set, by name."""
        return [{"source": info.source, **asdict(info)} for info in self._datasets.uploaded()]

    def upload(self, path: Path, name: str) -> dict[str, Any]:
        """Keep a file; its rows are counted by a service only."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        info = self._datasets.put(name, path, created_at=now, count_rows=lambda _: None)
        return {"source": info.source, **asdict(info)}

    def delete(self, reference: str) -> list[str]:
        """Delete a data set; returns a few of the versions that were trained on it."""
        trained = trained_on(self.store, self._datasets.find(reference).sha256)
        self._datasets.delete(reference)
        return trained

    @property
    def _datasets(self) -> Datasets:
        return Datasets(self.store.objects)


@dataclass(frozen=True, slots=True)
class ServedDatasets(ServicePlace):
    """The data sets that a service knows."""

    def rows(self) -> list[dict[str, Any]]:
        """Every data set, by name."""
        return [dict(found.document) for found in self.service.datasets()]

    def upload(self, path: Path, name: str) -> dict[str, Any]:
        """Send a file, piece by piece."""
        return dict(self.service.upload(path, name=name).document)

    def delete(self, reference: str) -> list[str]:
        """Delete a data set; returns a few of the versions that were trained on it."""
        return self.service.delete_dataset(reference)
