"""What the API server asks of the fields of Services, policies, routes and monitors together."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["NETWORK_OBJECTS"]

Value = dict[str, Any]
_PARENT = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": None, "name": None}
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}


def _service(spec: Value) -> Iterator[str]:
    ports, kind = spec.get("ports", []), spec.get("type", "ClusterIP")
    names = [port.get("name") for port in ports]
    if len(ports) > 1 and (None in names or len(names) != len(set(names))):
        yield f"ports: expected a name of its own for each; received {names}"
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield "ports: expected at least one"
    if kind != "ClusterIP" and spec.get("clusterIP") == "None":
        yield f"clusterIP: expected an address with the type {kind}"
    outside = kind in {"NodePort", "LoadBalancer"}
    if not outside and ("externalTrafficPolicy" in spec or any("nodePort" in port for port in ports)):
        yield f"externalTrafficPolicy, nodePort: expected none with the type {kind}"
    given = [(port.get("protocol", "TCP"), port["nodePort"]) for port in ports if port.get("nodePort")]
    if len(given) != len(set(given)):
        yield f"ports: expected each nodePort once; received {given}"


def _peer(peer: Value) -> Iterator[str]:
    selects = {"podSelector", "namespaceSelector"} & set(peer)
    if ("ipBlock" in peer) == bool(selects):
        yield "expected either ipBlock or selectors"


def _policy_port(port: Value) -> Iterator[str]:
    if "endPort" in port and (not isinstance(port.get("port"), int) or port["endPort"] < port["port"]):
        yield "endPort: expected a number of at least `port`, itself a number"


def _ip_block(block: Value) -> Iterator[str]:
    try:
        inside = ipaddress.ip_network(block["cidr"])
        holes = [ipaddress.ip_network(one) for one in block.get("except", [])]
    except ValueError:
        return  # said where the field is checked
    for hole in holes:
        if hole.version != inside.version or hole == inside or not hole.subnet_of(inside):
            yield f"except: expected a part of {inside}; received {hole}"


def _ingress(spec: Value) -> Iterator[str]:
    if not spec.get("rules") and "defaultBackend" not in spec:
        yield "rules: expected some, or a defaultBackend"


def _route_rule(rule: Value) -> Iterator[str]:
    kinds = [one.get("type") for one in rule.get("filters", [])]
    if "RequestRedirect" in kinds and (rule.get("backendRefs") or "URLRewrite" in kinds):
        yield "filters: expected RequestRedirect without backendRefs and without URLRewrite"
    paths = [match.get("path", {}).get("type", "PathPrefix") for match in rule.get("matches", [{}])]
    if _replaces_prefix(rule) and paths != ["PathPrefix"]:
        yield f"filters: expected ReplacePrefixMatch beside exactly one match, a PathPrefix; received {paths}"


def _replaces_prefix(rule: Value) -> bool:
    filters = [one for owner in (rule, *rule.get("backendRefs", [])) for one in owner.get("filters", [])]
    changed = [one.get(name, {}).get("path", {}) for one in filters for name in ("urlRewrite", "requestRedirect")]
    return any(path.get("type") == "ReplacePrefixMatch" for path in changed)


def _route(spec: Value) -> Iterator[str]:
    """A parent named twice says each time which of its listeners is meant."""
    listeners: dict[tuple[Any, ...], list[tuple[Any, Any]]] = {}
    for parent in spec.get("parentRefs", []):
        key = tuple(parent.get(name, value) for name, value in _PARENT.items())
        listeners.setdefault(key, []).append((parent.get("sectionName"), parent.get("port")))
    for given in listeners.values():
        if len(given) > 1 and ((None, None) in given or len(given) != len(set(given))):
            yield f"parentRefs: expected another sectionName or port for each of one parent; received {given}"


def _not_longer(short: str, long: str) -> Callable[[Value], Iterator[str]]:
    def check(value: Value) -> Iterator[str]:
        if short in value and 0 < _duration_ms(value.get(long, "0s")) < _duration_ms(value[short]):
            yield f"{short}: expected at most {long}, {value[long]}; received {value[short]}"

    return check


def _duration_ms(text: object) -> int:
    return sum(int(number) * _UNITS_MS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", str(text)))


NETWORK_OBJECTS: Mapping[str, Callable[[Value], Iterator[str]]] = {
    "HTTPRouteRule": _route_rule,
    "HTTPRouteSpec": _route,
    "HTTPRouteTimeouts": _not_longer("backendRequest", "request"),
    "IPBlock": _ip_block,
    "IngressSpec": _ingress,
    "NetworkPolicyPeer": _peer,
    "NetworkPolicyPort": _policy_port,
    "ServiceMonitorEndpoint": _not_longer("scrapeTimeout", "interval"),
    "ServiceSpec": _service,
}
"""Types, each with what has to agree in an object of it."""
