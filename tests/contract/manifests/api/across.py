"""What an API server gives once: names, addresses of Services, ports of nodes."""

from collections.abc import Callable, Iterator, Mapping

from tests.contract.manifests.cluster import Cluster, Finding, where

__all__ = ["ONCE", "objects_together"]

_OPEN = {None, "", "None"}
"""What a Service says that asks for no address of its own choice."""


def _names(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for document in cluster.documents:
        group, space = document["apiVersion"].rpartition("/")[0], document["metadata"].get("namespace", "")
        yield where(document), f"{group}/{where(document)} in {space or 'the cluster'}".lstrip("/")


def _addresses(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for service in cluster.of_kind("Service"):
        asked = {service["spec"].get("clusterIP"), *service["spec"].get("clusterIPs", [])}
        yield from ((where(service), address) for address in sorted(asked - _OPEN))


def _node_ports(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Those of one Service count once: TCP and UDP may share a number there."""
    for service in cluster.of_kind("Service"):
        asked = {port.get("nodePort") for port in service["spec"].get("ports", [])}
        asked.add(service["spec"].get("healthCheckNodePort"))
        yield from ((where(service), str(port)) for port in sorted(asked - {None, 0}))


ONCE: Mapping[str, Callable[[Cluster], Iterator[tuple[str, str]]]] = {
    "metadata.name": _names,
    "spec.clusterIP": _addresses,
    "spec.ports.nodePort": _node_ports,
}
"""Fields, each with the objects that ask for a value and the value."""


def objects_together(cluster: Cluster) -> Iterator[Finding]:
    """No two objects ask for what there is once."""
    for field, asks in ONCE.items():
        owners: dict[str, str] = {}
        for owner, value in asks(cluster):
            if value in owners:
                yield owner, f"{field}: expected each once; received {value}, which {owners[value]} has"
            owners[value] = owner
