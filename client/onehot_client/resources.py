"""Jobs, models, versions and data sets as a service tells of them; `document` holds all that it said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Dataset", "Job", "Model", "Version"]

ENDED = frozenset({"finished", "failed", "stopped", "canceled"})
CANCELED = frozenset({"stopped", "canceled"})
FINISHED = "finished"
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One queued training.

    Args:
        id: Of the job.
        status: `queued`, `started`, `finished`, `failed`, `stopped`, `canceled`, ….
        document: All that the service said.
    """

    id: str
    status: str
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> "Job":
        """Of a service's document."""
        return cls(str(document["id"]), str(document["status"]), document)

    @property
    def is_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in ENDED

    @property
    def is_finished(self) -> bool:
        """Whether it published a version."""
        return self.status == FINISHED

    @property
    def model(self) -> str | None:
        """The model that it trains."""
        return self.document.get("model")

    @property
    def progress(self) -> Document:
        """Epoch, epochs, metrics of the epoch, seconds that are left; empty before the first."""
        return self.document.get("progress") or {}

    @property
    def error(self) -> str | None:
        """Why it failed."""
        error = self.document.get("error")
        return str(error.get("message")) if isinstance(error, Mapping) else error

    @property
    def result(self) -> Document:
        """Model, version, metrics and what else came of it; empty before its end."""
        return self.document.get("result") or {}

    @property
    def version(self) -> int | None:
        """The version that it published."""
        return self.result.get("version")

    @property
    def metrics(self) -> Mapping[str, float]:
        """Of the version, on held-out rows."""
        return self.result.get("metrics") or {}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model.

    Args:
        model: The model's name.
        version: Its number.
        state: `AVAILABLE` when it answers.
        labels: That name it.
        metrics: On held-out rows.
        document: All that the service said.
    """

    model: str
    version: int
    state: str
    labels: tuple[str, ...]
    metrics: Mapping[str, float]
    document: Document = field(repr=False)

    @classmethod
    def of(cls, model: str, document: Document) -> "Version":
        """Of a service's document."""
        labels, metrics = tuple(document.get("labels") or ()), document.get("metrics") or {}
        return cls(model, int(document["version"]), str(document["state"]), labels, metrics, document)


@dataclass(frozen=True, slots=True)
class Model:
    """A model with its versions.

    Args:
        name: Of the model.
        default_version: What answers a request without version or label.
        labels: Label → version.
        versions: The newest first.
        document: All that the service said.
    """

    name: str
    default_version: int | None
    labels: Mapping[str, int]
    versions: tuple[Version, ...]
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> "Model":
        """Of a service's document."""
        name = str(document["name"])
        versions = tuple(Version.of(name, one) for one in document["versions"])
        return cls(name, document.get("default_version"), document.get("labels") or {}, versions, document)


@dataclass(frozen=True, slots=True)
class Dataset:
    """An uploaded data file.

    Args:
        source: What `data.source` of a spec says to mean it.
        name: The name that it was uploaded under.
        sha256: Of its bytes.
        rows: How many it has, where that is known.
        document: All that the service said.
    """

    source: str
    name: str
    sha256: str
    rows: int | None
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> "Dataset":
        """Of a service's document."""
        return cls(
            str(document["source"]), str(document["name"]), str(document["sha256"]), document.get("rows"), document
        )
