"""Rules about the life of a pod: probes, the end, the number of replicas."""

from collections.abc import Iterator
from typing import Any

from models.settings import read_settings
from tests.contract.manifests.cluster import Cluster, Document, Finding, Workload, where

__all__ = ["RULES"]

# What gunicorn needs beyond its graceful timeout, and the kubelet beyond the pod's last breath.
MARGIN_S = 10
# A worker stops within seconds (docs/adr/0012); its checkpoint may be large and the store slow.
CHECKPOINT_S = 90
# A liveness probe restarts a pod only after this long without an answer.
PATIENCE_S = 60
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def probes(cluster: Cluster) -> Iterator[Finding]:
    """Whatever has a port has three probes, and liveness is the most patient."""
    for workload in cluster.workloads:
        for container in workload.pod.get("containers", []):
            if workload.runs_for_ever and container.get("ports"):
                for message in _probe_faults(container):
                    yield workload.where, message


def _probe_faults(container: Document) -> Iterator[str]:
    missing = [probe for probe in PROBES if probe not in container]
    if missing:
        yield f"{container['name']}: expected {', '.join(missing)}"
        return
    if _patience_s(container["livenessProbe"]) < PATIENCE_S:
        yield f"livenessProbe: expected {PATIENCE_S} s of patience; received {_patience_s(container['livenessProbe'])}"
    if _patience_s(container["startupProbe"]) < PATIENCE_S:
        yield f"startupProbe: expected {PATIENCE_S} s of patience; received {_patience_s(container['startupProbe'])}"
    ready, live = (container[probe].get("httpGet", {}).get("path") for probe in PROBES[1:])
    if ready and ready == live:
        yield "livenessProbe: expected another path than the readiness probe's: not ready is no reason to be killed"


def _patience_s(probe: Document) -> int:
    return int(probe.get("periodSeconds", 10)) * int(probe.get("failureThreshold", 3))


def graceful_end(cluster: Cluster) -> Iterator[Finding]:
    """The grace period covers what the process needs after SIGTERM."""
    for workload in cluster.workloads:
        grace_s = workload.pod.get("terminationGracePeriodSeconds", 30)
        needed_s = _needed_s(cluster, workload)
        if grace_s < needed_s:
            message = f"terminationGracePeriodSeconds: expected at least {needed_s:g}; received {grace_s}"
            yield workload.where, message


def _needed_s(cluster: Cluster, workload: Workload) -> float:
    if workload.component == "trainer":
        return CHECKPOINT_S + MARGIN_S
    if workload.component != "service":
        return 0
    container = workload.pod["containers"][0]
    told = {name: value for name, value in cluster.environment(container).items()
            if name in {"ONEHOT_LEAVE_S", "ONEHOT_DRAIN_S"}}  # fmt: skip
    settings = read_settings(told)
    return _stop_s(container) + settings.leave_s + settings.drain_s + MARGIN_S


def _stop_s(container: Document) -> int:
    return int(container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0))


def leaves_endpoints_first(cluster: Cluster) -> Iterator[Finding]:
    """A pod behind the service waits before it stops listening: load balancers learn of its end later than it does."""
    for workload in cluster.workloads:
        if workload.component == "service" and _stop_s(workload.pod["containers"][0]) < 5:
            yield workload.where, "lifecycle.preStop.sleep: expected at least 5 s"


def rollout(cluster: Cluster) -> Iterator[Finding]:
    """The service never has fewer pods during a rollout; trainers never have more."""
    for workload in cluster.workloads:
        strategy: dict[str, Any] = workload.document["spec"].get("strategy", {})
        rolling = strategy.get("rollingUpdate", {})
        if workload.component == "service" and rolling.get("maxUnavailable") not in {0, "0%"}:
            yield workload.where, "strategy.rollingUpdate.maxUnavailable: expected 0"
        trains = workload.component == "trainer" and workload.kind == "Deployment"
        if trains and strategy.get("type") != "Recreate" and rolling.get("maxSurge") != 0:
            yield workload.where, "strategy: expected Recreate: the node's one GPU is taken"


