"""Mistakes that the API server refuses, in fields and kinds that the folders hardly use: of `overlays/production`."""

import copy
from collections.abc import Callable
from typing import Any

from tests.contract.manifests.spoiling import Mistakes, Spoilt

__all__ = ["MISTAKES", "RIGHT"]

SERVICE, CPU, QUEUE = "onehot-service", "onehot-trainer-cpu", "onehot-queue"
VALUES, TOGETHER, OBJECTS = "field-values", "fields-together", "objects-together"


def _target(spoilt: Spoilt) -> Any:
    """What the autoscaler aims at, empty: to be filled."""
    target = spoilt.spec("HorizontalPodAutoscaler", SERVICE)["metrics"][0]["containerResource"]["target"]
    target.clear()
    return target


def _quota(spoilt: Spoilt, hard: dict[str, str], **fields: Any) -> None:
    """Add a ResourceQuota."""
    spoilt.add("v1", "ResourceQuota", spec={"hard": hard, **fields})


def _resource_variable(spoilt: Spoilt, resource: str, divisor: str) -> None:
    """Add a variable that tells a container what it may use."""
    field = {"resource": resource, "divisor": divisor}
    spoilt.container(SERVICE)["env"].append({"name": resource, "valueFrom": {"resourceFieldRef": field}})


def _node_ports(spoilt: Spoilt, *ports: int) -> None:
    for name, port in zip(("onehot", QUEUE), ports, strict=True):
        spec = spoilt.spec("Service", name)
        spec["type"], spec["ports"][0]["nodePort"] = "NodePort", port


def _reported(spoilt: Spoilt, *items: Any) -> None:
    spoilt.pod(CPU)["volumes"].append({"name": "pod", "downwardAPI": {"items": list(items)}})
    spoilt.container(CPU)["volumeMounts"].append({"name": "pod", "mountPath": "/etc/pod"})


def _block(spoilt: Spoilt) -> Any:
    return spoilt.spec("NetworkPolicy", "onehot-store")["egress"][0]["to"][0]["ipBlock"]


def _fail_job(spoilt: Spoilt, container: str) -> None:
    codes = {"containerName": container, "operator": "In", "values": [3]}
    job = spoilt.spec("ScaledJob", "onehot-trainer-gpu")["jobTargetRef"]
    job["podFailurePolicy"]["rules"].append({"action": "FailJob", "onExitCodes": codes})


def _rewrite(spoilt: Spoilt, *matches: Any) -> None:
    """Let a route take a prefix away, of all requests that match one of these."""
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v1"}
    spoilt.spec("HTTPRoute", "onehot")["rules"][1].update(
        matches=list(matches), filters=[{"type": "URLRewrite", "urlRewrite": {"path": path}}]
    )


def _parent(spoilt: Spoilt, **fields: Any) -> None:
    parents = spoilt.spec("HTTPRoute", "onehot")["parentRefs"]
    parents.append({name: value for name, value in (parents[0] | fields).items() if value is not None})


def _pages(spoilt: Spoilt, requested: str) -> None:
    spoilt.limits(CPU)["hugepages-2Mi"] = "4Mi"
    spoilt.requests(CPU)["hugepages-2Mi"] = requested


def _rename_port(spoilt: Spoilt, old: str, new: str) -> None:
    """Call a port by another name, everywhere but for what asks the pods of other owners."""
    asked = [one for one in spoilt.documents if one["kind"] != "ServiceMonitor"]
    while asked:
        one = asked.pop()
        asked += [inner for inner in (one.values() if isinstance(one, dict) else one) if isinstance(inner, dict | list)]
        if isinstance(one, dict):
            names = ("port", "targetPort", *(["name"] if "containerPort" in one else []))
            one.update({name: new for name in names if one.get(name) == old})


PODS: Mistakes = {
    "thousandths of bytes, in a variable": (TOGETHER, lambda m: _resource_variable(m, "limits.memory", "1m")),
    "hundreds of bytes, in a variable": (TOGETHER, lambda m: _resource_variable(m, "limits.memory", "100")),
    "hundredths of a CPU, in a variable": (TOGETHER, lambda m: _resource_variable(m, "limits.cpu", "10m")),
    "fewer large pages requested than limited": (TOGETHER, lambda m: _pages(m, "2Mi")),
    "large pages without a limit": (TOGETHER, lambda m: m.requests(CPU).update({"hugepages-2Mi": "2Mi"})),
    "a file about no container": (
        TOGETHER, lambda m: _reported(m, {"path": "m", "resourceFieldRef": {"resource": "limits.memory"}})),
    "a file about nothing": (TOGETHER, lambda m: _reported(m, {"path": "m"})),
    "four servers of names": (
        VALUES, lambda m: m.pod(CPU).update(dnsConfig={"nameservers": [f"10.0.0.{one}" for one in range(1, 5)]})),
    "mounts told to the host": (
        TOGETHER, lambda m: m.container(CPU)["volumeMounts"][0].update(mountPropagation="Bidirectional")),
    "two ports of one name": (
        TOGETHER, lambda m: m.container(SERVICE)["ports"].append({"name": "http", "containerPort": 9000})),
}  # fmt: skip

