"""What is to be loaded: decided by one process of a node, followed by all of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from models.names import STABLE

__all__ = ["ModelPlan", "Plan", "add_stand_in", "wanted_versions"]


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """One model.

    Args:
        tags: Published number → tag of its files, ascending.
        labels: As they stand in the store.
        wanted: Numbers to have loaded, in the order in which they matter.
        refused: Number → why it is not loaded although it is wanted.
    """

    tags: Mapping[int, str]
    labels: Mapping[str, int]
    wanted: tuple[int, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """All models.

    Args:
        number: Each plan has a higher one than the one before; 0 is no plan at all.
        models: By name.
        store_error: Why the last look at the store failed; empty when it did not.
        has_seen_store: Whether any look ever succeeded.
    """

    number: int = 0
    models: Mapping[str, ModelPlan] = field(default_factory=dict)
    store_error: str = ""
    has_seen_store: bool = False

    def to_document(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "number": self.number,
            "store_error": self.store_error,
            "has_seen_store": self.has_seen_store,
            "models": {
                name: {
                    "tags": one.tags, "labels": one.labels, "wanted": one.wanted, "refused": one.refused,
                }
                for name, one in self.models.items()
            },
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Of what `to_document` made."""
        return cls(
            document["number"],
            {
                name: ModelPlan(_numbered(one["tags"]), one["labels"], tuple(one["wanted"]), _numbered(one["refused"]))
                for name, one in document["models"].items()
            },
            document["store_error"],
            document["has_seen_store"],
        )


def _numbered(texts: Mapping[str, str]) -> dict[int, str]:
    return {int(number): text for number, text in texts.items()}


def wanted_versions(
    published: Collection[int], labels: Mapping[str, int], *, keep: int, held: Collection[int]
) -> list[int]:
    """The versions to have loaded, in the order in which they matter.

    Args:
        published: All numbers that there are.
        labels: Label → version.
        keep: How many of the newest.
        held: Those that answer now or were asked for by number.
    """
    newest = sorted(published, reverse=True)
    default = labels.get(STABLE, newest[0] if newest else 0)
    order = [default, *newest[:1], *labels.values(), *newest[:keep], *sorted(held, reverse=True)]
    existing = set(published)
    return [number for number in dict.fromkeys(order) if number in existing]


def add_stand_in(wanted: list[int], published: Collection[int], *, failed: Collection[int]) -> list[int]:
    """When nothing that is wanted can be loaded, also the newest other version that has not failed."""
    if set(wanted) - set(failed):
        return wanted
    others = set(published) - set(wanted) - set(failed)
    return [*wanted, max(others)] if others else wanted
