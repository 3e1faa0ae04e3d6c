"""What the API server asks of an object, held offline: structure, single values, fields together, updates."""

from collections.abc import Iterator

from tests.contract.manifests.api.across import objects_together
from tests.contract.manifests.api.exclusive import excluded
from tests.contract.manifests.api.fields import FIELDS, NAMES
from tests.contract.manifests.api.network_objects import NETWORK_OBJECTS
from tests.contract.manifests.api.pod_objects import POD_OBJECTS
from tests.contract.manifests.api.quotas import QUOTA_OBJECTS
from tests.contract.manifests.api.scalars import QUANTITY, SUBDOMAIN
from tests.contract.manifests.api.typed import Node, nodes
from tests.contract.manifests.api.workload_objects import WORKLOAD_OBJECTS
from tests.contract.manifests.cluster import Cluster, Finding, where

__all__ = ["field_values", "fields_together", "objects_together", "where"]

_OBJECTS = POD_OBJECTS | WORKLOAD_OBJECTS | NETWORK_OBJECTS | QUOTA_OBJECTS


def field_values(cluster: Cluster) -> Iterator[Finding]:
    """Every value is one that its field can have: names, quantities, words of a list, numbers in a range."""
    for document in cluster.documents:
        for node in nodes(document):
            check = FIELDS.get(node.field, QUANTITY if node.type == "Quantity" else None)
            if check is not None and (expected := check(node.value)):
                yield where(document), f"{node.path}: expected {expected}; received {node.value!r}"
        expected = NAMES.get(document["kind"], SUBDOMAIN)(document["metadata"]["name"])
        if expected:
            yield where(document), f"metadata.name: expected {expected}; received {document['metadata']['name']!r}"


def fields_together(cluster: Cluster) -> Iterator[Finding]:
    """Fields that exclude each other, need each other or limit each other do."""
    for document in cluster.documents:
        for node in nodes(document):
            yield from ((where(document), f"{node.path}: {message}") for message in _object_faults(node))


def _object_faults(node: Node) -> Iterator[str]:
    if isinstance(node.value, dict):
        yield from excluded(node.type, node.value)
        if node.type in _OBJECTS:
            yield from _OBJECTS[node.type](node.value)
    if node.keys and isinstance(node.value, list):
        yield from _twice(node)


def _twice(node: Node) -> Iterator[str]:
    """Items of a list that Kubernetes tells apart by their keys, and cannot."""
    seen = set()
    for item in node.value:
        key = tuple(str(item.get(name, "TCP" if name == "protocol" else "")) for name in node.keys)
        if key in seen and any(key):
            yield f"expected each {', '.join(node.keys)} once; received {', '.join(key)} twice"
        seen.add(key)
