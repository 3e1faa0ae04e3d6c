"""What the API server asks of a ResourceQuota."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.contract.manifests.api.scalars import QUALIFIED, quantity

__all__ = ["QUOTA_OBJECTS", "QUOTA_SCOPES"]

Value = dict[str, Any]

_COUNTS = {
    "configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets", "services",
    "services.loadbalancers", "services.nodeports",
}  # fmt: skip
_OF_PODS = {"cpu", "limits.cpu", "limits.memory", "memory", "pods", "requests.cpu", "requests.memory"}
_KNOWN = _COUNTS | _OF_PODS | {
    "ephemeral-storage", "limits.ephemeral-storage", "requests.ephemeral-storage", "requests.storage",
}  # fmt: skip
_LARGE_PAGES = ("hugepages-", "requests.hugepages-")

QUOTA_SCOPES: Mapping[str, set[str]] = {
    "BestEffort": {"pods"},
    "CrossNamespacePodAffinity": _OF_PODS,
    "NotBestEffort": _OF_PODS,
    "NotTerminating": _OF_PODS,
    "PriorityClass": _OF_PODS,
    "Terminating": _OF_PODS,
    "VolumeAttributesClass": {"persistentvolumeclaims", "requests.storage"},
}
"""Scopes, each with what a quota of it may limit; names with a domain go with any."""

_APART = ({"BestEffort", "NotBestEffort"}, {"NotTerminating", "Terminating"})


def _quota(spec: Value) -> Iterator[str]:
    hard = spec.get("hard", {})
    for name, value in hard.items():
        yield from (f"hard.{name}: {message}" for message in _limit(name, value))
    chosen = spec.get("scopeSelector", {}).get("matchExpressions", [])
    scopes = {*spec.get("scopes", []), *(one.get("scopeName") for one in chosen)}
    for scope in sorted(scopes):
        for name in sorted(hard.keys() & _KNOWN - QUOTA_SCOPES.get(scope, _KNOWN)):
            yield f"hard.{name}: expected one of {', '.join(sorted(QUOTA_SCOPES[scope]))} with the scope {scope}"
    for pair in _APART:
        if pair <= scopes:
            yield f"scopes: expected one of {', '.join(sorted(pair))}; received both"


def _limit(name: str, value: object) -> Iterator[str]:
    if "/" not in name and name not in _KNOWN and not name.startswith(_LARGE_PAGES):
        yield f"expected one of {', '.join(sorted(_KNOWN))}, or a name with a domain"
    elif expected := QUALIFIED(name):
        yield f"expected {expected}"
    if (name in _COUNTS or "/" in name) and quantity(value) % 1 != 0:
        yield f"expected a whole number; received {value}"


QUOTA_OBJECTS: Mapping[str, Callable[[Value], Iterator[str]]] = {"ResourceQuotaSpec": _quota}
"""Types, each with what has to agree in an object of it."""
