"""Mistakes that the API server refuses, in `overlays/production`."""

from typing import Any

from tests.contract.manifests.spoiling import Mistakes, Spoilt

__all__ = ["MISTAKES"]

SERVICE, CPU, QUEUE = "onehot-service", "onehot-trainer-cpu", "onehot-queue"
VALUES, TOGETHER = "field-values", "fields-together"


def _gpu_job(spoilt: Spoilt) -> Any:
    return spoilt.spec("ScaledJob", "onehot-trainer-gpu")["jobTargetRef"]


def _gpu_container(spoilt: Spoilt) -> Any:
    return _gpu_job(spoilt)["template"]["spec"]["containers"][0]


def _reaper(spoilt: Spoilt) -> Any:
    return spoilt.spec("CronJob", "onehot-reaper")


def _claim(spoilt: Spoilt) -> Any:
    return spoilt.spec("StatefulSet", QUEUE)["volumeClaimTemplates"][0]["spec"]


def _block(spoilt: Spoilt) -> Any:
    return spoilt.spec("NetworkPolicy", "onehot-store")["egress"][0]["to"][0]["ipBlock"]


def _rule(spoilt: Spoilt, index: int = 1) -> Any:
    return spoilt.spec("HTTPRoute", "onehot")["rules"][index]


def _scaler(spoilt: Spoilt) -> Any:
    return spoilt.spec("HorizontalPodAutoscaler", SERVICE)


def _toleration(spoilt: Spoilt) -> Any:
    return _gpu_job(spoilt)["template"]["spec"]["tolerations"][0]


QUANTITIES: Mistakes = {
    "GB for Gi": (VALUES, lambda m: m.limits(SERVICE).update(memory="1GB")),
    "a blank in a quantity": (VALUES, lambda m: m.requests(CPU).update(memory="2 Gi")),
    "a unit in lower case": (VALUES, lambda m: _claim(m)["resources"]["requests"].update(storage="5gi")),
    "a negative request": (VALUES, lambda m: m.requests(SERVICE).update(cpu="-1")),
    "a word for a size": (VALUES, lambda m: m.pod(SERVICE)["volumes"][-1]["emptyDir"].update(sizeLimit="small")),
    "a quantity in a Job of KEDA's": (
        VALUES, lambda m: _gpu_container(m)["resources"]["limits"].update(memory="16GiB")),
    "thousandths of bytes": (TOGETHER, lambda m: m.limits(SERVICE).update(memory="1024000m")),
    "half a GPU": (
        TOGETHER, lambda m: _gpu_container(m)["resources"].update(
            limits={"nvidia.com/gpu": "0.5"}, requests={"nvidia.com/gpu": "0.5"})),
    "a resource that is none": (TOGETHER, lambda m: m.requests(SERVICE).update(mem="1Gi")),
    "an exponent and a unit": (VALUES, lambda m: m.limits(SERVICE).update(memory="1e3Mi")),
    "a claim of nothing": (TOGETHER, lambda m: _claim(m)["resources"]["requests"].update(storage="0")),
}  # fmt: skip

NAMES: Mistakes = {
    "a port's name of 18 letters": (
        VALUES, lambda m: m.container(SERVICE)["ports"][0].update(name="http-predictions-x")),
    "a port's name in capitals": (VALUES, lambda m: m.container(QUEUE)["ports"][0].update(name="VALKEY")),
    "a target port of 18 letters": (
        VALUES, lambda m: m.spec("Service", "onehot")["ports"][0].update(targetPort="http-predictions-x")),
    "a label with a blank": (VALUES, lambda m: m.get("Service", "onehot")["metadata"]["labels"].update(team="a b")),
    "a label of 64 letters": (
        VALUES, lambda m: m.spec("Deployment", SERVICE)["template"]["metadata"]["labels"].update(team="x" * 64)),
    "a label's key with two slashes": (
        VALUES, lambda m: m.get("Service", "onehot")["metadata"]["labels"].update({"a/b/c": "d"})),
    "a name with _": (VALUES, lambda m: m.get("ServiceAccount", SERVICE)["metadata"].update(name="onehot_service")),
    "a Service whose name begins with a digit": (
        VALUES, lambda m: m.get("Service", QUEUE)["metadata"].update(name="1-queue")),
    "a container's name with a dot": (VALUES, lambda m: m.container(CPU).update(name="trainer.cpu")),
    "a CronJob's name of 53 letters": (
        VALUES, lambda m: m.get("CronJob", "onehot-reaper")["metadata"].update(name="x" * 53)),
    "a key with a slash": (VALUES, lambda m: m.data("onehot-settings").update({"a/b": "c"})),
    "two containers of one name": (TOGETHER, lambda m: m.pod(CPU)["containers"].append(m.container(CPU))),
    "a variable twice": (TOGETHER, lambda m: m.container(CPU)["env"].append(m.container(CPU)["env"][0])),
}  # fmt: skip

