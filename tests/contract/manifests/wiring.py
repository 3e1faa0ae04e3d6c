"""Rules about the application: its settings, its queues, its routes, the queue's server."""

import itertools
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from models.errors import OnehotError
from models.settings import Settings, read_settings
from tests.contract.manifests.api.scalars import quantity
from tests.contract.manifests.cluster import Cluster, Document, Finding, Workload
from tests.contract.manifests.pods import GPU
from tests.contract.manifests.references import EXTERNAL_SECRETS

__all__ = ["QUEUES", "ROUTES", "RULES", "settings_of"]

PASSWORD_FILE = "ONEHOT_REDIS_PASSWORD_FILE"
QUEUES = {"train": 0, "train-gpu": 1}
"""The queues of the specs' `resources`, each with the GPUs that its worker needs."""

ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What probes and scrapers may ask; test_k8s_application.py holds it against the application's routes."""

# Share of the queue's memory limit that data may take: the rest is for the rewrite of the append-only file.
_DATA_SHARE = 0.6
# What an autoscaler takes for a pod that must not be moved.
_STAYS = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}
_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def settings(cluster: Cluster) -> Iterator[Finding]:
    """What a container of ours is told, the application's own settings table accepts."""
    for workload, container in _ours(cluster):
        try:
            settings_of(cluster, container)
        except OnehotError as error:
            yield workload.where, str(error)


def settings_of(cluster: Cluster, container: Document) -> Settings:
    """What the application reads from a container's variables."""
    told = cluster.environment(container)
    if PASSWORD_FILE in told:  # a file of the pod's; the settings ask for one that can be read here
        told[PASSWORD_FILE] = __file__
    return read_settings(told)


def password(cluster: Cluster) -> Iterator[Finding]:
    """The queue's password is in no variable: it is a file of a Secret, which follows when the Secret changes."""
    for workload, container in _ours(cluster):
        told = cluster.environment(container)
        if "@" in told.get("ONEHOT_REDIS_URL", ""):
            yield workload.where, f"ONEHOT_REDIS_URL: expected no password; it comes from {PASSWORD_FILE}"
        path = told.get(PASSWORD_FILE, "")
        volume = _volume_at(workload, container, path) or {}
        key = EXTERNAL_SECRETS.get(volume.get("secret", {}).get("secretName", ""), set())
        if path.rpartition("/")[2] not in key:
            yield workload.where, f"{PASSWORD_FILE}: expected a file of a Secret; received {path!r}"
        if any(
            "subPath" in mount for mount in container.get("volumeMounts", []) if mount["name"] == volume.get("name")
        ):
            yield workload.where, f"{PASSWORD_FILE}: expected no subPath, which never follows a changed Secret"


def declared_before(cluster: Cluster) -> Iterator[Finding]:
    """A variable that another one refers to is declared before it: later ones are not put in."""
    for workload, container in _ours(cluster):
        seen: set[str] = set()
        for variable in container.get("env", []):
            for name in _REFERENCE.findall(variable.get("value", "")):
                if name not in seen:
                    yield workload.where, f"{variable['name']}: expected {name} declared before it"
            seen.add(variable["name"])


def queue_address(cluster: Cluster) -> Iterator[Finding]:
    """ONEHOT_REDIS_URL names a Service and its port."""
    for workload, container in _ours(cluster):
        url = urlsplit(_REFERENCE.sub("x", cluster.environment(container).get("ONEHOT_REDIS_URL", "")))
        service = cluster.find("Service", str(url.hostname))
        if service is None or url.port not in {port["port"] for port in service["spec"]["ports"]}:
            yield workload.where, f"expected a Service at {url.hostname}:{url.port}"


def address(cluster: Cluster) -> Iterator[Finding]:
    """The service listens on every interface, on the port that its container names."""
    for workload, container in _ours(cluster):
        if workload.component != "service":
            continue
        bound = read_bind(cluster.environment(container))
        ports = cluster.served(workload)
        if bound not in {("0.0.0.0", port) for port in ports.values()}:  # noqa: S104 -- of the container
            yield workload.where, f"ONEHOT_BIND: expected 0.0.0.0 and a port of the Service, {ports}; received {bound}"


