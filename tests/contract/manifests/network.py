"""Rules about who may talk to whom."""

from collections.abc import Iterator
from typing import Any

from tests.contract.manifests.cluster import Cluster, Document, Finding, Workload, matches

__all__ = ["RULES", "may_talk"]

# Components that the queue knows. Every writer to it decides what the workers run.
_QUEUE_CLIENTS = {"service", "trainer", "reaper"}
_DNS = {(protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353)}
_TALKS_TO_QUEUE = ("service", "trainer", "reaper")


def default_deny(cluster: Cluster) -> Iterator[Finding]:
    """One policy chooses every pod and allows nothing."""
    for policy in cluster.of_kind("NetworkPolicy"):
        spec = policy["spec"]
        closed = not spec.get("ingress") and not spec.get("egress")
        if spec["podSelector"] == {} and closed and {"Ingress", "Egress"} <= set(spec.get("policyTypes", [])):
            return
    yield "NetworkPolicy", "expected one that chooses every pod and allows nothing"


def narrow_holes(cluster: Cluster) -> Iterator[Finding]:
    """Every hole names its peers and its ports; that for DNS its ports alone, since its address differs by cluster."""
    for policy in cluster.of_kind("NetworkPolicy"):
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                if not rule.get("ports") or not (rule.get(peers) or (direction == "egress" and _is_dns(rule))):
                    yield _where(policy), f"{direction}: expected `{peers}` and `ports` in every rule"
                if any(not peer for peer in rule.get(peers, [])):
                    yield _where(policy), f"{direction}: expected no empty peer"
            if policy["spec"].get(direction) and direction.title() not in policy["spec"].get("policyTypes", []):
                yield _where(policy), f"policyTypes: expected {direction.title()}, which has rules"


def _is_dns(rule: Document) -> bool:
    return {port.get("port") for port in rule.get("ports", [])} <= {port for _, port in _DNS}


def policy_ports(cluster: Cluster) -> Iterator[Finding]:
    """A port that a policy names is one of the pods behind it."""
    for policy in cluster.of_kind("NetworkPolicy"):
        chosen = cluster.selected(policy["spec"]["podSelector"])
        for rule in policy["spec"].get("ingress", []):
            yield from _unknown_ports(policy, rule, chosen)
        for rule in policy["spec"].get("egress", []):
            peers = [one for peer in rule.get("to", []) if "podSelector" in peer and "namespaceSelector" not in peer
                     for one in cluster.selected(peer["podSelector"])]  # fmt: skip
            if (
                any("podSelector" in peer and "namespaceSelector" not in peer for peer in rule.get("to", []))
                and not peers
            ):
                yield _where(policy), "egress: expected a podSelector that chooses some pods"
            yield from _unknown_ports(policy, rule, peers)


def _unknown_ports(policy: Document, rule: Document, pods: list[Workload]) -> Iterator[Finding]:
    for port in rule.get("ports", []):
        for workload in pods:
            known = workload.ports()
            if port.get("port") not in {*known, *known.values()}:
                yield (
                    _where(policy),
                    f"expected a port of {workload.where}, {sorted(known)}; received {port.get('port')}",
                )


def flows(cluster: Cluster) -> Iterator[Finding]:
    """The service and the workers reach the queue and the names' server; no other pod reaches the queue."""
    queues = [workload for workload in cluster.workloads if workload.component == "queue"]
    for source in cluster.workloads:
        for queue in queues:
            talks = any(may_talk(cluster, source, queue, port) for port in cluster.served(queue))
            if talks != (source.component in _QUEUE_CLIENTS):
                expected = "a way" if source.component in _TALKS_TO_QUEUE else "no way"
                yield source.where, f"expected {expected} to {queue.where}"
        if source.component in _TALKS_TO_QUEUE and not _may_resolve(cluster, source):
            yield source.where, "expected a way to DNS at any address: ports 53 and (OpenShift) 5353, UDP and TCP"


def queue_is_private(cluster: Cluster) -> Iterator[Finding]:
    """No other namespace reaches the queue, but for the operator that counts its jobs."""
    for policy in cluster.of_kind("NetworkPolicy"):
        if not any(one.component == "queue" for one in cluster.selected(policy["spec"]["podSelector"])):
            continue
        for rule in policy["spec"].get("ingress", []):
            for peer in rule.get("from", []):
                if "ipBlock" in peer or ("namespaceSelector" in peer and not _is_keda(peer)):
                    yield _where(policy), f"ingress: expected pods of this namespace; received {peer}"


def _is_keda(peer: Document) -> bool:
    return bool(peer.get("podSelector", {}).get("matchLabels", {}).get("app") == "keda-operator")


def service_has_clients(cluster: Cluster) -> Iterator[Finding]:
    """Clients outside may call the service, and only on the port that it serves."""
    for workload in cluster.workloads:
        if workload.component == "service" and not list(_ingress_rules(cluster, workload)):
            yield workload.where, "expected a NetworkPolicy with an ingress rule for it"


def may_talk(cluster: Cluster, source: Workload, target: Workload, port: str) -> bool:
    """Whether the policies let pods of `source` open a connection to a named port of `target`."""
    out = any(_allows(rule.get("to", []), rule, target, target, port) for rule in _egress_rules(cluster, source))
    into = any(_allows(rule.get("from", []), rule, source, target, port) for rule in _ingress_rules(cluster, target))
    return out and into


def _allows(peers: list[Document], rule: Document, other: Workload, target: Workload, port: str) -> bool:
    number = target.ports().get(port)
    fits = any(
        one.get("port") in {port, number} and one.get("protocol", "TCP") == "TCP" for one in rule.get("ports", [])
    )
    inside = (peer for peer in peers if "podSelector" in peer and "namespaceSelector" not in peer)
    return (fits or not rule.get("ports")) and any(matches(peer["podSelector"], other.labels) for peer in inside)


def _may_resolve(cluster: Cluster, source: Workload) -> bool:
    """At any address: NodeLocal DNSCache and Cloud DNS have one that no selector finds."""
    ports: set[Any] = {
        (port.get("protocol", "TCP"), port["port"])
        for rule in _egress_rules(cluster, source)
        if not rule.get("to")
        for port in rule.get("ports", [])
    }
    return ports >= _DNS


def _egress_rules(cluster: Cluster, workload: Workload) -> Iterator[Document]:
    return _rules(cluster, workload, "egress")


def _ingress_rules(cluster: Cluster, workload: Workload) -> Iterator[Document]:
    return _rules(cluster, workload, "ingress")


def _rules(cluster: Cluster, workload: Workload, direction: str) -> Iterator[Document]:
    for policy in cluster.of_kind("NetworkPolicy"):
        if matches(policy["spec"]["podSelector"], workload.labels):
            yield from policy["spec"].get(direction, [])


def _where(policy: Document) -> str:
    return f"NetworkPolicy/{policy['metadata']['name']}"


RULES = (default_deny, narrow_holes, policy_ports, flows, queue_is_private, service_has_clients)
