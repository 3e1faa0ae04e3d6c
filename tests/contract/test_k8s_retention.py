"""The CronJob that prunes has the store that the trainers have, whatever that is, and a command that there is."""

import os
from pathlib import Path
from typing import Any

import pytest

from onehot.cli import cli
from tests.contract.manifests import violations
from tests.contract.manifests.cluster import K8S, Cluster, Workload, load, render
from tests.contract.manifests.schema import NEWEST, OLDEST, schema_violations

STORES = {"volume": ["store-volume"], "bucket": ["store-object", "keda", "keda-gpu"]}


@pytest.fixture(scope="module", params=STORES)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """The base with a store and the component, rendered."""
    folder = tmp_path_factory.mktemp("overlay")
    parts = ["base", *(f"components/{name}" for name in [*STORES[request.param], "retention"])]
    base, *components = (os.path.relpath(K8S / part, folder) for part in parts)
    text = f"namespace: onehot\nresources: [{base}]\ncomponents: [{', '.join(components)}]\n"
    Path(folder, "kustomization.yaml").write_text(text, encoding="utf-8")
    return load(render(folder))


@pytest.fixture(scope="module")
def retention(cluster: Cluster) -> Workload:
    """The CronJob."""
    return next(workload for workload in cluster.workloads if workload.component == "retention")


def test_it_keeps_the_rules_and_the_schemas(cluster: Cluster) -> None:
    """Of this repository, and of the oldest and the newest Kubernetes."""
    assert [str(violation) for violation in violations(cluster)] == []
    assert [*schema_violations(cluster, OLDEST), *schema_violations(cluster, NEWEST)] == []


def test_it_has_the_store_of_the_trainers(cluster: Cluster, retention: Workload) -> None:
    """The same settings, volumes, credentials and account; and a way to a bucket, where the store is one."""
    trainer = next(workload for workload in cluster.workloads if workload.name == "onehot-trainer-cpu")
    (pruning,), (training,) = retention.containers, trainer.containers
    for key in ("envFrom", "volumeMounts"):
        assert pruning[key] == training[key]
    for key in ("serviceAccountName", "volumes"):
        assert retention.pod[key] == trainer.pod[key]
    policy = cluster.find("NetworkPolicy", "onehot-store")
    assert policy is None or retention in cluster.selected(policy["spec"]["podSelector"])


def test_its_command_is_one_of_the_command_line(retention: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    """With options that it takes; it is no training."""
    (container,) = retention.containers
    assert container["image"].startswith("onehot-service:")
    called: list[Any] = []
    monkeypatch.setattr("onehot.commands.models.prune.callback", lambda **options: called.append(options))
    name, *arguments = container["command"]
    cli.main(arguments, prog_name=name, standalone_mode=False)
    assert (name, called[0]["keep"], called[0]["older_than"].days, called[0]["from_store"]) == ("onehot", 10, 30, True)
