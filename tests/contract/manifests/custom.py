"""Rules about kinds that are not Kubernetes' own: KEDA, Kueue, the Prometheus operator, the Gateway API."""

import re
from collections.abc import Iterator

from tests.contract.manifests.api.typed import nodes
from tests.contract.manifests.cluster import Cluster, Document, Finding, Workload, matches
from tests.contract.manifests.wiring import QUEUES, ROUTES

__all__ = ["RULES", "published_paths"]

_IDENTITIES = {
    "azure.workload.identity/client-id", "eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account",
}  # fmt: skip
_NGINX = "nginx.ingress.kubernetes.io/"
_ANNOTATIONS = {
    "azure.workload.identity/client-id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "cert-manager.io/cluster-issuer": r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "true|false",
    "eks.amazonaws.com/role-arn": r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
    "iam.gke.io/gcp-service-account": r"[a-z0-9-]+@[a-z0-9.-]+\.iam\.gserviceaccount\.com",
    "karpenter.sh/do-not-disrupt": "true|false",
    f"{_NGINX}proxy-body-size": r"\d+[kKmMgG]?",
    f"{_NGINX}proxy-buffering": "on|off",
    f"{_NGINX}proxy-read-timeout": r"\d+",
    f"{_NGINX}ssl-redirect": "true|false",
}


def keda_queues(cluster: Cluster) -> Iterator[Finding]:
    """A scaler counts the queue that its workers serve, at the queue's own address, with the password."""
    for scaler in cluster.of_kind("ScaledObject", "ScaledJob"):
        served = _served_queue(cluster, scaler)
        for trigger in scaler["spec"]["triggers"]:
            counted = trigger["metadata"]["listName"]
            if counted not in {f"rq:queue:{served}", f"rq:wip:{served}"} or served not in QUEUES:
                yield _where(scaler), f"listName: expected rq:queue:{served} or rq:wip:{served}; received {counted}"
            if trigger["metadata"]["address"] not in _queue_addresses(cluster):
                yield _where(scaler), f"address: expected one of {_queue_addresses(cluster)}"
            if trigger.get("authenticationRef", {}).get("name") not in cluster.names("TriggerAuthentication"):
                yield _where(scaler), "authenticationRef: expected a TriggerAuthentication of this render"


def _served_queue(cluster: Cluster, scaler: Document) -> str:
    if scaler["kind"] == "ScaledJob":
        return Workload(scaler).labels.get("onehot-queue", "")
    target = cluster.find("Deployment", scaler["spec"]["scaleTargetRef"]["name"])
    return Workload(target).labels.get("onehot-queue", "") if target else ""


def _queue_addresses(cluster: Cluster) -> list[str]:
    services = [one for one in cluster.of_kind("Service") if one["metadata"]["name"].endswith("-queue")]
    names = [(one["metadata"]["name"], one["metadata"].get("namespace")) for one in services]
    return [f"{name}.{namespace}.svc:6379" for name, namespace in names]


def keda_counts_running(cluster: Cluster) -> Iterator[Finding]:
    """A worker is never taken away because its job left the list: running jobs are counted, or workers are Jobs."""
    for scaler in cluster.of_kind("ScaledObject"):
        spec = scaler["spec"]
        counted = {trigger["name"]: trigger["metadata"]["listName"] for trigger in spec["triggers"]}
        formula = spec.get("advanced", {}).get("scalingModifiers", {}).get("formula", "")
        kinds = {
            counted.get(term.strip(), "").split(":")[1:2][0] for term in formula.split("+") if term.strip() in counted
        }
        if kinds != {"queue", "wip"}:
            yield _where(scaler), f"formula: expected the list plus rq:wip; received {formula!r} of {counted}"
    for scaler in cluster.of_kind("ScaledJob"):
        container = Workload(scaler).containers[0]
        if "--burst" not in [*container.get("command", []), *container.get("args", [])]:
            yield _where(scaler), "command: expected --burst: a worker that never ends would keep its GPU"
        if scaler["spec"].get("scalingStrategy", {}).get("strategy") != "accurate":
            yield _where(scaler), "scalingStrategy: expected accurate: the list holds waiting jobs alone"
        if Workload(scaler).pod.get("restartPolicy") != "Never":
            yield _where(scaler), "restartPolicy: expected Never, which podFailurePolicy needs"


def zero_workers_need_a_reaper(cluster: Cluster) -> Iterator[Finding]:
    """Where KEDA may take every worker away, something else gives lost jobs back."""
    reaped = any(workload.component == "reaper" for workload in cluster.workloads)
    for scaler in cluster.of_kind("ScaledObject", "ScaledJob"):
        if not reaped and scaler["spec"].get("minReplicaCount", 0) == 0:
            yield _where(scaler), "expected a CronJob of the component reaper beside a scaler that goes to zero"


def kueue_queue(cluster: Cluster) -> Iterator[Finding]:
    """A LocalQueue that a label names comes along."""
    for document in cluster.of_kind("Deployment", "ScaledJob", "Job"):
        name = document["metadata"].get("labels", {}).get("kueue.x-k8s.io/queue-name")
        if name is not None and name not in cluster.names("LocalQueue"):
            yield (
                _where(document),
                f"label kueue.x-k8s.io/queue-name: expected a LocalQueue of this render; received {name}",
            )


