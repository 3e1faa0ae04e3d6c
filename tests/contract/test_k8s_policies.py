"""Every deployable folder of k8s/ renders, is valid Kubernetes, and keeps our own rules."""

from pathlib import Path

import pytest

from tests.contract.manifests import violations
from tests.contract.manifests.cluster import K8S, Cluster, load, on_base, render, unused_components
from tests.contract.manifests.schema import NEWEST, OLDEST, schema_violations

FOLDERS = [K8S / "base", *sorted(path.parent for path in K8S.glob("overlays/*/kustomization.yaml"))]


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda path: path.name)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """One folder, rendered."""
    folder: Path = request.param
    return load(render(folder))


@pytest.mark.parametrize("component", unused_components())
def test_a_component_that_no_overlay_has_keeps_the_rules_too(component: str, tmp_path: Path) -> None:
    """On the base."""
    assert [str(violation) for violation in violations(load(render(on_base(component, tmp_path))))] == []


def test_no_rule_of_ours_is_broken(cluster: Cluster) -> None:
    """The rules of tests/contract/manifests find nothing."""
    assert [str(violation) for violation in violations(cluster)] == []


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_accepts_the_structure(cluster: Cluster, version: str) -> None:
    """The strict schemas of the oldest and the newest supported Kubernetes accept every object."""
    assert list(schema_violations(cluster, version)) == []
