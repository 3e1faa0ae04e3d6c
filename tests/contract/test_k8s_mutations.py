"""Every seeded mistake in the manifests is noticed by the rule that is there for it."""

import functools

import pytest

from tests.contract.manifests import ALL_RULES, mistakes_base, mistakes_production, name_of, violations
from tests.contract.manifests.cluster import K8S, Cluster, load, render
from tests.contract.manifests.schema import NEWEST, schema_violations
from tests.contract.manifests.spoiling import Spoilt

SEEDED = {
    name: (folder, rule, make)
    for folder, mistakes in (("base", mistakes_base.MISTAKES), ("overlays/production", mistakes_production.MISTAKES))
    for name, (rule, make) in mistakes.items()
}


@functools.cache
def rendered(folder: str) -> Cluster:
    """One folder, rendered once."""
    return load(render(K8S / folder))


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_mistake_is_noticed(name: str) -> None:
    """The rule that is there for it says so."""
    folder, rule, make = SEEDED[name]
    spoilt = Spoilt(rendered(folder))
    make(spoilt)
    cluster = Cluster(spoilt.documents)
    if rule == "schema":
        assert list(schema_violations(cluster, NEWEST))
    else:
        assert rule in {violation.rule for violation in violations(cluster)}


def test_every_rule_has_a_mistake() -> None:
    """A rule that no mistake wakes could be asleep."""
    woken = {rule for _, rule, _ in SEEDED.values()} - {"schema"}
    assert woken == set(map(name_of, ALL_RULES))
