"""The versions that answer, the same in all processes of the service from one instant to the next.

A version is ready when every process that answers requests has it loaded. Only then does a label, or the default, go to
it, in all processes at once: a client that has seen an answer of the new version gets none of the old one afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from models.names import LATEST, STABLE
from service.registry.coordination.desired_state import DEFAULT, DesiredModel, split_of
from service.registry.coordination.traffic_split import TrafficSplit

__all__ = ["CommittedModel", "CommittedState", "Report", "committed_models"]


@dataclass(frozen=True, slots=True)
class Report:
    """The state of one process.

    Args:
        loaded: Model → versions that can answer here.
        failed: Model → versions that cannot, or should not any more.
        requested: Model → version → when a client last named it by number, on a clock that all processes share.
        started_s: When it began, on the same clock.
    """

    loaded: Mapping[str, frozenset[int]] = field(default_factory=dict)
    failed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    requested: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    is_serving: bool = False
    started_s: float = 0.0

    def has(self, model: str, version: int) -> bool:
        """Whether a version can and should answer here."""
        return version in self.loaded.get(model, ()) and version not in self.failed.get(model, ())

    def has_tried(self, model: str, version: int) -> bool:
        """Whether a version was loaded here, or failed to."""
        return version in self.loaded.get(model, ()) or version in self.failed.get(model, ())

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read it back from its JSON."""
        sets = {key: {model: frozenset(one) for model, one in document[key].items()} for key in ("loaded", "failed")}
        requested = {model: {int(n): at_s for n, at_s in one.items()} for model, one in document["requested"].items()}
        return cls(**{**document, **sets, "requested": requested})


@dataclass(frozen=True, slots=True)
class CommittedModel:
    """One model.

    Args:
        ready: Versions that every process has loaded.
        serving: Label → the ready version that answers for it. Has `DEFAULT` and `latest` too.
        split: Of the default version's traffic; None unless both its versions are ready and it is the default's.
    """

    ready: frozenset[int] = frozenset()
    serving: Mapping[str, int] = field(default_factory=dict)
    split: TrafficSplit | None = None

    @property
    def answering(self) -> set[int]:
        """The versions that answer requests which name no number."""
        candidates = () if self.split is None else (self.split.candidate,)
        return {*self.serving.values(), *candidates}


@dataclass(frozen=True, slots=True)
class CommittedState:
    """All models; the revision goes up with every change.

    Args:
        is_ready: Whether every process has tried all that is to be loaded, once; it stays so.
    """

    revision: int = 0
    models: Mapping[str, CommittedModel] = field(default_factory=dict)
    is_ready: bool = False

    def model(self, name: str) -> CommittedModel:
        """What is committed of a model; nothing is, at first."""
        return self.models.get(name) or CommittedModel()

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read it back from its JSON."""
        models = {
            name: CommittedModel(frozenset(one["ready"]), one["serving"], split_of(one["split"]))
            for name, one in document["models"].items()
        }
        return cls(document["revision"], models, document["is_ready"])


def committed_models(
    desired: Mapping[str, DesiredModel], reports: Sequence[Report], before: CommittedState
) -> dict[str, CommittedModel]:
    """The versions that are to answer from now on.

    Args:
        desired: What is to be loaded.
        reports: Of every process that answers requests.
        before: What answers now.
    """
    models = {name: _commit(name, one, reports, before.model(name).serving) for name, one in desired.items()}
    return {name: one for name, one in models.items() if one.ready}


def _commit(
    name: str, desired: DesiredModel, reports: Sequence[Report], before: Mapping[str, int]
) -> CommittedModel:  # fmt: skip
    ready = frozenset(number for number in desired.wanted if reports and all(one.has(name, number) for one in reports))
    serving = {
        label: _serving_version(label, target, ready, before.get(label)) for label, target in desired.targets.items()
    }
    answering = {label: version for label, version in serving.items() if version is not None}
    return CommittedModel(ready, answering, _committed_split(desired.split, ready, answering))


def _committed_split(
    split: TrafficSplit | None, ready: Collection[int], serving: Mapping[str, int]
) -> TrafficSplit | None:
    """The split, unless its candidate is missing somewhere, or the default went to another version."""
    holds = split is not None and split.candidate in ready and serving.get(DEFAULT) == split.baseline
    return split if holds else None


def _serving_version(label: str, target: int, ready: Collection[int], before: int | None) -> int | None:
    """A label goes to its version once that is ready; until then it stays where it was."""
    if target in ready:
        return target
    if before in ready:
        return before
    if label not in (DEFAULT, LATEST, STABLE):
        return None  # no other version stands in for a canary that cannot be loaded
    older = [number for number in ready if number < target]
    return max(older or ready, default=None)