def read_bind(environment: dict[str, str]) -> tuple[str, int]:
    """Host and port of ONEHOT_BIND."""
    host, _, port = environment.get("ONEHOT_BIND", "127.0.0.1:8501").rpartition(":")
    return host, int(port)


def keys(cluster: Cluster) -> Iterator[Finding]:
    """A service that listens on every interface has keys, from a Secret, and is not started insecure."""
    for workload, container in _ours(cluster):
        if workload.component != "service":
            continue
        path = cluster.environment(container).get("ONEHOT_API_KEYS_FILE", "")
        volume = _volume_at(workload, container, path)
        if volume is None or "secret" not in volume:
            yield workload.where, f"ONEHOT_API_KEYS_FILE: expected a file of a Secret; received {path!r}"
        if "--insecure" in [*container.get("command", []), *container.get("args", [])]:
            yield workload.where, "command: expected no --insecure"


def routes(cluster: Cluster) -> Iterator[Finding]:
    """A probe asks for a path that the service has."""
    for workload, container in _ours(cluster):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            path = container.get(probe, {}).get("httpGet", {}).get("path")
            if path is not None and path not in ROUTES:
                yield workload.where, f"{probe}: expected one of {', '.join(sorted(ROUTES))}; received {path}"


def store(cluster: Cluster) -> Iterator[Finding]:
    """A store that is a folder is a volume shared by all; every process names the same store."""
    stores = {}
    for workload, container in _ours(cluster):
        if workload.component == "reaper":
            continue
        stores[workload.where] = path = cluster.environment(container).get("ONEHOT_STORE", "")
        volume = _volume_at(workload, container, path + "/")
        if "://" not in path and (volume is None or "persistentVolumeClaim" not in volume):
            yield workload.where, f"ONEHOT_STORE: expected a URL or a mounted claim; received {path!r}"
    if len(set(stores.values())) > 1:
        yield "ONEHOT_STORE", f"expected one store for all; received {stores}"


def cache(cluster: Cluster) -> Iterator[Finding]:
    """Where the store is an object store, the service keeps files in a volume of its own, larger than they get."""
    for workload, container in _ours(cluster):
        told = cluster.environment(container)
        if workload.component != "service" or "://" not in told.get("ONEHOT_STORE", ""):
            continue
        path = told.get("ONEHOT_CACHE", "")
        volume = _volume_at(workload, container, path + "/") if path else None
        if volume is None or "emptyDir" not in volume or "tmp" in volume["name"]:
            yield workload.where, f"ONEHOT_CACHE: expected an emptyDir of its own; received {path!r}"
            continue
        most_bytes = read_settings({"ONEHOT_CACHE_BYTES": told.get("ONEHOT_CACHE_BYTES", "")}).cache_bytes
        if float(quantity(volume["emptyDir"].get("sizeLimit", "0"))) <= most_bytes:
            yield workload.where, f"ONEHOT_CACHE_BYTES: expected less than the sizeLimit of {volume['name']}"


def _volume_at(workload: Workload, container: Document, path: str) -> Document | None:
    for mount in container.get("volumeMounts", []):
        if path.startswith(mount["mountPath"].rstrip("/") + "/"):
            return workload.volume(mount["name"])
    return None


def queues(cluster: Cluster) -> Iterator[Finding]:
    """A worker serves a queue that specs can name, and has a GPU exactly when that queue needs one."""
    for workload, container in _ours(cluster):
        if workload.component != "trainer":
            continue
        command = [*container.get("command", []), *container.get("args", [])]
        names = [after for word, after in itertools.pairwise(command) if word == "--queue"]
        if len(names) != 1 or names[0] not in QUEUES:
            yield workload.where, f"--queue: expected one of {', '.join(QUEUES)}; received {names}"
            continue
        if workload.labels.get("onehot-queue") != names[0]:
            yield workload.where, f"label onehot-queue: expected {names[0]}"
        gpus = int(container.get("resources", {}).get("limits", {}).get(GPU, 0))
        if gpus < QUEUES[names[0]] or (gpus and not QUEUES[names[0]]):
            yield workload.where, f"{GPU}: expected {QUEUES[names[0]]}; received {gpus}"