WORDS_AND_RANGES: Mistakes = {
    "the 60th minute": (VALUES, lambda m: _reaper(m).update(schedule="60 * * * *")),
    "six cron fields": (VALUES, lambda m: _reaper(m).update(schedule="0 */2 * * * *")),
    "a step of nothing": (VALUES, lambda m: _reaper(m).update(schedule="*/0 * * * *")),
    "Sunday as 7": (VALUES, lambda m: _reaper(m).update(schedule="0 0 * * 7")),
    "a policy that CronJobs lack": (VALUES, lambda m: _reaper(m).update(concurrencyPolicy="Skip")),
    "a pull policy that is none": (VALUES, lambda m: m.container(SERVICE).update(imagePullPolicy="IfMissing")),
    "an effect that is none": (VALUES, lambda m: _toleration(m).update(effect="NoRun")),
    "a protocol in lower case": (VALUES, lambda m: m.container(SERVICE)["ports"][0].update(protocol="tcp")),
    "a port above 65535": (VALUES, lambda m: m.spec("Service", "onehot")["ports"][0].update(port=85010)),
    "a probe every 0 seconds": (VALUES, lambda m: m.container(SERVICE)["readinessProbe"].update(periodSeconds=0)),
    "a probe with a negative delay": (
        VALUES, lambda m: m.container(QUEUE)["livenessProbe"].update(initialDelaySeconds=-1)),
    "a mode of four digits of nine": (
        VALUES, lambda m: m.pod(QUEUE)["volumes"][1]["secret"].update(defaultMode=777)),
    "fewer than no replicas": (VALUES, lambda m: m.spec("StatefulSet", QUEUE).update(replicas=-1)),
    "no replicas at most": (VALUES, lambda m: _scaler(m).update(maxReplicas=0)),
    "a window of two hours": (
        VALUES, lambda m: _scaler(m)["behavior"]["scaleDown"].update(stabilizationWindowSeconds=7200)),
    "an access mode that is none": (VALUES, lambda m: _claim(m).update(accessModes=["ReadWrite"])),
    "101 percent": (VALUES, lambda m: m.spec("PodDisruptionBudget", SERVICE).update(maxUnavailable="101%")),
    "a time zone that is none": (VALUES, lambda m: _reaper(m).update(timeZone="Europe/Berlinn")),
    "a level of security that is none": (
        VALUES, lambda m: m.get("Namespace", "onehot")["metadata"]["labels"].update(
            {"pod-security.kubernetes.io/enforce": "strict"})),
    "an address with 33 bits": (VALUES, lambda m: _block(m).update(cidr="10.0.0.0/33")),
    "bits outside of the block": (VALUES, lambda m: _block(m).update(cidr="10.0.0.1/8")),
}  # fmt: skip

