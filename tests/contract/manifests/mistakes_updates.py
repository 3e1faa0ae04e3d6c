"""Changes of `overlays/gpu` that the API server refuses as updates."""

from collections.abc import Callable
from typing import Any

from tests.contract.manifests.spoiling import Spoilt

__all__ = ["MISTAKES"]

QUEUE = "onehot-queue"


def _claim(spoilt: Spoilt) -> Any:
    return spoilt.spec("PersistentVolumeClaim", "onehot-models")


def _template(spoilt: Spoilt) -> Any:
    return spoilt.spec("StatefulSet", QUEUE)["volumeClaimTemplates"][0]["spec"]


def _labels(spoilt: Spoilt, kind: str, name: str) -> Any:
    return spoilt.spec(kind, name)["selector"]["matchLabels"]


MISTAKES: dict[str, tuple[str, Callable[[Spoilt], Any]]] = {
    "a Deployment's selector": (
        "Deployment/onehot-service", lambda m: _labels(m, "Deployment", "onehot-service").update(tier="web")),
    "a StatefulSet's selector": (
        "StatefulSet/onehot-queue", lambda m: _labels(m, "StatefulSet", QUEUE).update(tier="data")),
    "a StatefulSet's Service": (
        "StatefulSet/onehot-queue", lambda m: m.spec("StatefulSet", QUEUE).update(serviceName="onehot")),
    "a larger claim of a StatefulSet": (
        "StatefulSet/onehot-queue", lambda m: _template(m)["resources"]["requests"].update(storage="10Gi")),
    "another class of a StatefulSet's claim": (
        "StatefulSet/onehot-queue", lambda m: _template(m).update(storageClassName="fast")),
    "how a StatefulSet starts its pods": (
        "StatefulSet/onehot-queue", lambda m: m.spec("StatefulSet", QUEUE).update(podManagementPolicy="Parallel")),
    "another class of a claim": (
        "PersistentVolumeClaim/onehot-models", lambda m: _claim(m).update(storageClassName="fast")),
    "another access mode of a claim": (
        "PersistentVolumeClaim/onehot-models", lambda m: _claim(m).update(accessModes=["ReadWriteOnce"])),
    "a smaller claim": (
        "PersistentVolumeClaim/onehot-models", lambda m: _claim(m)["resources"]["requests"].update(storage="10Gi")),
    "a limit of a claim": (
        "PersistentVolumeClaim/onehot-models", lambda m: _claim(m)["resources"].update(limits={"storage": "200Gi"})),
    "another family of addresses": (
        "Service/onehot-queue", lambda m: m.spec("Service", QUEUE).update(ipFamilies=["IPv6"])),
    "a block device": ("PersistentVolumeClaim/onehot-models", lambda m: _claim(m).update(volumeMode="Block")),
    "a Service without an address": (
        "Service/onehot-queue", lambda m: m.spec("Service", QUEUE).update(clusterIP="None")),
    "another quota": (
        "LocalQueue/onehot-gpu", lambda m: m.spec("LocalQueue", "onehot-gpu").update(clusterQueue="gpus")),
}  # fmt: skip
"""By what is changed: the object that refuses it, and how it is made."""
