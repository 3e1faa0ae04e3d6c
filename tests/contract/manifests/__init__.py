"""Policy checks of our own on rendered manifests: what no schema knows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.contract.manifests import custom, lifecycle, network, pods, references, wiring
from tests.contract.manifests.cluster import Cluster, Finding

__all__ = ["ALL_RULES", "Violation", "name_of", "violations"]

Rule = Callable[[Cluster], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule."""

    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.rule}]"


ALL_RULES: tuple[Rule, ...] = (
    *pods.RULES,
    *references.RULES,
    *network.RULES,
    *lifecycle.RULES,
    *wiring.RULES,
    *custom.RULES,
)


def violations(cluster: Cluster) -> list[Violation]:
    """Every broken rule of a rendered folder."""
    return [Violation(name_of(rule), *finding) for rule in ALL_RULES for finding in rule(cluster)]


def name_of(rule: Rule) -> str:
    """How messages and the mutation tests call a rule."""
    return rule.__name__.replace("_", "-")
