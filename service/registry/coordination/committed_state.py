"""What answers: agreed on by the processes of a node, and the same in all of them from one instant to the next.

A version is ready when every process that answers requests has it loaded. Only then does a label, or the default, go to
it, in all processes at once: whoever has seen an answer of the new version gets none of the old one afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from models.names import LATEST, STABLE
from service.registry.coordination.desired_state import ModelPlan

__all__ = ["DEFAULT", "Agreement", "ModelAgreement", "Report", "agree", "targets_of"]

DEFAULT = ""
"""Stands for "neither a version nor a label" where labels are keys; no label is empty."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one process has.

    Args:
        loaded: Model → versions that can answer here.
        failed: Model → versions that cannot, or should not any more.
        asked: Model → version → when a client last named it by number, on a clock that all processes share.
        is_serving: Whether it answers requests.
        started_s: When it began, on the same clock.
    """

    loaded: Mapping[str, frozenset[int]] = field(default_factory=dict)
    failed: Mapping[str, frozenset[int]] = field(default_factory=dict)
    asked: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    is_serving: bool = False
    started_s: float = 0.0

    def has(self, model: str, version: int) -> bool:
        """Whether a version can and should answer here."""
        return version in self.loaded.get(model, ()) and version not in self.failed.get(model, ())

    def to_document(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "loaded": {model: sorted(versions) for model, versions in self.loaded.items()},
            "failed": {model: sorted(versions) for model, versions in self.failed.items()},
            "asked": self.asked,
            "is_serving": self.is_serving,
            "started_s": self.started_s,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Of what `to_document` made."""
        return cls(
            {model: frozenset(versions) for model, versions in document["loaded"].items()},
            {model: frozenset(versions) for model, versions in document["failed"].items()},
            {model: {int(n): at_s for n, at_s in one.items()} for model, one in document["asked"].items()},
            document["is_serving"],
            document["started_s"],
        )


@dataclass(frozen=True, slots=True)
class ModelAgreement:
    """One model.

    Args:
        ready: Versions that every process has loaded.
        serving: Label → the ready version that answers for it. Has `DEFAULT` and `latest` too.
    """

    ready: frozenset[int] = frozenset()
    serving: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agreement:
    """All models.

    Args:
        generation: Goes up with every change.
        models: By name.
    """

    generation: int = 0
    models: Mapping[str, ModelAgreement] = field(default_factory=dict)

    def model(self, name: str) -> ModelAgreement:
        """What was agreed on for a model; nothing is, at first."""
        return self.models.get(name) or ModelAgreement()

    def to_document(self) -> dict[str, Any]:
        """As JSON can hold it."""
        models = {name: {"ready": sorted(one.ready), "serving": one.serving} for name, one in self.models.items()}
        return {"generation": self.generation, "models": models}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Of what `to_document` made."""
        models = {
            name: ModelAgreement(frozenset(one["ready"]), one["serving"]) for name, one in document["models"].items()
        }
        return cls(document["generation"], models)


def agree(plans: Mapping[str, ModelPlan], reports: Sequence[Report], before: Agreement) -> dict[str, ModelAgreement]:
    """What is to answer from now on.

    Args:
        plans: What is to be loaded.
        reports: Of every process that answers requests.
        before: What answers now.
    """
    agreed = {name: _agree_on(name, plan, reports, before.model(name).serving) for name, plan in plans.items()}
    return {name: one for name, one in agreed.items() if one.ready}


def _agree_on(name: str, plan: ModelPlan, reports: Sequence[Report], before: Mapping[str, int]) -> ModelAgreement:
    ready = frozenset(number for number in plan.wanted if reports and all(one.has(name, number) for one in reports))
    targets = targets_of(plan.tags, plan.labels)
    answering = {label: _answering(label, target, ready, before.get(label)) for label, target in targets.items()}
    return ModelAgreement(ready, {label: version for label, version in answering.items() if version is not None})


def targets_of(published: Collection[int], labels: Mapping[str, int]) -> dict[str, int]:
    """The version that should answer for each label, and for none."""
    newest = max(published, default=0)
    return {**labels, LATEST: newest, DEFAULT: labels.get(STABLE, newest)}


def _answering(label: str, target: int, ready: Collection[int], before: int | None) -> int | None:
    """A label goes to its version once that is ready; until then it stays where it was."""
    if target in ready:
        return target
    if before in ready:
        return before
    if label not in (DEFAULT, LATEST, STABLE):
        return None  # a canary that cannot be loaded is nobody else's business
    older = [number for number in ready if number < target]
    return max(older or ready, default=None)
