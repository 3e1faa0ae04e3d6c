"""Rules about one pod: what it may do, what it takes, what it runs."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.contract.manifests.api.scalars import quantity
from tests.contract.manifests.cluster import Cluster, Document, Finding, Workload

__all__ = ["GPU", "RULES"]

# The volume types of the Pod Security Standard `restricted`.
_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image",
}  # fmt: skip
GPU = "nvidia.com/gpu"


def restricted(cluster: Cluster) -> Iterator[Finding]:
    """Pod Security Standard `restricted`, and a user that is a number."""
    for workload in cluster.workloads:
        for message in (*_pod_faults(workload.pod), *_volume_faults(workload.pod), *_container_faults(workload)):
            yield workload.where, message


def _pod_faults(pod: Document) -> Iterator[str]:
    context = pod.get("securityContext", {})
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield f"{name}: expected it unset; received true"
    if context.get("runAsNonRoot") is not True:
        yield "securityContext.runAsNonRoot: expected true"
    if not context.get("runAsUser"):
        yield f"securityContext.runAsUser: expected a number above 0; received {context.get('runAsUser')}"
    for sysctl in context.get("sysctls", []):
        yield f"securityContext.sysctls: expected none; received {sysctl.get('name')}"
    if context.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "securityContext.seccompProfile.type: expected RuntimeDefault"


def _volume_faults(pod: Document) -> Iterator[str]:
    for volume in pod.get("volumes", []):
        for kind in set(volume) - {"name"} - _VOLUMES:
            yield f"volume {volume['name']}: expected a type that `restricted` allows; received {kind}"


def _container_faults(workload: Workload) -> Iterator[str]:
    for container in workload.containers:
        context = container.get("securityContext", {})
        name = container["name"]
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{name}: allowPrivilegeEscalation: expected false"
        if context.get("privileged") or context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
            yield f"{name}: expected neither privileged nor root"
        if "ALL" not in context.get("capabilities", {}).get("drop", []) or context["capabilities"].get("add"):
            yield f"{name}: capabilities: expected drop ALL and nothing added"
        if context.get("seccompProfile", {"type": "RuntimeDefault"}).get("type") == "Unconfined":
            yield f"{name}: seccompProfile: expected RuntimeDefault"
        if any("hostPort" in port for port in container.get("ports", [])):
            yield f"{name}: ports: expected no hostPort"


def read_only_root(cluster: Cluster) -> Iterator[Finding]:
    """The root file system is read-only, and /tmp is a volume wherever our images run."""
    for workload in cluster.workloads:
        for container in workload.containers:
            if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
                yield workload.where, f"{container['name']}: expected readOnlyRootFilesystem"
            mounts = {mount["mountPath"] for mount in container.get("volumeMounts", [])}
            if "onehot-" in container["image"] and "/tmp" not in mounts:  # noqa: S108 -- a mount of the container
                yield workload.where, f"{container['name']}: expected a volume at /tmp"


def no_token(cluster: Cluster) -> Iterator[Finding]:
    """No pod talks to the Kubernetes API, so none carries a token for it."""
    for workload in cluster.workloads:
        if workload.pod.get("automountServiceAccountToken") is not False:
            yield workload.where, "automountServiceAccountToken: expected false"
        if workload.pod.get("serviceAccountName", "default") == "default":
            yield workload.where, "serviceAccountName: expected an account of its own"
    for account in cluster.of_kind("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            where = f"ServiceAccount/{account['metadata']['name']}"
            yield where, "automountServiceAccountToken: expected false"


def no_service_links(cluster: Cluster) -> Iterator[Finding]:
    """No variables injected from the names of Services: `onehot` would inject ONEHOT_PORT, which is no setting."""
    for workload in cluster.workloads:
        if workload.pod.get("enableServiceLinks") is not False:
            yield workload.where, "enableServiceLinks: expected false"


def pinned_images(cluster: Cluster) -> Iterator[Finding]:
    """Every image has a digest or a tag of three numbers."""
    for workload in cluster.workloads:
        for container in workload.containers:
            image = str(container["image"])
            tag = image.rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in image and not re.match(r"v?\d+\.\d+\.\d+", tag):
                message = f"{container['name']}: image: expected a digest or a tag such as 1.2.3; received {image}"
                yield workload.where, message


def resources(cluster: Cluster) -> Iterator[Finding]:
    """CPU, memory and disk are requested, memory and disk limited."""
    for workload in cluster.workloads:
        for container in workload.containers:
            for message in _resource_faults(container.get("resources", {})):
                yield workload.where, f"{container['name']}: {message}"


def _resource_faults(wanted: Document) -> Iterator[str]:
    requests: dict[str, Any] = wanted.get("requests", {})
    limits: dict[str, Any] = wanted.get("limits", {})
    for name in ("cpu", "memory", "ephemeral-storage"):
        if name not in requests:
            yield f"resources.requests.{name}: expected one"
    for name in ("memory", "ephemeral-storage"):
        if name not in limits:
            yield f"resources.limits.{name}: expected one"


def bounded_scratch(cluster: Cluster) -> Iterator[Finding]:
    """An emptyDir has a size, and together they fit into the container's limits for disk and memory."""
    for workload in cluster.workloads:
        scratch = [volume for volume in workload.pod.get("volumes", []) if "emptyDir" in volume]
        sizes = {"Memory": Decimal(0), "": Decimal(0)}
        for volume in scratch:
            if "sizeLimit" not in volume["emptyDir"]:
                yield workload.where, f"volume {volume['name']}: expected a sizeLimit"
                continue
            sizes[volume["emptyDir"].get("medium", "")] += quantity(volume["emptyDir"]["sizeLimit"])
        for medium, name in (("Memory", "memory"), ("", "ephemeral-storage")):
            limits = [one.get("resources", {}).get("limits", {}).get(name, "0") for one in workload.containers]
            if sizes[medium] > sum(map(quantity, limits)):
                yield workload.where, f"expected the emptyDirs to fit into the limit of {name}"


def readable_secrets(cluster: Cluster) -> Iterator[Finding]:
    """Files of a Secret that are not for all belong to the pod's group: a user other than root reads them so."""
    for workload in cluster.workloads:
        for volume in workload.pod.get("volumes", []):
            mode = volume.get("secret", {}).get("defaultMode", 0o644)
            if not mode & 0o004 and "fsGroup" not in workload.pod.get("securityContext", {}):
                yield workload.where, f"securityContext.fsGroup: expected one, to read {volume['name']} (mode {mode:o})"


RULES = (
    restricted,
    read_only_root,
    no_token,
    no_service_links,
    pinned_images,
    resources,
    bounded_scratch,
    readable_secrets,
)
