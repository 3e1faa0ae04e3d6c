"""Changes of `overlays/gpu` that the API server refuses as updates."""

import copy
from collections.abc import Callable
from typing import Any

from tests.contract.manifests.spoiling import Spoilt

__all__ = ["MESSAGES", "MISTAKES", "RIGHT", "Make"]

QUEUE = "onehot-queue"


def _claim(spoilt: Spoilt) -> Any:
    return spoilt.spec("PersistentVolumeClaim", "onehot-models")


def _template(spoilt: Spoilt) -> Any:
    return spoilt.spec("StatefulSet", QUEUE)["volumeClaimTemplates"][0]["spec"]


def _labels(spoilt: Spoilt, kind: str, name: str) -> Any:
    return spoilt.spec(kind, name)["selector"]["matchLabels"]


def _as_it_is(_: Spoilt) -> None:
    """Leave the folder."""


def _settings(spoilt: Spoilt, **fields: Any) -> None:
    spoilt.get("ConfigMap", QUEUE).update(fields)


def _class(spoilt: Spoilt, value: int) -> None:
    del spoilt.add("scheduling.k8s.io/v1", "PriorityClass", value=value)["metadata"]["namespace"]


def _job(spoilt: Spoilt, completions: int, **fields: Any) -> None:
    pod = copy.deepcopy(spoilt.pod("onehot-trainer-cpu")) | {"restartPolicy": "Never"}
    spoilt.add("batch/v1", "Job", spec={"completions": completions, "template": {"spec": pod}, **fields})


def _quota(spoilt: Spoilt, scope: str) -> None:
    spoilt.add("v1", "ResourceQuota", spec={"hard": {"pods": "4"}, "scopes": [scope]})


Make = Callable[[Spoilt], Any]

CHANGED: dict[str, tuple[str, Make]] = {
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

ADDED: dict[str, tuple[str, Make, Make]] = {
    "an immutable ConfigMap that is none any more": (
        "ConfigMap/onehot-queue", lambda m: _settings(m, immutable=True), _as_it_is),
    "bytes of an immutable ConfigMap": (
        "ConfigMap/onehot-queue", lambda m: _settings(m, immutable=True),
        lambda m: _settings(m, immutable=True, binaryData={"a": "YQ=="})),
    "another priority": ("PriorityClass/onehot", lambda m: _class(m, 1000), lambda m: _class(m, 2000)),
    "more completions of a Job": ("Job/onehot", lambda m: _job(m, 1), lambda m: _job(m, 2)),
    "more completions of an indexed Job, no more pods": (
        "Job/onehot", lambda m: _job(m, 1, completionMode="Indexed", parallelism=1),
        lambda m: _job(m, 2, completionMode="Indexed", parallelism=1)),
    "other failures of a Job": (
        "Job/onehot", lambda m: _job(m, 1), lambda m: _job(m, 1, podFailurePolicy={"rules": []})),
    "another scope of a quota": (
        "ResourceQuota/onehot", lambda m: _quota(m, "BestEffort"), lambda m: _quota(m, "NotBestEffort")),
}  # fmt: skip

MISTAKES = {name: (where, _as_it_is, make) for name, (where, make) in CHANGED.items()} | ADDED
"""By what is changed: the object that refuses it, what it was before, and how the change is made."""

MESSAGES = {
    "a Service without an address": "spec.clusterIP: expected no value, which cannot be changed; received 'None'",
    "an immutable ConfigMap that is none any more": (
        "immutable: expected True, which cannot be taken back; received no value"),
    "another priority": "value: expected 1000, which cannot be changed; received 2000",
}  # fmt: skip
"""What is said of some of them, word by word."""

RIGHT: dict[str, tuple[Make, Make]] = {
    "more completions and pods of an indexed Job": (
        lambda m: _job(m, 1, completionMode="Indexed", parallelism=1),
        lambda m: _job(m, 2, completionMode="Indexed", parallelism=2)),
    "a ConfigMap made immutable": (_as_it_is, lambda m: _settings(m, immutable=True)),
}  # fmt: skip
"""What it was before, and a change that the server accepts."""
