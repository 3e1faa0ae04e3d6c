"""What one process knows and has loaded at one instant: immutable, replaced as a whole, read without a lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from models.errors import LabelNotFound, ModelNotFound, VersionNotFound
from models.names import LATEST, STABLE
from models.store.gate_verdict import failed_rules
from models.store.manifest import Manifest
from service.errors import VersionNotLoaded
from service.inference.predictor import Predictor
from service.registry.coordination.committed_state import DEFAULT, Agreement, ModelAgreement, targets_of

__all__ = [
    "OK",
    "HeldModel",
    "Holdings",
    "LoadedModel",
    "Snapshot",
    "State",
    "VersionFacts",
    "VersionStatus",
    "take_snapshot",
]

OK = "OK"


class State(StrEnum):
    """TensorFlow Serving's states of a version."""

    START = "START"
    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What the manifest of a version says that is shown, also while the version is not loaded."""

    created_at: str
    task: str
    class_names: tuple[str, ...]
    metrics: Mapping[str, float]

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Take them out of a manifest."""
        return cls(manifest.created_at, manifest.task, manifest.class_names, MappingProxyType(manifest.metrics))


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """Where one version stands.

    Args:
        version: Its number.
        state: One of TensorFlow Serving's states.
        error_code: `OK`, or a canonical code of gRPC as TensorFlow Serving writes it.
        reason: Why it does not serve; empty when there is nothing to say.
        predictor: What answers for it; there exactly while it is loaded.
        facts: From its manifest, once that was read.
    """

    version: int
    state: State = State.START
    error_code: str = OK
    reason: str = ""
    predictor: Predictor | None = None
    facts: VersionFacts | None = None


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """One model.

    Args:
        name: The model's name.
        versions: Every published version, ascending.
        labels: As they stand in the store.
        serving: Label → the version that answers for it now. It differs from `labels` while a label's version is being
            loaded or cannot be loaded. Has `DEFAULT` and `latest` too.
    """

    name: str
    versions: Mapping[int, VersionStatus]
    labels: Mapping[str, int]
    serving: Mapping[str, int]

    @property
    def default_version(self) -> int | None:
        """What a request without version and label gets."""
        return self.serving.get(DEFAULT)

    def status(self, version: int) -> VersionStatus:
        """Where a version stands.

        Raises:
            VersionNotFound: When there is none of that number.
        """
        status = self.versions.get(version)
        if status is None:
            raise VersionNotFound(self.name, version)
        return status

    def version_of(self, label: str) -> int:
        """The version that answers for a label, or that should.

        Raises:
            LabelNotFound: When there is no such label.
        """
        target = max(self.versions) if label == LATEST else self.labels.get(label)
        if target is None:
            raise LabelNotFound(self.name, label)
        return self.serving.get(label, target)

    def find(self, *, version: int | None, label: str | None) -> Predictor:
        """What answers for a version, a label, or neither.

        Raises:
            VersionNotFound, LabelNotFound: When there is none.
            VersionNotLoaded: When it is known but cannot answer now.
        """
        if version is None:
            version = self.default_version if label is None else self.version_of(label)
        if version is None:
            raise VersionNotLoaded(self.name, None, reason=self._why_no_default())
        status = self.status(version)
        if status.predictor is None:
            raise VersionNotLoaded(self.name, version, reason=status.reason or "it is being loaded")
        return status.predictor

    def _why_no_default(self) -> str:
        refused = [status.version for status in self.versions.values() if _is_refused(status)]
        if STABLE not in self.labels and refused:
            return (
                f"no version is `stable`, as the gate of version {refused[-1]} does not hold: ask for it by its "
                "number, or move the label to it"
            )
        reasons = [status.reason for status in self.versions.values() if status.reason]
        return reasons[-1] if reasons else "it is being loaded"


def _is_refused(status: VersionStatus) -> bool:
    """Whether a version is loaded whose gate does not hold."""
    return status.predictor is not None and bool(failed_rules(status.predictor.manifest.gate))


def _no_models() -> Mapping[str, LoadedModel]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All models of the store as this process sees them.

    Args:
        models: By name.
        is_complete: Whether everything that was in the store has been tried once.
        waiting_for: Why it is not complete; empty when it is.
        store_error: Why the last look at the store failed; empty when it did not.
    """

    models: Mapping[str, LoadedModel] = field(default_factory=_no_models)
    is_complete: bool = False
    waiting_for: str = "the first look at the store"
    store_error: str = ""

    def model(self, name: str) -> LoadedModel:
        """One model.

        Raises:
            ModelNotFound: When there is no such model.
            VersionNotLoaded: When that is not known yet.
        """
        found = self.models.get(name)
        if found is not None:
            return found
        if not self.is_complete:
            raise VersionNotLoaded(name, None, reason=f"the service waits for {self.waiting_for}")
        raise ModelNotFound(name)

    @property
    def loaded_versions(self) -> frozenset[tuple[str, int]]:
        """Model and number of every version that answers."""
        return frozenset(
            (model.name, one.version)
            for model in self.models.values()
            for one in model.versions.values()
            if one.predictor is not None
        )

    def describe(self) -> dict[str, Any]:
        """How many models and loaded versions there are, for a log line."""
        return {"models": len(self.models), "loaded_versions": len(self.loaded_versions)}


@dataclass(frozen=True, slots=True)
class HeldModel:
    """What this process has of one model, whatever was agreed on.

    Args:
        published: Numbers that the store has.
        statuses: Where each version stands here; also those that the store has no longer and that still answer.
        labels: As they stand in the store.
    """

    published: frozenset[int]
    statuses: Mapping[int, VersionStatus]
    labels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What this process has; the rest is as in `Snapshot`."""

    models: Mapping[str, HeldModel] = field(default_factory=dict)
    is_complete: bool = False
    waiting_for: str = "the first look at the store"
    store_error: str = ""


def take_snapshot(held: Holdings, agreement: Agreement) -> Snapshot:
    """What this process has and what all have agreed on, as requests see it."""
    models = {name: _loaded_model(name, one, agreement.model(name)) for name, one in held.models.items()}
    shown = MappingProxyType({name: one for name, one in models.items() if one.versions})
    return Snapshot(shown, held.is_complete, held.waiting_for, held.store_error)


def _loaded_model(name: str, held: HeldModel, agreed: ModelAgreement) -> LoadedModel:
    versions = {
        number: _shown(status, is_ready=number in agreed.ready)
        for number, status in held.statuses.items()
        if number in held.published or number in agreed.ready
    }
    default = targets_of(held.published, held.labels)[DEFAULT]
    answering = agreed.serving.get(DEFAULT)
    failed = versions.get(default)
    if failed is not None and failed.error_code != OK and answering not in (None, default):
        reason = f"{failed.reason}; version {answering} answers in its place"
        versions[default] = replace(failed, reason=reason)
    serving = agreed.serving
    if STABLE not in held.labels and answering in versions and _is_refused(versions[answering]):
        # Nobody has said that it may answer those who do not ask for it.
        serving = {label: version for label, version in serving.items() if label != DEFAULT}
    return LoadedModel(name, MappingProxyType(versions), held.labels, serving)


def _shown(status: VersionStatus, *, is_ready: bool) -> VersionStatus:
    """A version is available when all have it, and as long as it answers, whatever this process knows by itself."""
    if status.predictor is None:
        return status
    if is_ready:
        return status if status.state is State.AVAILABLE else replace(status, state=State.AVAILABLE)
    return replace(status, predictor=None, state=State.LOADING if status.error_code == OK else State.END)
