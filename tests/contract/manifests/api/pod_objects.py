"""What the API server asks of the fields of a pod together."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.contract.manifests.api.scalars import quantity

__all__ = ["POD_OBJECTS"]

Value = dict[str, Any]
_PLAIN_RESOURCES = {"cpu", "memory", "ephemeral-storage", "storage"}
_THOUSANDS, _UNITS_OF_1024 = ({quantity(f"1{unit}") for unit in units} for units in (
    ("", "k", "M", "G", "T", "P", "E"), ("Ki", "Mi", "Gi", "Ti", "Pi", "Ei")))  # fmt: skip


def _whole_pod(spec: Value) -> Iterator[str]:
    yield from _containers(spec)
    yield from _spread(spec)
    if spec.get("dnsPolicy") == "None" and not spec.get("dnsConfig", {}).get("nameservers"):
        yield "dnsConfig.nameservers: expected one with dnsPolicy None"


def _containers(spec: Value) -> Iterator[str]:
    names = [one.get("name") for one in (*spec.get("initContainers", []), *spec.get("containers", []))]
    if len(names) != len(set(names)) or not spec.get("containers"):
        yield f"containers: expected some, with different names; received {names}"
    yield from _restart_policies(spec)
    for container in spec.get("containers", []):
        for name, handler in container.get("lifecycle", {}).items():
            waits_s = handler.get("sleep", {}).get("seconds", 0) if isinstance(handler, dict) else 0
            if waits_s > spec.get("terminationGracePeriodSeconds", 30):
                yield f"lifecycle.{name}.sleep.seconds: expected at most the grace period; received {waits_s}"


def _restart_policies(spec: Value) -> Iterator[str]:
    for container in spec.get("containers", []):
        if "restartPolicy" in container:
            yield f"containers.{container.get('name')}.restartPolicy: expected it in initContainers alone"
    for container in spec.get("initContainers", []):
        if container.get("restartPolicy", "Always") != "Always":
            yield f"initContainers.{container.get('name')}.restartPolicy: expected Always"
        probes = {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"} & set(container)
        if probes and "restartPolicy" not in container:
            yield f"initContainers.{container.get('name')}: expected no {', '.join(sorted(probes))} where it ends"


def _spread(pod: Value) -> Iterator[str]:
    for one in pod.get("topologySpreadConstraints", []):
        twice = set(one.get("matchLabelKeys", [])) & set(one.get("labelSelector", {}).get("matchLabels", {}))
        if twice or (one.get("matchLabelKeys") and "labelSelector" not in one):
            yield f"matchLabelKeys: expected a labelSelector without them; received {sorted(twice)}"


def _container(container: Value) -> Iterator[str]:
    if not container.get("image"):
        yield "image: expected one"
    for name in ("livenessProbe", "startupProbe"):
        if container.get(name, {}).get("successThreshold", 1) != 1:
            yield f"{name}.successThreshold: expected 1"
    if "terminationGracePeriodSeconds" in container.get("readinessProbe", {}):
        yield "readinessProbe.terminationGracePeriodSeconds: expected none: it ends no container"
    for mount in container.get("volumeDevices", []):
        if mount.get("name") in {one.get("name") for one in container.get("volumeMounts", [])}:
            yield f"volumeDevices: expected another volume than volumeMounts; received {mount.get('name')}"
    named = [port["name"] for port in container.get("ports", []) if port.get("name")]
    if len(named) != len(set(named)):
        yield f"ports: expected different names; received {named}"
    yield from _privileges(container)


def _privileges(container: Value) -> Iterator[str]:
    security = container.get("securityContext", {})
    for mount in container.get("volumeMounts", []):
        if mount.get("mountPropagation") == "Bidirectional" and not security.get("privileged"):
            yield f"volumeMounts.{mount.get('name')}.mountPropagation: expected Bidirectional beside privileged alone"
    if security.get("allowPrivilegeEscalation") is False and (
        security.get("privileged") or "SYS_ADMIN" in security.get("capabilities", {}).get("add", [])
    ):
        yield "securityContext.allowPrivilegeEscalation: expected true beside privileged or SYS_ADMIN"


def _environment(variable: Value) -> Iterator[str]:
    if variable.get("value") and "valueFrom" in variable:
        yield "value: expected either it or valueFrom"


def _resources(wanted: Value) -> Iterator[str]:
    requests, limits = wanted.get("requests", {}), wanted.get("limits", {})
    for name in {**requests, **limits}:
        for values in (requests, limits):
            if name in values and (expected := _whole(name, values[name])):
                yield f"{name}: expected {expected}; received {values[name]}"
        if not _overcommitted(name) and (
            name not in limits or quantity(requests.get(name, limits[name])) != quantity(limits[name])
        ):
            yield f"{name}: expected as much requested as the limit says"
        if name in requests and name in limits and quantity(requests[name]) > quantity(limits[name]):
            yield f"requests.{name}: expected at most the limit, {limits[name]}; received {requests[name]}"


def _overcommitted(name: str) -> bool:
    """Whether more of it may be limited than is requested."""
    return "/" not in name and not name.startswith("hugepages-")


def _divisor(one: Value) -> Iterator[str]:
    words, divisor = str(one.get("divisor", "1")), quantity(one.get("divisor", "1"))
    if str(one.get("resource")).endswith(".cpu"):
        fits, expected = divisor in {quantity("1m"), 1}, "1 or 1m"
    else:
        fits, expected = divisor in (_UNITS_OF_1024 if words.endswith("i") else _THOUSANDS), "1, 1k to 1E or 1Ki to 1Ei"
    if divisor and not fits:
        yield f"divisor: expected {expected} of {one.get('resource')}; received {words}"


def _downward_file(item: Value) -> Iterator[str]:
    if "resourceFieldRef" in item and not item["resourceFieldRef"].get("containerName"):
        yield "resourceFieldRef.containerName: expected one: a volume belongs to no container"


def _whole(name: str, value: object) -> str | None:
    """What a quantity of this resource has to be a multiple of."""
    if name not in _PLAIN_RESOURCES and not name.startswith("hugepages-") and "/" not in name:
        return f"one of {', '.join(sorted(_PLAIN_RESOURCES))}, or a name with a domain"
    if name == "cpu":
        return None if quantity(value) * 1000 % 1 == 0 else "a multiple of 1m"
    return None if quantity(value) % 1 == 0 else "a whole number: m is a thousandth, M a million"


def _volume(volume: Value) -> Iterator[str]:
    kinds = sorted(set(volume) - {"name"})
    if len(kinds) != 1:
        yield f"expected exactly one type of volume; received {kinds}"


def _volume_mount(mount: Value) -> Iterator[str]:
    if "subPath" in mount and "subPathExpr" in mount:
        yield "subPath: expected either it or subPathExpr"


def _toleration(one: Value) -> Iterator[str]:
    if one.get("operator", "Equal") == "Exists" and one.get("value"):
        yield "value: expected none with the operator Exists"
    if not one.get("key") and one.get("operator") != "Exists":
        yield "operator: expected Exists where no key is named"


def _requirement(one: Value) -> Iterator[str]:
    needs = one.get("operator") in {"In", "NotIn"}
    if needs != bool(one.get("values")):
        yield f"values: expected {'some' if needs else 'none'} with the operator {one.get('operator')}"


def _node_requirement(one: Value) -> Iterator[str]:
    operator, values = one.get("operator"), one.get("values", [])
    if operator in {"Gt", "Lt"}:
        if len(values) != 1 or not str(values[0]).isdigit():
            yield f"values: expected one number with the operator {operator}"
    else:
        yield from _requirement(one)


POD_OBJECTS: Mapping[str, Callable[[Value], Iterator[str]]] = {
    "Container": _container,
    "DownwardAPIVolumeFile": _downward_file,
    "EnvVar": _environment,
    "LabelSelectorRequirement": _requirement,
    "NodeSelectorRequirement": _node_requirement,
    "PodSpec": _whole_pod,
    "ResourceFieldSelector": _divisor,
    "ResourceRequirements": _resources,
    "Toleration": _toleration,
    "Volume": _volume,
    "VolumeMount": _volume_mount,
}
"""Types, each with what has to agree in an object of it."""
