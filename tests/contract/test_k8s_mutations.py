"""Every seeded mistake in the manifests is noticed by the rule that is there for it."""

import functools
import tempfile
from pathlib import Path

import pytest

from tests.contract.manifests import (
    ALL_RULES,
    mistakes_api,
    mistakes_base,
    mistakes_ingress,
    mistakes_production,
    mistakes_updates,
    name_of,
    violations,
)
from tests.contract.manifests.api.updates import update_faults
from tests.contract.manifests.cluster import K8S, Cluster, load, on_base, render
from tests.contract.manifests.spoiling import Spoilt

FOLDERS = (
    ("base", mistakes_base.MISTAKES),
    ("overlays/production", mistakes_production.MISTAKES | mistakes_api.MISTAKES),
    ("components/ingress", mistakes_ingress.MISTAKES),
)
SEEDED = {name: (folder, rule, make) for folder, mistakes in FOLDERS for name, (rule, make) in mistakes.items()}


@functools.cache
def rendered(folder: str) -> Cluster:
    """One folder, rendered once; a component on the base."""
    if not folder.startswith("components/"):
        return load(render(K8S / folder))
    with tempfile.TemporaryDirectory() as made:
        return load(render(on_base(Path(folder).name, Path(made))))


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_mistake_is_noticed(name: str) -> None:
    """The rule that is there for it says so."""
    folder, rule, make = SEEDED[name]
    spoilt = Spoilt(rendered(folder))
    make(spoilt)
    assert rule in {violation.rule for violation in violations(Cluster(spoilt.documents))}


@pytest.mark.parametrize("name", mistakes_updates.MISTAKES)
def test_an_update_that_the_server_refuses_is_noticed(name: str) -> None:
    """What an object was made with and keeps."""
    where, make = mistakes_updates.MISTAKES[name]
    spoilt = Spoilt(rendered("overlays/gpu"))
    make(spoilt)
    assert where in {found for found, _ in update_faults(rendered("overlays/gpu"), Cluster(spoilt.documents))}


def test_every_rule_has_a_mistake() -> None:
    """A rule that no mistake wakes could be asleep."""
    assert {rule for _, rule, _ in SEEDED.values()} == set(map(name_of, ALL_RULES))


def test_no_mistake_is_lost_under_the_name_of_another_one() -> None:
    """Names are keys."""
    assert len(SEEDED) == sum(len(mistakes) for _, mistakes in FOLDERS)