FIELDS_TOGETHER: Mistakes = {
    "a hole outside of its block": (TOGETHER, lambda m: _block(m).update(cidr="10.0.0.0/8")),
    "a hole as large as its block": (TOGETHER, lambda m: _block(m).update({"except": ["0.0.0.0/0"]})),
    "Recreate with a rolling update": (
        TOGETHER, lambda m: m.spec("Deployment", CPU)["strategy"].update(rollingUpdate={"maxSurge": 1})),
    "a rollout that cannot move": (
        TOGETHER, lambda m: m.spec("Deployment", SERVICE)["strategy"].update(
            rollingUpdate={"maxSurge": 0, "maxUnavailable": "0%"})),
    "a budget with both numbers": (
        TOGETHER, lambda m: m.spec("PodDisruptionBudget", SERVICE).update(minAvailable=1)),
    "a value with Exists": (TOGETHER, lambda m: _toleration(m).update(value="true")),
    "seconds with NoSchedule": (TOGETHER, lambda m: _toleration(m).update(tolerationSeconds=60)),
    "a variable from two places": (TOGETHER, lambda m: m.container(CPU)["env"][0].update(
        valueFrom={"fieldRef": {"fieldPath": "metadata.name"}})),
    "a probe with two questions": (
        TOGETHER, lambda m: m.container(SERVICE)["livenessProbe"].update(tcpSocket={"port": "http"})),
    "liveness that wants two successes": (
        TOGETHER, lambda m: m.container(SERVICE)["livenessProbe"].update(successThreshold=2)),
    "a volume of two types": (TOGETHER, lambda m: m.pod(QUEUE)["volumes"][1].update(emptyDir={"sizeLimit": "1Mi"})),
    "a Job that restarts for ever": (
        TOGETHER, lambda m: _reaper(m)["jobTemplate"]["spec"]["template"]["spec"].update(restartPolicy="Always")),
    "a Deployment that never restarts": (TOGETHER, lambda m: m.pod(SERVICE).update(restartPolicy="Never")),
    "a target with two values": (
        TOGETHER, lambda m: _scaler(m)["metrics"][0]["containerResource"]["target"].update(averageValue="1")),
    "more at least than at most": (TOGETHER, lambda m: _scaler(m).update(minReplicas=20)),
    "selectors beside a block": (
        TOGETHER, lambda m: m.spec("NetworkPolicy", "onehot-store")["egress"][0]["to"][0].update(podSelector={})),
    "values with Exists": (
        TOGETHER, lambda m: m.spec("NetworkPolicy", "onehot-store")["podSelector"]["matchExpressions"][0].update(
            operator="Exists")),
    "a sleep longer than the grace period": (
        TOGETHER, lambda m: m.container(SERVICE)["lifecycle"]["preStop"]["sleep"].update(seconds=90)),
    "a node port of a ClusterIP": (
        TOGETHER, lambda m: m.spec("Service", "onehot")["ports"][0].update(nodePort=30080)),
    "fewer workers at most than at least": (
        TOGETHER, lambda m: m.spec("ScaledObject", CPU).update(minReplicaCount=9)),
    "a scrape that outlasts its interval": (
        TOGETHER, lambda m: m.spec("ServiceMonitor", SERVICE)["endpoints"][0].update(scrapeTimeout="20s")),
    "a filter without its fields": (TOGETHER, lambda m: _rule(m).update(filters=[{"type": "URLRewrite"}])),
    "other GPUs, requested without a limit": (
        TOGETHER, lambda m: _gpu_container(m)["resources"]["requests"].update({"amd.com/gpu": "1"})),
    "a probe that asks nothing": (TOGETHER, lambda m: m.container(SERVICE)["readinessProbe"].pop("httpGet")),
    "a backend that may take longer than the request": (
        TOGETHER, lambda m: _rule(m)["timeouts"].update(backendRequest="2m")),
}  # fmt: skip

OTHER_KINDS: Mistakes = {
    "a time without its unit": ("schema", lambda m: _rule(m)["timeouts"].update(request="60")),
    "a time with a fraction": ("schema", lambda m: _rule(m)["timeouts"].update(request="1.5s")),
    "a type of match in lower case": ("schema", lambda m: _rule(m)["matches"][0]["path"].update(type="Prefix")),
    "a path with two slashes": ("schema", lambda m: _rule(m)["matches"][0]["path"].update(value="/v1//models")),
    "a backend without a port": ("schema", lambda m: _rule(m)["backendRefs"][0].pop("port")),
    "a redirect with a status that is none": (
        "schema", lambda m: _rule(m).update(
            filters=[{"type": "RequestRedirect", "requestRedirect": {"statusCode": 200}}])),
    "a weight of a million and one": ("schema", lambda m: _rule(m)["backendRefs"][0].update(weight=1_000_001)),
    "a field that routes lack": ("schema", lambda m: _rule(m).update(timeout="60s")),
    "a host with a port": ("schema", lambda m: m.spec("HTTPRoute", "onehot").update(hostnames=["a.example.com:443"])),
    "a field that LocalQueues lack": (
        "schema", lambda m: m.spec("LocalQueue", "onehot-gpu").update(clusterQueueName="onehot")),
    "a stop policy that is none": ("schema", lambda m: m.spec("LocalQueue", "onehot-gpu").update(stopPolicy="Drain")),
    "a cluster's queue in capitals": (
        "schema", lambda m: m.spec("LocalQueue", "onehot-gpu").update(clusterQueue="Onehot")),
    "more replicas than 31 bits": ("schema", lambda m: m.spec("StatefulSet", QUEUE).update(replicas=3_000_000_000)),
    "a field that KEDA lacks": ("schema", lambda m: m.spec("ScaledObject", CPU).update(maxReplicas=8)),
    "a length as a number": (
        "schema", lambda m: m.spec("ScaledObject", CPU)["triggers"][0]["metadata"].update(listLength=1)),
    "an alert that waits for five": (
        "schema", lambda m: m.spec("PrometheusRule", "onehot")["groups"][0]["rules"][0].update({"for": "5"})),
    "a field that Jobs lack, in a ScaledJob": ("schema", lambda m: _gpu_job(m).update(backOffLimit=3)),
}  # fmt: skip

MISTAKES: Mistakes = QUANTITIES | NAMES | WORDS_AND_RANGES | FIELDS_TOGETHER | OTHER_KINDS
