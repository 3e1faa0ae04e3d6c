"""What the API server refuses when an object that exists is applied again, changed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.contract.manifests.api.scalars import quantity
from tests.contract.manifests.cluster import Cluster, Document, Finding, where

__all__ = ["CHANGEABLE", "FIXED", "leftovers", "update_faults"]

FIXED: tuple[tuple[str, str], ...] = (
    ("Deployment", "spec.selector"),
    ("DaemonSet", "spec.selector"),
    ("Job", "spec.backoffLimitPerIndex"),
    ("Job", "spec.completionMode"),
    ("Job", "spec.podFailurePolicy"),
    ("Job", "spec.selector"),
    ("Job", "spec.successPolicy"),
    ("Job", "spec.template"),
    ("LocalQueue", "spec.clusterQueue"),
    ("PersistentVolumeClaim", "spec.resources.limits"),
    ("PriorityClass", "preemptionPolicy"),
    ("PriorityClass", "value"),
    ("ResourceQuota", "spec.scopes"),
    ("RoleBinding", "roleRef"),
    ("Secret", "type"),
    ("Service", "spec.clusterIP"),
    ("Service", "spec.ipFamilies"),
)
"""Kind and field: as it was made, it stays."""

CHANGEABLE: Mapping[str, frozenset[str]] = {
    "PersistentVolumeClaim": frozenset({"resources", "volumeAttributesClassName"}),
    "StatefulSet": frozenset({
        "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy", "replicas", "template", "updateStrategy",
    }),
}  # fmt: skip
"""Kind and the fields of its spec that an update may touch; no other one."""

# What kustomize puts behind the name of a generated ConfigMap.
_HASHED = re.compile(r"-[a-z0-9]{10}$")


def update_faults(old: Cluster, new: Cluster) -> Iterator[Finding]:
    """What is refused when `new` is applied over `old`."""
    for before, after in _pairs(old, new):
        yield from ((where(after), message) for check in _CHECKS for message in check(before, after))


def leftovers(old: Cluster, new: Cluster) -> set[str]:
    """What `kubectl apply` of `new` leaves behind of `old`; ConfigMaps whose name has a hash are of no account."""
    gone = {_key(one) for one in old.documents} - {_key(one) for one in new.documents}
    return {f"{kind}/{name}" for kind, _, name in gone if kind != "ConfigMap" or not _HASHED.search(name)}


def _key(document: Document) -> tuple[str, str, str]:
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]


def _pairs(old: Cluster, new: Cluster) -> Iterator[tuple[Document, Document]]:
    before = {_key(one): one for one in old.documents}
    for after in new.documents:
        if _key(after) in before:
            yield before[_key(after)], after


def _at(document: Document, path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = (found or {}).get(name)
    return found


def _fixed(before: Document, after: Document) -> Iterator[str]:
    for kind, path in FIXED:
        was, is_now = _at(before, path), _at(after, path)
        if kind == after["kind"] and was != is_now:
            yield f"{path}: expected {_shown(was)}, which cannot be changed; received {_shown(is_now)}"


def _shown(value: Any) -> str:
    """A value in a message: the text None is another one than no value."""
    return "no value" if value is None else repr(value)


def _immutable(before: Document, after: Document) -> Iterator[str]:
    if not before.get("immutable"):
        return
    if not after.get("immutable"):
        yield f"immutable: expected True, which cannot be taken back; received {_shown(after.get('immutable'))}"
    for name in ("binaryData", "data", "stringData"):
        if before.get(name) != after.get(name):
            yield f"{name}: expected it unchanged: the object is immutable"


def _completions(before: Document, after: Document) -> Iterator[str]:
    was, is_now = (_at(one, "spec.completions") for one in (before, after))
    elastic = _at(after, "spec.completionMode") == "Indexed" and is_now == _at(after, "spec.parallelism")
    if after["kind"] == "Job" and was != is_now and not elastic:
        yield (
            f"spec.completions: expected {_shown(was)}, which cannot be changed but together with parallelism "
            f"where completionMode is Indexed; received {_shown(is_now)}"
        )


def _unchangeable(before: Document, after: Document) -> Iterator[str]:
    free = CHANGEABLE.get(after["kind"])
    if free is None:
        return
    for name in sorted({*before["spec"], *after["spec"]} - free):
        if before["spec"].get(name) != after["spec"].get(name):
            yield f"spec.{name}: expected it unchanged; an update touches {', '.join(sorted(free))} alone"


def _shrunk(before: Document, after: Document) -> Iterator[str]:
    sizes = [_at(one, "spec.resources.requests.storage") for one in (before, after)]
    if after["kind"] == "PersistentVolumeClaim" and None not in sizes and quantity(sizes[1]) < quantity(sizes[0]):
        yield f"spec.resources.requests.storage: expected at least {sizes[0]}: a claim only grows; received {sizes[1]}"


_CHECKS = (_fixed, _unchangeable, _shrunk, _immutable, _completions)