def one_scaler(cluster: Cluster) -> Iterator[Finding]:
    """Two autoscalers of one Deployment undo each other's numbers."""
    scaled: set[str] = set()
    for scaler in cluster.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        name = scaler["spec"]["scaleTargetRef"]["name"]
        if name in scaled:
            yield f"{scaler['kind']}/{scaler['metadata']['name']}", f"expected no second autoscaler of {name}"
        scaled.add(name)


def scaling(cluster: Cluster) -> Iterator[Finding]:
    """An autoscaler's target exists, leaves the number of replicas to it, and requests what it measures."""
    for scaler in cluster.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        where = f"{scaler['kind']}/{scaler['metadata']['name']}"
        target = cluster.find(
            scaler["spec"]["scaleTargetRef"].get("kind", "Deployment"), scaler["spec"]["scaleTargetRef"]["name"]
        )
        if target is None:
            yield where, f"scaleTargetRef: expected an object; received {scaler['spec']['scaleTargetRef']}"
            continue
        if target["apiVersion"] != scaler["spec"]["scaleTargetRef"].get("apiVersion", "apps/v1"):
            yield where, f"scaleTargetRef.apiVersion: expected {target['apiVersion']}"
        if "replicas" in target["spec"]:
            yield where, f"expected {target['metadata']['name']} without `replicas`: every apply would reset them"
        for message in _metric_faults(scaler, Workload(target)):
            yield where, message


def _metric_faults(scaler: Document, target: Workload) -> Iterator[str]:
    spec = scaler["spec"]
    if spec.get("minReplicas", 1) > spec.get("maxReplicas", 1):
        yield "minReplicas: expected at most maxReplicas"
    for metric in spec.get("metrics", []):
        measured = metric.get("containerResource", metric.get("resource", {}))
        containers = [one for one in target.containers if measured.get("container") in {None, one["name"]}]
        if not containers:
            yield f"metrics: expected a container of {target.where}; received {measured.get('container')}"
        for container in containers:
            if measured.get("name") not in container.get("resources", {}).get("requests", {}):
                yield f"metrics: expected {container['name']} to request {measured.get('name')}"


def disruption(cluster: Cluster) -> Iterator[Finding]:
    """A budget lets a node be drained, even with the smallest number of replicas."""
    smallest = {one["spec"]["scaleTargetRef"]["name"]: one["spec"].get("minReplicas", 1)
                for one in cluster.of_kind("HorizontalPodAutoscaler")}  # fmt: skip
    for budget in cluster.of_kind("PodDisruptionBudget"):
        where, spec = f"PodDisruptionBudget/{budget['metadata']['name']}", budget["spec"]
        if spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield where, "unhealthyPodEvictionPolicy: expected AlwaysAllow"
        for workload in cluster.selected(spec["selector"]):
            replicas = smallest.get(workload.name, workload.document["spec"].get("replicas", 1))
            if spec.get("maxUnavailable") in {0, "0%"} or spec.get("minAvailable") in {"100%", replicas}:
                yield where, f"expected room for one eviction of {replicas} replicas"


def one_budget(cluster: Cluster) -> Iterator[Finding]:
    """No pod has two budgets: the server refuses every eviction of such a one."""
    covered: dict[str, str] = {}
    for budget in cluster.of_kind("PodDisruptionBudget"):
        for workload in cluster.selected(budget["spec"]["selector"]):
            if workload.where in covered:
                yield where(budget), f"expected one budget for {workload.where}, which {covered[workload.where]} has"
            covered[workload.where] = where(budget)


def spread(cluster: Cluster) -> Iterator[Finding]:
    """The service's pods spread over nodes and zones."""
    for workload in cluster.workloads:
        keys = {one["topologyKey"] for one in workload.pod.get("topologySpreadConstraints", [])}
        missing = {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} - keys
        if workload.component == "service" and workload.kind == "Deployment" and missing:
            yield workload.where, f"topologySpreadConstraints: expected {', '.join(sorted(missing))}"


RULES = (probes, graceful_end, leaves_endpoints_first, rollout, one_scaler, scaling, disruption, one_budget, spread)
