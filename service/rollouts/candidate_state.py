"""Whether the candidate of a rollout can answer in all processes of a service, for the others to know."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from service.registry.coordination.traffic_split import TrafficSplit
from service.registry.registry import Registry
from service.registry.snapshot import UNAVAILABLE

__all__ = ["CandidateState", "candidate_state", "states_topic"]


def states_topic(rollout_id: str) -> str:
    """Where services say whether they have a rollout's candidate."""
    return f"rollout:{rollout_id}:states"


@dataclass(frozen=True, slots=True)
class CandidateState:
    """What one process of a service says.

    Args:
        is_ready: Whether all processes of the service have the candidate.
        reason: Why not; empty when they have.
        has_failed: Whether it cannot be loaded, or is gone, rather than not loaded yet.
    """

    is_ready: bool
    reason: str = ""
    has_failed: bool = False

    @property
    def failed(self) -> str | None:
        """Why it cannot be loaded; None where it can."""
        return self.reason if self.has_failed else None

    @property
    def document(self) -> Mapping[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, blob: bytes) -> Self:
        """What a process posted; one that says something else is taken for one that waits."""
        try:
            return cls(**json.loads(blob))
        except (ValueError, TypeError):
            return cls(is_ready=False, reason="another version of Onehot follows it in another way")


def candidate_state(registry: Registry, model: str, split: TrafficSplit) -> CandidateState:
    """Whether the candidate can answer in all processes of this service."""
    found = registry.snapshot.models.get(model)
    status = None if found is None else found.versions.get(split.candidate)
    name = f"version {split.candidate} of model {model!r}"
    if status is None or not status.is_published:
        return CandidateState(is_ready=False, reason=f"{name} is not in the store any more", has_failed=True)
    if status.has_failed and status.error_code != UNAVAILABLE:
        return CandidateState(is_ready=False, reason=f"{name} cannot be loaded: {status.reason}", has_failed=True)
    if registry.snapshot.splits.get(model) is None and split.state != "promoting":
        return CandidateState(is_ready=False, reason=status.reason or f"{name} is being loaded")
    return CandidateState(is_ready=True)