WORKLOADS: Mistakes = {
    "a target of nothing": (VALUES, lambda m: _target(m).update(type="AverageValue", averageValue="0m")),
    "a value of 0 for all": (VALUES, lambda m: _target(m).update(type="Value", value="0")),
    "a failure of no container": (TOGETHER, lambda m: _fail_job(m, "train")),
    "Jobs that choose their own pods": (
        TOGETHER, lambda m: m.spec("CronJob", "onehot-reaper")["jobTemplate"]["spec"].update(manualSelector=True)),
    "two budgets of one pod": (
        "one-budget", lambda m: m.add("policy/v1", "PodDisruptionBudget", spec=copy.deepcopy(
            m.spec("PodDisruptionBudget", SERVICE)))),
    "half a pod": (TOGETHER, lambda m: _quota(m, {"pods": "2.5"})),
    "one GPU and a half": (TOGETHER, lambda m: _quota(m, {"requests.nvidia.com/gpu": "1500m"})),
    "a quota of what is none": (TOGETHER, lambda m: _quota(m, {"gpus": "2"})),
    "a quota with two domains": (TOGETHER, lambda m: _quota(m, {"count/apps/deployments": "2"})),
    "a quota of CPUs for pods that ask for none": (
        TOGETHER, lambda m: _quota(m, {"requests.cpu": "4"}, scopes=["BestEffort"])),
    "the same, by a selector": (
        TOGETHER, lambda m: _quota(m, {"requests.cpu": "4"}, scopeSelector={"matchExpressions": [
            {"scopeName": "BestEffort", "operator": "Exists"}]})),
    "a quota of pods with and without an end": (
        TOGETHER, lambda m: _quota(m, {"pods": "4"}, scopes=["Terminating", "NotTerminating"])),
    "a scope that is none": (VALUES, lambda m: _quota(m, {"pods": "4"}, scopes=["Burstable"])),
    "a priority of the cluster's own": (
        VALUES, lambda m: m.add("scheduling.k8s.io/v1", "PriorityClass", value=2_000_000_000)),
    "bytes that are no base64": (
        VALUES, lambda m: m.get("ConfigMap", QUEUE).update(binaryData={"other.conf": "a-b!"})),
    "an object twice": (OBJECTS, lambda m: m.documents.append(copy.deepcopy(m.get("Service", "onehot")))),
}  # fmt: skip

NETWORK: Mistakes = {
    "two Services at one port of the nodes": (OBJECTS, lambda m: _node_ports(m, 30851, 30851)),
    "two Services at one address": (
        OBJECTS, lambda m: [m.spec("Service", name).update(clusterIP="10.96.0.9") for name in ("onehot", QUEUE)]),
    "a node's port twice in one Service": (
        TOGETHER, lambda m: m.spec("Service", "onehot").update(type="NodePort", ports=[
            {"name": name, "port": port, "targetPort": "http", "nodePort": 30851}
            for name, port in (("a", 80), ("b", 81))])),
    "a name for an address outside": (
        VALUES, lambda m: m.spec("Service", "onehot").update(externalIPs=["onehot.example.com"])),
    "a family of addresses twice": (
        VALUES, lambda m: m.spec("Service", "onehot").update(ipFamilies=["IPv4", "IPv4"])),
    "an address for a block": (VALUES, lambda m: _block(m).update(cidr="10.0.0.1")),
    "a netmask": (VALUES, lambda m: _block(m).update(cidr="10.0.0.0/255.0.0.0")),
    "a hole with a netmask": (VALUES, lambda m: _block(m).update({"except": ["169.254.0.0/255.255.0.0"]})),
    "a direction twice": (
        VALUES, lambda m: m.spec("NetworkPolicy", "onehot-trainer").update(policyTypes=["Egress", "Egress"])),
    "a prefix replaced where two match": (
        TOGETHER, lambda m: _rewrite(m, *({"path": {"type": "PathPrefix", "value": f"/{one}"}} for one in "ab"))),
    "a prefix replaced where none is": (
        TOGETHER, lambda m: _rewrite(m, {"path": {"type": "Exact", "value": "/a"}})),
    "a gateway named with and without its listener": (TOGETHER, lambda m: _parent(m, sectionName=None)),
    "a gateway named twice, once with its kind": (TOGETHER, lambda m: _parent(m, kind=None)),
}  # fmt: skip

MISTAKES: Mistakes = PODS | WORKLOADS | NETWORK

RIGHT: dict[str, Callable[[Spoilt], Any]] = {
    "the queue's port by another name": lambda m: _rename_port(m, "valkey", "v6379-0"),
    "the service's port by another name": lambda m: _rename_port(m, "http", "onehot-httpport"),
    "divisors": lambda m: [
        _resource_variable(m, "limits.memory", "1Mi"), _resource_variable(m, "requests.ephemeral-storage", "1G")],
    "thousandths of a CPU": lambda m: _resource_variable(m, "limits.cpu", "1m"),
    "as many large pages requested": lambda m: _pages(m, "4096Ki"),
    "a quota": lambda m: _quota(m, {
        "pods": "25", "requests.nvidia.com/gpu": "2", "requests.cpu": "2500m", "count/deployments.apps": "9"}),
    "a quota of pods that ask for nothing": lambda m: _quota(m, {"pods": "4"}, scopes=["BestEffort"]),
    "ports of the nodes": lambda m: _node_ports(m, 30851, 30852),
    "a prefix replaced": lambda m: _rewrite(m, {"path": {"type": "PathPrefix", "value": "/a"}}),
    "a failure of a container": lambda m: _fail_job(m, "trainer"),
    "a file about a container": lambda m: _reported(
        m, {"path": "m", "resourceFieldRef": {"containerName": "trainer", "resource": "limits.memory"}}),
}  # fmt: skip
"""Changes that every rule lets through."""
