"""Every seeded mistake in the manifests is noticed by the rule that is there for it."""

import functools
import tempfile
from pathlib import Path

import pytest

from tests.contract.manifests import ALL_RULES, name_of, violations
from tests.contract.manifests.api.updates import update_faults
from tests.contract.manifests.cluster import K8S, Cluster, Finding, load, on_base, render
from tests.contract.manifests.mistakes import api, base, ingress, production, seldom, updates
from tests.contract.manifests.spoiling import Spoilt

FOLDERS = (
    ("base", base.MISTAKES),
    ("overlays/production", production.MISTAKES | api.MISTAKES | seldom.MISTAKES),
    ("components/ingress", ingress.MISTAKES),
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


@pytest.mark.parametrize("name", seldom.RIGHT)
def test_a_change_that_is_right_is_let_through(name: str) -> None:
    """No rule is stricter than the server, or knows a name by heart."""
    spoilt = Spoilt(rendered("overlays/production"))
    seldom.RIGHT[name](spoilt)
    assert violations(Cluster(spoilt.documents)) == []


@pytest.mark.parametrize("name", updates.MISTAKES)
def test_an_update_that_the_server_refuses_is_noticed(name: str) -> None:
    """What an object was made with and keeps."""
    where, *steps = updates.MISTAKES[name]
    found = dict(refused(*steps))
    assert any(one.startswith(where) for one in found)
    assert updates.MESSAGES.get(name, "") in "\n".join(found.values())


@pytest.mark.parametrize("name", updates.RIGHT)
def test_an_update_that_the_server_accepts_is_let_through(name: str) -> None:
    """What may change does."""
    assert refused(*updates.RIGHT[name]) == []


def refused(before: updates.Make, make: updates.Make) -> list[Finding]:
    """What an API server says when one state of a folder is applied over another one."""
    states = [Spoilt(rendered("overlays/gpu")) for _ in range(2)]
    for state, change in zip(states, (before, make), strict=True):
        change(state)
    return list(update_faults(*(Cluster(state.documents) for state in states)))


def test_every_rule_has_a_mistake() -> None:
    """A rule that no mistake wakes could be asleep."""
    assert {rule for _, rule, _ in SEEDED.values()} == set(map(name_of, ALL_RULES))


def test_no_mistake_is_lost_under_the_name_of_another_one() -> None:
    """Names are keys."""
    assert len(SEEDED) == sum(len(mistakes) for _, mistakes in FOLDERS)