def gpu_nodes(cluster: Cluster) -> Iterator[Finding]:
    """A pod with a GPU tolerates its node's taint, and waits for no label that only a running node has."""
    for workload in cluster.workloads:
        wants = any(GPU in one.get("resources", {}).get("limits", {}) for one in workload.containers)
        if wants != any(one.get("key") == GPU for one in workload.pod.get("tolerations", [])):
            yield workload.where, f"expected a toleration for {GPU} {'and' if wants else 'only with'} its limit"
        for name in workload.pod.get("nodeSelector", {}):
            if name.startswith("nvidia.com/"):
                yield workload.where, f"nodeSelector: expected no {name}: an autoscaler never adds the first such node"


def one_architecture(cluster: Cluster) -> Iterator[Finding]:
    """The images are built for one architecture: each pod of ours asks for it, or (on a laptop) none does."""
    asked = {
        workload.where: workload.pod.get("nodeSelector", {}).get("kubernetes.io/arch") for workload, _ in _ours(cluster)
    }
    if len(set(asked.values())) > 1:
        yield "nodeSelector", f"kubernetes.io/arch: expected the same in each pod; received {asked}"


def idle_workers_hold_no_node(cluster: Cluster) -> Iterator[Finding]:
    """What may not be evicted ends by itself: a worker that waits for jobs would hold an empty node for ever."""
    for workload in cluster.workloads:
        annotations = workload.template.get("metadata", {}).get("annotations", {})
        for name, value in _STAYS.items():
            if workload.runs_for_ever and annotations.get(name) == value:
                yield workload.where, f"annotations: expected no {name} in pods that have no end"


def durable_queue(cluster: Cluster) -> Iterator[Finding]:
    """The queue's server keeps what it accepted: one replica, append-only file, no eviction, a claim, a password."""
    for workload in cluster.workloads:
        if workload.component == "queue":
            for message in _queue_faults(cluster, workload):
                yield workload.where, message


def _queue_faults(cluster: Cluster, workload: Workload) -> Iterator[str]:
    container = workload.pod["containers"][0]
    lines = dict(
        line.split(" ", 1) for line in _configuration(cluster, workload).splitlines() if " " in line and line[0] != "#"
    )
    for name, expected in (("appendonly", "yes"), ("maxmemory-policy", "noeviction")):
        if lines.get(name) != expected:
            yield f"{name}: expected {expected}; received {lines.get(name)}"
    limit = float(quantity(container["resources"]["limits"]["memory"]))
    if not 0 < _bytes_of(lines.get("maxmemory", "0")) <= _DATA_SHARE * limit:
        yield f"maxmemory: expected at most {_DATA_SHARE:.0%} of the memory limit; received {lines.get('maxmemory')}"
    volume = _volume_at(workload, container, lines.get("dir", "") + "/")
    if volume is None or "persistentVolumeClaim" not in volume:
        yield f"dir: expected a mounted claim; received {lines.get('dir')}"
    if workload.document["spec"].get("replicas", 1) != 1:
        yield "replicas: expected 1: a second server would be a second, empty queue"
    if "requirepass" not in " ".join(container.get("command", [])):
        yield "command: expected it to set requirepass"


def _configuration(cluster: Cluster, workload: Workload) -> str:
    names = [volume["configMap"]["name"] for volume in workload.pod.get("volumes", []) if "configMap" in volume]
    found = (cluster.find("ConfigMap", name) for name in names)
    return "\n".join(text for one in found if one for text in one["data"].values())


def _bytes_of(text: str) -> float:
    """What the server's configuration calls `384mb`; nothing where it does not understand it."""
    found = re.fullmatch(r"(\d+)(b|kb?|mb?|gb?)?", text.lower())
    units = {"k": 1000, "m": 1000**2, "g": 1000**3, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
    return float(found[1]) * units.get(found[2] or "", 1) if found else 0


def _ours(cluster: Cluster) -> Iterator[tuple[Workload, Document]]:
    """Containers that run this repository's images."""
    for workload in cluster.workloads:
        for container in workload.pod.get("containers", []):
            if container["image"].rpartition("/")[2].startswith("onehot-"):
                yield workload, container


RULES = (
    settings, password, declared_before, queue_address, address, keys, routes, store, cache, queues, gpu_nodes,
    one_architecture, idle_workers_hold_no_node, durable_queue,
)  # fmt: skip
