"""What the API server asks of the fields of a workload, a claim, an autoscaler and of metadata together."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.contract.manifests.api.scalars import quantity

__all__ = ["WORKLOAD_OBJECTS"]

Value = dict[str, Any]


def _deployment(spec: Value) -> Iterator[str]:
    if spec.get("progressDeadlineSeconds", 600) <= spec.get("minReadySeconds", 0):
        yield "progressDeadlineSeconds: expected more than minReadySeconds"
    yield from _restarts(spec["template"], {"Always"})


def _stateful_set(spec: Value) -> Iterator[str]:
    yield from _restarts(spec["template"], {"Always"})


def _restarts(template: Value, allowed: set[str]) -> Iterator[str]:
    pod = template.get("spec", {})
    received = pod.get("restartPolicy", "Always")
    if received not in allowed:
        yield f"template.spec.restartPolicy: expected {' or '.join(sorted(allowed))}; received {received}"
    if allowed == {"Always"} and "activeDeadlineSeconds" in pod:
        yield "template.spec.activeDeadlineSeconds: expected none in pods that run for ever"


def _rolling_update(update: Value) -> Iterator[str]:
    if _count(update.get("maxSurge", "25%")) == _count(update.get("maxUnavailable", "25%")) == "0":
        yield "maxUnavailable: expected more than 0 where maxSurge is 0"


def _count(value: Any) -> str:
    return str(value).removesuffix("%")


def _job(spec: Value) -> Iterator[str]:
    allowed = {"Never"} if "podFailurePolicy" in spec else {"Never", "OnFailure"}
    yield from _restarts(spec["template"], allowed)
    if "podFailurePolicy" in spec and spec.get("podReplacementPolicy", "Failed") != "Failed":
        yield "podReplacementPolicy: expected Failed beside a podFailurePolicy"
    rules = spec.get("podFailurePolicy", {}).get("rules", [])
    if "backoffLimitPerIndex" not in spec and any(rule.get("action") == "FailIndex" for rule in rules):
        yield "podFailurePolicy: expected FailIndex only beside backoffLimitPerIndex"
    if "selector" in spec and not spec.get("manualSelector"):
        yield "selector: expected none: the server makes it"
    yield from _failing_containers(spec["template"].get("spec", {}), rules)


def _failing_containers(pod: Value, rules: list[Value]) -> Iterator[str]:
    names = {one.get("name") for one in (*pod.get("initContainers", []), *pod.get("containers", []))}
    for rule in rules:
        named = rule.get("onExitCodes", {}).get("containerName")
        if named is not None and named not in names:
            yield f"podFailurePolicy: onExitCodes.containerName: expected one of {sorted(names)}; received {named}"


def _job_template(template: Value) -> Iterator[str]:
    if template.get("spec", {}).get("manualSelector"):
        yield "spec.manualSelector: expected none in a template: its Jobs would share a selector"


def _exit_codes(wanted: Value) -> Iterator[str]:
    values = wanted.get("values", [])
    if values != sorted(set(values)) or not values:
        yield "values: expected some numbers in order, none twice"
    if wanted.get("operator") == "In" and 0 in values:
        yield "values: expected no 0 with In: that is no failure"


def _claim(spec: Value) -> Iterator[str]:
    storage = spec.get("resources", {}).get("requests", {}).get("storage")
    if storage is None or quantity(storage) <= 0:
        yield f"resources.requests.storage: expected more than 0; received {storage}"
    modes = spec.get("accessModes", [])
    if not modes or ("ReadWriteOncePod" in modes and len(modes) > 1):
        yield f"accessModes: expected some, ReadWriteOncePod alone; received {modes}"


def _autoscaler(spec: Value) -> Iterator[str]:
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 1)
    if least > most:
        yield f"minReplicas: expected at most maxReplicas, {most}; received {least}"


def _scaling_rules(rules: Value) -> Iterator[str]:
    if "policies" in rules and not rules["policies"]:
        yield "policies: expected at least one"


def _config_map(document: Value) -> Iterator[str]:
    twice = set(document.get("data") or {}) & set(document.get("binaryData") or {})
    if twice:
        yield f"binaryData: expected other keys than those of data; received {sorted(twice)}"
    if sum(len(str(text).encode()) for text in (document.get("data") or {}).values()) > 2**20:
        yield "data: expected at most 1 MiB"


def _annotations(metadata: Value) -> Iterator[str]:
    size = sum(len(str(one).encode()) for pair in (metadata.get("annotations") or {}).items() for one in pair)
    if size > 2**18:
        yield f"annotations: expected at most 256 KiB; received {size}"


def _range(least: str, most: str) -> Callable[[Value], Iterator[str]]:
    def check(spec: Value) -> Iterator[str]:
        if spec.get(least, 0) > spec.get(most, 100):
            yield f"{least}: expected at most {most}, {spec.get(most, 100)}; received {spec[least]}"

    return check


def _scaled_object(spec: Value) -> Iterator[str]:
    yield from _range("minReplicaCount", "maxReplicaCount")(spec)
    if "idleReplicaCount" in spec and spec["idleReplicaCount"] >= spec.get("minReplicaCount", 0):
        yield "idleReplicaCount: expected less than minReplicaCount"
    if "scalingModifiers" in spec.get("advanced", {}) and not all("name" in one for one in spec["triggers"]):
        yield "triggers: expected names, which scalingModifiers.formula uses"


WORKLOAD_OBJECTS: Mapping[str, Callable[[Value], Iterator[str]]] = {
    "ConfigMap": _config_map,
    "DeploymentSpec": _deployment,
    "HPAScalingRules": _scaling_rules,
    "HorizontalPodAutoscalerSpec": _autoscaler,
    "JobSpec": _job,
    "JobTemplateSpec": _job_template,
    "ObjectMeta": _annotations,
    "PersistentVolumeClaimSpec": _claim,
    "PodFailurePolicyOnExitCodesRequirement": _exit_codes,
    "RollingUpdateDeployment": _rolling_update,
    "ScaledJobSpec": _range("minReplicaCount", "maxReplicaCount"),
    "ScaledObjectSpec": _scaled_object,
    "StatefulSetSpec": _stateful_set,
}
"""Types, each with what has to agree in an object of it."""
