"""The models and their loaded versions at one instant: immutable, replaced as a whole, read without a lock.

A process makes one tree of what it has itself; `committed` turns it into the tree that requests see, in which a version
is available when all processes have it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from models.errors import LabelNotFound, ModelNotFound, OnehotError, VersionNotFound
from models.names import LATEST, STABLE
from models.store.gate_verdict import failed_rules, gate_verdict
from models.store.manifest import Manifest
from service.errors import LOADING, NotPromoted, VersionNotLoaded
from service.inference.predictor import Predictor
from service.registry.coordination.committed_state import CommittedModel, CommittedState
from service.registry.coordination.desired_state import DEFAULT
from service.registry.coordination.traffic_split import TrafficSplit

__all__ = ["OK", "REFUSED", "UNAVAILABLE", "LoadedModel", "Snapshot", "State", "VersionFacts", "VersionStatus"]

OK = "OK"
REFUSED = "RESOURCE_EXHAUSTED"
"""Not tried, as memory does not suffice."""
UNAVAILABLE = "UNAVAILABLE"
"""Tried while the store did not answer."""
NONE: Mapping[str, "LoadedModel"] = MappingProxyType({})


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
    gate: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """Take them out of a manifest."""
        metrics = MappingProxyType(manifest.metrics)
        return cls(manifest.created_at, manifest.task, manifest.class_names, metrics, manifest.gate)


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """Where one version stands.

    Args:
        error_code: `OK`, or a canonical code of gRPC as TensorFlow Serving writes it.
        reason: Why it does not serve; empty when there is nothing to say.
        predictor: What answers for it; there exactly while it is loaded.
        facts: From its manifest, once that was read.
        is_published: Whether the store has it; a loaded version stays until it no longer answers.
        tag: Of its files in the store.
    """

    version: int
    state: State = State.START
    error_code: str = OK
    reason: str = ""
    predictor: Predictor | None = None
    facts: VersionFacts | None = None
    is_published: bool = True
    tag: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether it cannot answer, or should not any more."""
        return self.error_code not in (OK, REFUSED)

    @property
    def gate(self) -> Mapping[str, Any] | None:
        """The outcome of its gate, as far as it is known."""
        if self.predictor is not None:
            return self.predictor.manifest.gate
        return self.facts.gate if self.facts is not None else None

    @property
    def fails_gate(self) -> bool:
        """Whether it is loaded and its gate does not hold."""
        return self.predictor is not None and bool(failed_rules(self.gate))

    def committed(self, *, is_ready: bool) -> "VersionStatus":
        """As requests see it: available when all processes have it, and as long as it answers."""
        if self.predictor is None:
            return self
        if is_ready:
            return self if self.state is State.AVAILABLE else replace(self, state=State.AVAILABLE)
        return replace(self, predictor=None, state=State.LOADING if self.error_code == OK else State.END)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """One model.

    Args:
        versions: Every published version, ascending.
        labels: As they stand in the store.
        serving: Label → the version that answers for it now. It differs from `labels` while a label's version is being
            loaded or cannot be loaded. Has `DEFAULT` and `latest` too.
        split: Of the default version's traffic, while a rollout is under way.
    """

    name: str
    versions: Mapping[int, VersionStatus]
    labels: Mapping[str, int]
    serving: Mapping[str, int] = field(default_factory=dict)
    split: TrafficSplit | None = None

    def committed(self, state: CommittedModel) -> "LoadedModel":
        """As requests see it: what answers is what all processes have."""
        versions = {
            number: status.committed(is_ready=number in state.ready)
            for number, status in self.versions.items()
            if status.is_published or number in state.ready
        }
        self._name_stand_in(versions, state.serving.get(DEFAULT))
        serving = dict(state.serving)
        default = versions.get(serving.get(DEFAULT, 0))
        if STABLE not in self.labels and default is not None and default.fails_gate:
            del serving[DEFAULT]  # it may answer only requests that name it
        return LoadedModel(self.name, MappingProxyType(versions), self.labels, serving, state.split)

    def _name_stand_in(self, versions: dict[int, VersionStatus], answering: int | None) -> None:
        """Say of a default version that does not answer which one does in its place."""
        published = (number for number, status in self.versions.items() if status.is_published)
        default = self.labels.get(STABLE, max(published, default=0))
        failed = versions.get(default)
        if failed is not None and failed.error_code != OK and answering not in (None, default):
            reason = f"{failed.reason}; version {answering} answers in its place"
            versions[default] = replace(failed, reason=reason)

    @property
    def default_version(self) -> int | None:
        """The version that a request without version and label gets."""
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
            raise self._no_default()
        status = self.status(version)
        if status.predictor is None:
            raise VersionNotLoaded(self.name, version, reason=status.reason or LOADING)
        return status.predictor

    def _no_default(self) -> VersionNotLoaded:
        """Why requests without version and label have no answer."""
        gated = self._held_back()
        if gated is not None:
            return NotPromoted(self.name, gated.version, verdict=str(gate_verdict(gated.gate)))
        reasons = [status.reason for status in self.versions.values() if status.reason]
        return VersionNotLoaded(self.name, None, reason=reasons[-1] if reasons else None)

    def _held_back(self) -> VersionStatus | None:
        """The version that would be the default if its gate held."""
        newest = self.versions[max(self.versions)]
        if STABLE in self.labels:
            return None
        if failed_rules(newest.gate):
            return newest
        loaded = [status for status in self.versions.values() if status.fails_gate]
        return loaded[-1] if loaded and newest.has_failed else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All models of the store as this process sees them.

    Args:
        is_complete: Whether everything that was in the store has been tried once.
        waiting_for: Why it is not complete; empty when it is.
        splits: Model → split of its default version's traffic, of those with a rollout under way.
    """

    models: Mapping[str, LoadedModel] = field(default_factory=lambda: MappingProxyType({}))
    is_complete: bool = False
    waiting_for: str = "the first look at the store"
    splits: Mapping[str, TrafficSplit] = field(default_factory=lambda: MappingProxyType({}))

    def committed(self, state: CommittedState, *, unchanged: Mapping[str, LoadedModel] = NONE) -> "Snapshot":
        """As requests see it: what answers is what all processes have.

        Args:
            state: What that is.
            unchanged: Models of which it is known already, as none of their versions or labels has changed.
        """
        models = {name: unchanged.get(name) or one.committed(state.model(name)) for name, one in self.models.items()}
        known = {name: one for name, one in models.items() if one.versions}
        splits = {name: one.split for name, one in known.items() if one.split is not None}
        return replace(self, models=MappingProxyType(known), splits=MappingProxyType(splits))

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

    def why_not_answering(self, name: str) -> str | None:
        """Why a model does not answer requests without version and label; None when it does."""
        try:
            self.model(name).find(version=None, label=None)
        except OnehotError as error:
            return str(error)
        return None

    @property
    def why_none_answers(self) -> str | None:
        """Why no version answers though there are some; None when one does, or when there is none."""
        if self.loaded_versions or not self.models:
            return None
        versions = sum(len(model.versions) for model in self.models.values())
        return f"none of {versions} versions is loaded: {self.why_not_answering(next(iter(self.models)))}"

    @property
    def refused(self) -> dict[tuple[str, int], str]:
        """Model and number of every version that memory does not suffice for, and why."""
        return {
            (name, number): status.reason
            for name, model in self.models.items()
            for number, status in model.versions.items()
            if status.error_code == REFUSED
        }

    @property
    def unserved_labels(self) -> list[tuple[str, str]]:
        """Model and label where the label's version cannot be loaded, or is not there."""
        return [
            (name, label)
            for name, model in self.models.items()
            for label, number in model.labels.items()
            if number not in model.versions or model.versions[number].error_code != OK
        ]

    @property
    def loaded_versions(self) -> frozenset[tuple[str, int]]:
        """Model and number of every version that answers."""
        return frozenset(
            (name, number)
            for name, model in self.models.items()
            for number, status in model.versions.items()
            if status.predictor is not None
        )

    def describe(self) -> dict[str, Any]:
        """How many models and loaded versions there are, for a log line."""
        return {"models": len(self.models), "loaded_versions": len(self.loaded_versions)}
