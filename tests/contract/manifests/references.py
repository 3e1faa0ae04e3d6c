"""Rules about names: everything that one object says of another is there."""

from collections.abc import Iterator
from typing import Any

from tests.contract.manifests.cluster import Cluster, Document, Finding, Workload, matches

__all__ = ["EXTERNAL_SECRETS", "RULES"]

# What the administrator makes by hand before the first apply; k8s/README.md has the commands, and a test says so.
EXTERNAL_SECRETS = {
    "onehot-queue-password": {"password"},
    "onehot-api-keys": {"keys.json"},
    # Only where the store is an object store and the cloud gives the pods no identity: the usual AWS_… variables.
    "onehot-store-credentials": set(),
}
_CLUSTER_WIDE = {"Namespace", "PriorityClass", "ClusterQueue", "ResourceFlavor"}


def selectors(cluster: Cluster) -> Iterator[Finding]:
    """A workload selects its own pods and no other one's."""
    for workload in cluster.workloads:
        selector = workload.document["spec"].get("selector")
        if workload.kind not in {"Deployment", "StatefulSet"} or not isinstance(selector, dict):
            continue
        if not matches(selector, workload.labels):
            yield workload.where, "selector: expected the labels of its own template"
        for other in cluster.selected(selector):
            if other.document is not workload.document:
                yield workload.where, f"selector: expected only its own pods; it takes {other.where}'s"
        if any("version" in label for label in selector.get("matchLabels", {})):
            yield workload.where, "selector: expected no version: it can never be changed"


def chosen_pods(cluster: Cluster) -> Iterator[Finding]:
    """What chooses pods by label chooses some: Services, budgets, policies, spread constraints."""
    for service in cluster.of_kind("Service"):
        if not cluster.selected({"matchLabels": service["spec"].get("selector", {"": ""})}):
            yield _where(service), "selector: expected the labels of some pods"
    for budget in cluster.of_kind("PodDisruptionBudget"):
        if not cluster.selected(budget["spec"]["selector"]):
            yield _where(budget), "selector: expected the labels of some pods"
    for policy in cluster.of_kind("NetworkPolicy"):
        if policy["spec"]["podSelector"] and not cluster.selected(policy["spec"]["podSelector"]):
            yield _where(policy), "podSelector: expected the labels of some pods"
    for workload in cluster.workloads:
        for constraint in workload.pod.get("topologySpreadConstraints", []):
            if not matches(constraint.get("labelSelector", {"matchLabels": {"": ""}}), workload.labels):
                yield workload.where, "topologySpreadConstraints: expected its own labels"


def objects(cluster: Cluster) -> Iterator[Finding]:
    """ConfigMaps, Secrets with their keys, claims and accounts that pods name exist."""
    for workload in cluster.workloads:
        for kind, name, key in _named(workload):
            if not _exists(cluster, kind, name, key):
                what = f"{kind}/{name}" + (f" with the key {key}" if key else "")
                yield workload.where, f"expected {what}; received no such object"


def scaler_secrets(cluster: Cluster) -> Iterator[Finding]:
    """The Secrets that scalers log in with exist, with their keys."""
    for document in cluster.of_kind("TriggerAuthentication"):
        for one in document["spec"].get("secretTargetRef", []):
            if not _exists(cluster, "Secret", one["name"], one["key"]):
                yield _where(document), f"expected Secret/{one['name']} with the key {one['key']}"


def _named(workload: Workload) -> Iterator[tuple[str, str, str]]:
    if "serviceAccountName" in workload.pod:
        yield "ServiceAccount", workload.pod["serviceAccountName"], ""
    for volume in workload.pod.get("volumes", []):
        yield from _named_by_volume(volume)
    for container in workload.containers:
        for source in container.get("envFrom", []):
            yield from _named_by_source(source)
        for variable in container.get("env", []):
            yield from _named_by_source(variable.get("valueFrom", {}))


def _named_by_volume(volume: Document) -> Iterator[tuple[str, str, str]]:
    if "configMap" in volume:
        keys = [item["key"] for item in volume["configMap"].get("items", [])]
        yield from (("ConfigMap", volume["configMap"]["name"], key) for key in keys or [""])
    if "secret" in volume:
        keys = [item["key"] for item in volume["secret"].get("items", [])]
        yield from (("Secret", volume["secret"]["secretName"], key) for key in keys or [""])
    if "persistentVolumeClaim" in volume:
        yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], ""


def _named_by_source(source: Document) -> Iterator[tuple[str, str, str]]:
    for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if field in source:
            yield kind, source[field]["name"], ""
    for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
        if field in source:
            yield kind, source[field]["name"], source[field]["key"]


