"""Policy checks of our own on rendered manifests: what no schema knows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.contract.manifests import api, custom, lifecycle, network, pods, references, wiring
from tests.contract.manifests.cluster import Cluster, Finding
from tests.contract.manifests.schema import schema

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


STAGES: tuple[tuple[Rule, ...], ...] = (
    (schema,),
    (api.field_values,),
    (api.fields_together, api.objects_together),
    (
        *pods.RULES,
        *references.RULES,
        *network.RULES,
        *lifecycle.RULES,
        *wiring.RULES,
        *custom.RULES,
    ),
)
"""Later rules read what the earlier ones have found to be right."""

ALL_RULES = tuple(rule for stage in STAGES for rule in stage)


def violations(cluster: Cluster) -> list[Violation]:
    """The broken rules of a rendered folder; those of the first stage that has any."""
    for stage in STAGES:
        found = [violation for rule in stage for violation in _broken(rule, cluster)]
        if found:
            return found
    return []


def _broken(rule: Rule, cluster: Cluster) -> list[Violation]:
    try:
        return [Violation(name_of(rule), *finding) for finding in rule(cluster)]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return [Violation(name_of(rule), "an object", f"expected one that the rule can read; received {error!r}")]


def name_of(rule: Rule) -> str:
    """How messages and the mutation tests call a rule."""
    return rule.__name__.replace("_", "-")