def monitored(cluster: Cluster) -> Iterator[Finding]:
    """A ServiceMonitor chooses a Service with its port, and asks for a path that is there."""
    for monitor in cluster.of_kind("ServiceMonitor"):
        chosen = [
            one for one in cluster.of_kind("Service") if matches(monitor["spec"]["selector"], one["metadata"]["labels"])
        ]
        if not chosen:
            yield _where(monitor), "selector: expected the labels of a Service"
        for endpoint in monitor["spec"]["endpoints"]:
            ports = {port["name"] for service in chosen for port in service["spec"]["ports"]}
            if endpoint["port"] not in ports or endpoint.get("path", "/metrics") not in ROUTES:
                yield (
                    _where(monitor),
                    f"endpoints: expected one of {sorted(ports)}, one of {sorted(ROUTES)}; received {endpoint}",
                )


def tls(cluster: Cluster) -> Iterator[Finding]:
    """What is published outside the cluster is encrypted, host by host."""
    for ingress in cluster.of_kind("Ingress"):
        covered = {host for entry in ingress["spec"].get("tls", []) for host in entry.get("hosts", [])}
        for rule in ingress["spec"].get("rules", []):
            if rule.get("host") not in covered:
                yield _where(ingress), f"tls: expected the host {rule.get('host')}; received {sorted(covered)}"
    for route in cluster.of_kind("HTTPRoute"):
        for parent in route["spec"].get("parentRefs", []):
            if parent.get("sectionName") != "https":
                yield _where(route), f"parentRefs: expected the listener https; received {parent.get('sectionName')}"


def metrics_stay_inside(cluster: Cluster) -> Iterator[Finding]:
    """No published path covers /metrics, which needs no key."""
    for document, kind, path in published_paths(cluster):
        covers = path == "/metrics" if kind == "Exact" else "/metrics/".startswith(path.rstrip("/") + "/")
        if kind not in {"Exact", "Prefix", "PathPrefix", "RegularExpression"} or (
            kind != "RegularExpression" and covers
        ):
            yield _where(document), f"paths: expected none that covers /metrics; received {kind} {path}"


def published_paths(cluster: Cluster) -> Iterator[tuple[Document, str, str]]:
    """Every path of an Ingress or a route with its type."""
    for ingress in cluster.of_kind("Ingress"):
        for rule in ingress["spec"].get("rules", []):
            yield from ((ingress, path["pathType"], path["path"]) for path in rule["http"]["paths"])
    for route in cluster.of_kind("HTTPRoute"):
        for rule in route["spec"].get("rules", []):
            matches_all = [{"path": {"type": "PathPrefix", "value": "/"}}]
            for match in rule.get("matches", matches_all):
                path = match.get("path", {})
                yield route, path.get("type", "PathPrefix"), path.get("value", "/")


def alerts(cluster: Cluster) -> Iterator[Finding]:
    """An alert is about one namespace, whichever it is, and says what is wrong and what to do."""
    for document in cluster.of_kind("PrometheusRule"):
        for rule in (one for group in document["spec"]["groups"] for one in group["rules"] if "alert" in one):
            name, text = f"{_where(document)} {rule['alert']}", str(rule["expr"])
            if "by (namespace" not in text and not text.startswith("absent("):
                yield name, "expr: expected `by (namespace …)`"
            if "namespace=" in text:
                yield name, "expr: expected no namespace by name"
            if not {"summary", "action"} <= set(rule.get("annotations", {})) or "severity" not in rule.get(
                "labels", {}
            ):
                yield name, "expected the label severity, the annotations summary and action"


def identities(cluster: Cluster) -> Iterator[Finding]:
    """The cloud's identity goes to the pods that read or write the store, and to no other."""
    for workload in cluster.workloads:
        account = cluster.find("ServiceAccount", workload.pod.get("serviceAccountName", "")) or {"metadata": {}}
        given = [name for name in account["metadata"].get("annotations") or {} if name in _IDENTITIES]
        if given and workload.component in {"queue", "reaper"}:
            yield workload.where, f"serviceAccountName: expected an account without {', '.join(given)}"


def annotation_values(cluster: Cluster) -> Iterator[Finding]:
    """What controllers read from annotations has their form: no schema knows it, and a wrong one is passed over."""
    for document in cluster.documents:
        for node in nodes(document):
            annotations = node.value.get("annotations") or {} if node.type == "ObjectMeta" else {}
            for name, value in annotations.items():
                pattern = _ANNOTATIONS.get(name, ".*")
                if not re.fullmatch(pattern, value, re.DOTALL):
                    yield _where(document), f"{node.path}.annotations.{name}: expected {pattern}; received {value!r}"


def labelled(cluster: Cluster) -> Iterator[Finding]:
    """Everything carries the name that a search for Onehot's objects goes by."""
    for document in cluster.documents:
        if document["metadata"].get("labels", {}).get("app.kubernetes.io/name") != "onehot":
            yield _where(document), "labels: expected app.kubernetes.io/name: onehot"


def _where(document: Document) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


RULES = (
    keda_queues,
    keda_counts_running,
    zero_workers_need_a_reaper,
    kueue_queue,
    monitored,
    tls,
    metrics_stay_inside,
    alerts,
    identities,
    annotation_values,
    labelled,
)
