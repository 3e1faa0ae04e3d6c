"""Mistakes in what the components add."""

from typing import Any

from tests.contract.manifests.spoiling import Mistakes, Spoilt

__all__ = ["MISTAKES"]

QUEUE = "onehot-queue"


def _scaler(spoilt: Spoilt) -> Any:
    return spoilt.spec("ScaledObject", "onehot-trainer-cpu")


def _jobs(spoilt: Spoilt) -> Any:
    return spoilt.spec("ScaledJob", "onehot-trainer-gpu")


def _gpu_pod(spoilt: Spoilt) -> Any:
    return _jobs(spoilt)["jobTargetRef"]["template"]["spec"]


MISTAKES: Mistakes = {
    "scaled by another queue": (
        "keda-queues", lambda m: _scaler(m)["triggers"][0]["metadata"].update(listName="rq:queue:train-gpu")),
    "counted under RQ's old name": (
        "keda-queues", lambda m: _jobs(m)["triggers"][0]["metadata"].update(listName="train-gpu")),
    "counted in another namespace": (
        "keda-queues", lambda m: _jobs(m)["triggers"][0]["metadata"].update(address="onehot-queue.default.svc:6379")),
    "counted without a password": ("keda-queues", lambda m: _jobs(m)["triggers"][0].pop("authenticationRef")),
    "running jobs not counted": (
        "keda-counts-running", lambda m: _scaler(m)["advanced"]["scalingModifiers"].update(formula="queued")),
    "no formula": ("keda-counts-running", lambda m: _scaler(m).pop("advanced")),
    "a Job that never ends": ("keda-counts-running", lambda m: _gpu_pod(m)["containers"][0]["command"].pop()),
    "waiting jobs taken for running ones": ("keda-counts-running", lambda m: _jobs(m).pop("scalingStrategy")),
    "an eviction that counts as a failure": (
        "fields-together", lambda m: _gpu_pod(m).update(restartPolicy="OnFailure")),
    "no reaper for lost jobs": ("zero-workers-need-a-reaper", lambda m: m.drop("CronJob", "onehot-reaper")),
    "a reaper that cannot reach the queue": ("flows", lambda m: m.drop("NetworkPolicy", "onehot-queue-reaper")),
    "replicas beside KEDA": ("scaling", lambda m: m.spec("Deployment", "onehot-trainer-cpu").update(replicas=1)),
    "two autoscalers": ("one-scaler", lambda m: _scaler(m)["scaleTargetRef"].update(name="onehot-service")),
    "an autoscaler of another version": (
        "scaling", lambda m: _scaler(m)["scaleTargetRef"].update(apiVersion="apps/v1beta2")),
    "a key that the scaler's Secret lacks": (
        "scaler-secrets", lambda m: m.spec("TriggerAuthentication", QUEUE)["secretTargetRef"][0].update(key="pw")),
    "a backend of another namespace": (
        "backends", lambda m: m.spec("HTTPRoute", "onehot")["rules"][0]["backendRefs"][0].update(namespace="default")),
    "KEDA scales no Deployment": ("scaling", lambda m: _scaler(m)["scaleTargetRef"].update(name="onehot-trainer")),
    "a GPU Job that no GPU node takes": ("gpu-nodes", lambda m: _gpu_pod(m).pop("tolerations")),
    "a GPU Job killed while saving": ("graceful-end", lambda m: _gpu_pod(m).update(terminationGracePeriodSeconds=30)),
    "quota from a queue that is not there": ("kueue-queue", lambda m: m.drop("LocalQueue", "onehot-gpu")),
    "metrics of another port": (
        "monitored", lambda m: m.spec("ServiceMonitor", "onehot-service")["endpoints"][0].update(port="metrics")),
    "metrics of no Service": (
        "monitored", lambda m: m.spec("ServiceMonitor", "onehot-service")["selector"]["matchLabels"].update(a="b")),
    "trainers with another store": (
        "store", lambda m: _gpu_pod(m)["containers"][0].update(env=[
            *_gpu_pod(m)["containers"][0]["env"], {"name": "ONEHOT_STORE", "value": "s3://elsewhere"}])),
    "a cache that outgrows its volume": (
        "cache", lambda m: m.data("onehot-service-settings").update(ONEHOT_CACHE_BYTES="2147483648")),
    "a cache in the folder of temporary files": (
        "cache", lambda m: m.data("onehot-service-settings").update(ONEHOT_CACHE="/tmp/cache")),  # noqa: S108
    "a cache wherever it likes": ("cache", lambda m: m.data("onehot-service-settings").pop("ONEHOT_CACHE")),
    "published without TLS": (
        "tls", lambda m: m.spec("HTTPRoute", "onehot")["parentRefs"][0].update(sectionName="http")),
    "metrics published": ("metrics-stay-inside", lambda m: m.spec("HTTPRoute", "onehot")["rules"][1]["matches"].append(
        {"path": {"type": "PathPrefix", "value": "/"}})),
    "published to another port": (
        "backends", lambda m: m.spec("HTTPRoute", "onehot")["rules"][0]["backendRefs"][0].update(port=80)),
    "a namespace that enforces nothing": (
        "one-namespace", lambda m: m.get("Namespace", "onehot")["metadata"]["labels"].pop(
            "pod-security.kubernetes.io/enforce")),
    "a role without its account": (
        "annotation-values", lambda m: m.get("ServiceAccount", "onehot-service")["metadata"]["annotations"].update(
            {"eks.amazonaws.com/role-arn": "arn:aws:iam:::role/onehot"})),
    "an alert for one namespace by name": (
        "alerts", lambda m: m.spec("PrometheusRule", "onehot")["groups"][0]["rules"][0].update(
            expr='sum by (namespace) (up{namespace="onehot"}) == 0')),
    "an alert that does not say where": (
        "alerts", lambda m: m.spec("PrometheusRule", "onehot")["groups"][0]["rules"][0].update(expr="up == 0")),
    "an alert without a word": (
        "alerts", lambda m: m.spec("PrometheusRule", "onehot")["groups"][0]["rules"][0].pop("annotations")),
    "a reaper that may write the bucket": (
        "identities", lambda m: m.spec("CronJob", "onehot-reaper")["jobTemplate"]["spec"]["template"]["spec"].update(
            serviceAccountName="onehot-trainer")),
    "an object without its labels": ("labelled", lambda m: m.get("LocalQueue", "onehot-gpu")["metadata"].pop("labels")),
}  # fmt: skip
