"""What the processes of the service are to load: decided by the one that leads, followed by all of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from models.names import LATEST, STABLE
from service.registry.coordination.traffic_split import TrafficSplit

__all__ = ["DEFAULT", "DesiredModel", "DesiredState", "add_stand_in", "split_of", "wanted_versions"]

DEFAULT = ""
"""Stands for "neither a version nor a label" where labels are keys; no label is empty."""


@dataclass(frozen=True, slots=True)
class DesiredModel:
    """One model.

    Args:
        tags: Published number → tag of its files, ascending.
        labels: As they stand in the store.
        wanted: Numbers to load, in the order in which they matter.
        refused: Number → why it is not loaded although it is wanted.
        split: Of its traffic, while a rollout is under way.
        rollout_tag: Of the file of its rollout, also of one that has ended; empty when there is none.
        capture: What is captured of its predictions, as it stands in the store; empty where nothing ever was.
    """

    tags: Mapping[int, str] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    wanted: tuple[int, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)
    split: TrafficSplit | None = None
    rollout_tag: str = ""
    capture: Mapping[str, Any] = field(default_factory=dict)

    @property
    def targets(self) -> dict[str, int]:
        """The version that should answer for each label, for `latest` and for `DEFAULT`."""
        newest = max(self.tags, default=0)
        return {**self.labels, LATEST: newest, DEFAULT: self.labels.get(STABLE, newest)}


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All models.

    Args:
        revision: Goes up with every change; 0 before the first one.
        store_error: Why the last look at the store failed; empty when it did not.
        has_seen_store: Whether any look ever succeeded.
        is_complete: Whether no version waits for the memory that others are just about to take.
    """

    revision: int = 0
    models: Mapping[str, DesiredModel] = field(default_factory=dict)
    store_error: str = ""
    has_seen_store: bool = False
    is_complete: bool = False

    def model(self, name: str) -> DesiredModel:
        """What is desired of a model; nothing when the store does not have it."""
        return self.models.get(name) or DesiredModel()

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read it back from its JSON."""
        models = {
            name: DesiredModel(
                _numbered(one["tags"]), one["labels"], tuple(one["wanted"]), _numbered(one["refused"]),
                split_of(one["split"]), one["rollout_tag"], one["capture"],
            )
            for name, one in document["models"].items()
        }  # fmt: skip
        return cls(**{**document, "models": models})


def _numbered(texts: Mapping[str, str]) -> dict[int, str]:
    return {int(number): text for number, text in texts.items()}


def split_of(document: Mapping[str, Any] | None) -> TrafficSplit | None:
    """Read a split back from its JSON."""
    return None if document is None else TrafficSplit(**document)


def wanted_versions(
    published: Collection[int], labels: Mapping[str, int], *, keep: int, in_use: Collection[int],
    on_trial: Collection[int] = (),
) -> list[int]:  # fmt: skip
    """The versions to load, in the order in which they matter.

    Args:
        published: All numbers that there are.
        labels: Label → version.
        keep: How many of the newest.
        in_use: Those that answer now or were requested by number.
        on_trial: Those that a rollout compares.
    """
    newest = sorted(published, reverse=True)
    default = labels.get(STABLE, newest[0] if newest else 0)
    order = [default, *on_trial, *newest[:1], *labels.values(), *newest[:keep], *sorted(in_use, reverse=True)]
    existing = set(published)
    return [number for number in dict.fromkeys(order) if number in existing]


def add_stand_in(wanted: list[int], published: Collection[int], *, failed: Collection[int]) -> list[int]:
    """When nothing that is wanted can be loaded, also the newest other version that has not failed."""
    if set(wanted) - set(failed):
        return wanted
    others = set(published) - set(wanted) - set(failed)
    return [*wanted, max(others)] if others else wanted