def _exists(cluster: Cluster, kind: str, name: str, key: str) -> bool:
    found = cluster.find(kind, name)
    if found is None:
        known = EXTERNAL_SECRETS.get(name) if kind == "Secret" else None
        return known is not None and (not key or key in known)
    return not key or key in found.get("data", {}) or key in found.get("stringData", {})


def mounts(cluster: Cluster) -> Iterator[Finding]:
    """Every mount has its volume, every volume is mounted, and no path is taken twice."""
    for workload in cluster.workloads:
        used: set[str] = set()
        for container in workload.containers:
            paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
            if len(paths) != len(set(paths)):
                yield workload.where, f"{container['name']}: expected different mount paths"
            for mount in container.get("volumeMounts", []):
                used.add(mount["name"])
                if workload.volume(mount["name"]) is None:
                    yield workload.where, f"expected a volume named {mount['name']}"
        for volume in workload.pod.get("volumes", []):
            if volume["name"] not in used:
                yield workload.where, f"volume {volume['name']}: expected a container that mounts it"


def service_ports(cluster: Cluster) -> Iterator[Finding]:
    """The target port of a Service is a port of every pod that it chooses, by name."""
    for service in cluster.of_kind("Service"):
        for workload in cluster.selected({"matchLabels": service["spec"].get("selector", {"": ""})}):
            for port in service["spec"]["ports"]:
                if port.get("targetPort") not in workload.ports():
                    message = (
                        f"targetPort: expected one of {sorted(workload.ports())}; received {port.get('targetPort')}"
                    )
                    yield _where(service), message


def probe_ports(cluster: Cluster) -> Iterator[Finding]:
    """A probe asks a port that its container names."""
    for workload in cluster.workloads:
        for container in workload.containers:
            names = {port.get("name") for port in container.get("ports", [])}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                action: dict[str, Any] = container.get(probe, {})
                asked = action.get("httpGet", action.get("tcpSocket", {})).get("port")
                if asked is not None and asked not in names:
                    message = f"{probe}: expected one of {sorted(map(str, names))}; received {asked}"
                    yield workload.where, message


def backends(cluster: Cluster) -> Iterator[Finding]:
    """Services that a StatefulSet, an Ingress or a route names exist, with that port."""
    for where, name, port in _named_services(cluster):
        service = cluster.find("Service", name)
        ports = [one for entry in service["spec"]["ports"] for one in (entry["name"], entry["port"])] if service else []
        if service is None or (port is not None and port not in ports):
            yield where, f"expected Service/{name} with port {port}; received {ports or 'no such Service'}"


def _named_services(cluster: Cluster) -> Iterator[tuple[str, str, str | int | None]]:
    for document in cluster.of_kind("StatefulSet"):
        yield _where(document), document["spec"].get("serviceName", ""), None
    for document in cluster.of_kind("Ingress"):
        for rule in document["spec"].get("rules", []):
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                yield _where(document), service["name"], service["port"].get("name", service["port"].get("number"))
    for document in cluster.of_kind("HTTPRoute"):
        for rule in document["spec"].get("rules", []):
            for backend in rule.get("backendRefs", []):
                here = backend.get("namespace") in {None, document["metadata"].get("namespace")}
                yield _where(document), backend["name"] if here else f"{backend['namespace']}/", backend["port"]


def one_namespace(cluster: Cluster) -> Iterator[Finding]:
    """Everything lives in one namespace; where it comes along, it enforces `restricted`."""
    inside = {one["metadata"].get("namespace") for one in cluster.documents if one["kind"] not in _CLUSTER_WIDE}
    names = cluster.names("Namespace") or inside
    for document in cluster.documents:
        received = document["metadata"].get("namespace")
        if document["kind"] not in _CLUSTER_WIDE and (received not in names or len(names) > 1 or not received):
            yield _where(document), f"expected one namespace, {sorted(map(str, names))}; received {received}"
    for namespace in cluster.of_kind("Namespace"):
        if namespace["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce") != "restricted":
            yield _where(namespace), "pod-security.kubernetes.io/enforce: expected restricted"


def no_secrets(cluster: Cluster) -> Iterator[Finding]:
    """No password lies in the repository."""
    for secret in cluster.of_kind("Secret"):
        yield _where(secret), "expected no Secret in a render; the README says how to make it"


def _where(document: Document) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


RULES = (
    selectors,
    chosen_pods,
    objects,
    scaler_secrets,
    mounts,
    service_ports,
    probe_ports,
    backends,
    one_namespace,
    no_secrets,
)
