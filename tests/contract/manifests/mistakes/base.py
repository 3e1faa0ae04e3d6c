"""Mistakes in the base."""

from tests.contract.manifests.spoiling import Mistakes

__all__ = ["MISTAKES"]

SERVICE, CPU, GPU, QUEUE = "onehot-service", "onehot-trainer-cpu", "onehot-trainer-gpu", "onehot-queue"

MISTAKES: Mistakes = {
    "a pod may run as root": ("restricted", lambda m: m.pod(SERVICE)["securityContext"].pop("runAsNonRoot")),
    "user 0": ("restricted", lambda m: m.pod(CPU)["securityContext"].update(runAsUser=0)),
    "no seccomp profile": ("restricted", lambda m: m.pod(QUEUE)["securityContext"].pop("seccompProfile")),
    "privilege escalation left to the default": (
        "restricted", lambda m: m.security(GPU).pop("allowPrivilegeEscalation")),
    "a capability kept": ("restricted", lambda m: m.security(SERVICE).pop("capabilities")),
    "the host's network": ("restricted", lambda m: m.pod(SERVICE).update(hostNetwork=True)),
    "a folder of the host": (
        "restricted", lambda m: m.pod(CPU)["volumes"].__setitem__(0, {"name": "models", "hostPath": {"path": "/srv"}})),
    "a writable root": ("read-only-root", lambda m: m.security(SERVICE).pop("readOnlyRootFilesystem")),
    "nowhere to write": ("read-only-root", lambda m: m.container(SERVICE)["volumeMounts"].pop()),
    "a token for the API": ("no-token", lambda m: m.pod(CPU).pop("automountServiceAccountToken")),
    "the default account": ("no-token", lambda m: m.pod(CPU).pop("serviceAccountName")),
    "service links": ("no-service-links", lambda m: m.pod(SERVICE).pop("enableServiceLinks")),
    "the tag latest": ("pinned-images", lambda m: m.container(QUEUE).update(image="docker.io/valkey/valkey:latest")),
    "no tag": ("pinned-images", lambda m: m.container(SERVICE).update(image="r.example.com:5000/onehot-service")),
    "no memory limit": ("resources", lambda m: m.limits(SERVICE).pop("memory")),
    "no CPU request": ("resources", lambda m: m.requests(CPU).pop("cpu")),
    "more requested than allowed": ("fields-together", lambda m: m.requests(CPU).update(memory="8Gi")),
    "fewer GPUs requested than limited": (
        "fields-together", lambda m: m.limits(GPU).update({"nvidia.com/gpu": 2})),
    "scratch without end": ("bounded-scratch", lambda m: m.pod(CPU)["volumes"][2].update(emptyDir={})),
    "scratch larger than the disk limit": (
        "bounded-scratch", lambda m: m.pod(CPU)["volumes"][2].update(emptyDir={"sizeLimit": "100Gi"})),
    "a Secret that the pod's user cannot read": (
        "readable-secrets", lambda m: m.pod(SERVICE)["securityContext"].pop("fsGroup")),
    "a selector with a typo": (
        "selectors", lambda m: m.spec("Deployment", SERVICE)["selector"]["matchLabels"].update(
            {"app.kubernetes.io/component": "servic"})),
    "two trainers fight for each other's pods": (
        "selectors", lambda m: m.spec("Deployment", CPU)["selector"]["matchLabels"].pop("onehot-queue")),
    "a Service that chooses no pod": (
        "chosen-pods", lambda m: m.spec("Service", "onehot")["selector"].update({"app.kubernetes.io/name": "web"})),
    "a budget that covers no pod": (
        "chosen-pods", lambda m: m.spec("PodDisruptionBudget", SERVICE)["selector"]["matchLabels"].update(app="x")),
    "a spread over no pod": (
        "chosen-pods",
        lambda m: m.pod(SERVICE)["topologySpreadConstraints"][0]["labelSelector"].update(matchLabels={"a": "b"})),
    "a ConfigMap that is not there": (
        "objects", lambda m: m.container(CPU)["envFrom"][0].update(configMapRef={"name": "settings"})),
    "a Secret that no step makes": (
        "objects", lambda m: m.pod(SERVICE)["volumes"][1].update(secret={"secretName": "onehot-keys"})),
    "a key that the Secret lacks": (
        "objects", lambda m: m.pod(CPU)["volumes"][1]["secret"].update(
            items=[{"key": "redis-password", "path": "password"}])),
    "a claim that is not there": ("objects", lambda m: m.drop("PersistentVolumeClaim", "onehot-models")),
    "an account that is not there": ("objects", lambda m: m.drop("ServiceAccount", "onehot-trainer")),
    "a mount without a volume": ("mounts", lambda m: m.pod(GPU)["volumes"].pop()),
    "a volume that no container mounts": ("mounts", lambda m: m.container(CPU)["volumeMounts"].pop()),
    "a Service's port by another name": (
        "service-ports", lambda m: m.spec("Service", "onehot")["ports"][0].update(targetPort="web")),
    "a probe of another port": (
        "probe-ports", lambda m: m.container(SERVICE)["readinessProbe"]["httpGet"].update(port="metrics")),
    "a StatefulSet's Service that is not there": (
        "backends", lambda m: m.spec("StatefulSet", QUEUE).update(serviceName="valkey")),
    "another namespace": (
        "one-namespace", lambda m: m.get("Service", "onehot")["metadata"].update(namespace="default")),
    "no namespace": ("one-namespace", lambda m: [one["metadata"].pop("namespace") for one in m.documents]),
    "a password in the repository": (
        "no-secrets", lambda m: m.documents.append({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "onehot"},
            "data": {"password": "eA=="},
        })),
    "no default deny": ("default-deny", lambda m: m.drop("NetworkPolicy", "onehot-default-deny")),
    "deny for one direction only": (
        "default-deny", lambda m: m.spec("NetworkPolicy", "onehot-default-deny").update(policyTypes=["Ingress"])),
    "every pod may call": (
        "narrow-holes", lambda m: m.spec("NetworkPolicy", SERVICE)["ingress"][0].pop("from")),
    "every port is open": (
        "narrow-holes", lambda m: m.spec("NetworkPolicy", SERVICE)["ingress"][0].pop("ports")),
    "a policy for a port that is not there": (
        "policy-ports", lambda m: m.spec("NetworkPolicy", QUEUE)["ingress"][0].update(
            ports=[{"protocol": "TCP", "port": "redis"}])),
    "workers cut off from the queue": ("flows", lambda m: m.drop("NetworkPolicy", "onehot-trainer")),
    "no DNS": ("flows", lambda m: m.drop("NetworkPolicy", "onehot-dns")),
    "DNS over UDP alone": ("flows", lambda m: m.spec("NetworkPolicy", "onehot-dns")["egress"][0].update(
        ports=[{"protocol": "UDP", "port": 53}, {"protocol": "UDP", "port": 5353}])),
    "DNS without OpenShift's port": (
        "flows", lambda m: [m.spec("NetworkPolicy", "onehot-dns")["egress"][0]["ports"].pop() for _ in range(2)]),
    "DNS of kube-system alone": ("flows", lambda m: m.spec("NetworkPolicy", "onehot-dns")["egress"][0].update(
        to=[{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}])),
    "the queue open to another namespace": (
        "queue-is-private", lambda m: m.spec("NetworkPolicy", QUEUE)["ingress"][0]["from"].append(
            {"namespaceSelector": {}})),
    "no client may call the service": (
        "service-has-clients", lambda m: m.spec("NetworkPolicy", SERVICE).pop("ingress")),
    "no readiness probe": ("probes", lambda m: m.container(SERVICE).pop("readinessProbe")),
    "a liveness probe with no patience": (
        "probes", lambda m: m.container(SERVICE)["livenessProbe"].update(periodSeconds=5, failureThreshold=1)),
    "liveness asks for readiness": (
        "probes", lambda m: m.container(SERVICE)["livenessProbe"]["httpGet"].update(path="/readyz")),
    "a probe of a path that is no route": (
        "routes", lambda m: m.container(SERVICE)["startupProbe"]["httpGet"].update(path="/health")),
    "killed while draining": ("graceful-end", lambda m: m.pod(SERVICE).update(terminationGracePeriodSeconds=30)),
    "a longer drain than the grace period": (
        "graceful-end", lambda m: m.data("onehot-service-settings").update(ONEHOT_DRAIN_S="55")),
    "killed while saving the checkpoint": ("graceful-end", lambda m: m.pod(GPU).pop("terminationGracePeriodSeconds")),
    "gone before the load balancer knows": ("leaves-endpoints-first", lambda m: m.container(SERVICE).pop("lifecycle")),
    "a rollout that takes pods away": (
        "rollout", lambda m: m.spec("Deployment", SERVICE)["strategy"]["rollingUpdate"].update(maxUnavailable="25%")),
    "a rollout that waits for a second GPU": ("rollout", lambda m: m.spec("Deployment", GPU).pop("strategy")),
    "replicas beside the autoscaler": ("scaling", lambda m: m.spec("Deployment", SERVICE).update(replicas=3)),
    "an autoscaler of no Deployment": (
        "scaling", lambda m: m.spec("HorizontalPodAutoscaler", SERVICE)["scaleTargetRef"].update(name="onehot")),
    "an autoscaler that measures no container": (
        "scaling", lambda m: m.spec("HorizontalPodAutoscaler", SERVICE)["metrics"][0]["containerResource"].update(
            container="web")),
    "a budget that blocks every drain": (
        "disruption", lambda m: m.spec("PodDisruptionBudget", SERVICE).update(maxUnavailable=0)),
    "all pods on one node": ("spread", lambda m: m.pod(SERVICE).pop("topologySpreadConstraints")),
    "a setting with a typo": ("settings", lambda m: m.data("onehot-settings").update(ONEHOT_LOGFORMAT="json")),
    "a setting that cannot be read": (
        "settings", lambda m: m.data("onehot-service-settings").update(ONEHOT_WORKERS="two")),
    "a queue without a password": ("password", lambda m: m.container(CPU)["env"].pop()),
    "a password in a variable": (
        "password", lambda m: m.container(CPU)["env"][0].update(value="redis://:secret@onehot-queue:6379/0")),
    "a password that never changes": (
        "password", lambda m: m.container(CPU)["volumeMounts"][1].update(
            mountPath="/etc/onehot/queue/password", subPath="password")),
    "a variable used before it is declared": (
        "declared-before", lambda m: m.container(CPU)["env"].insert(0, {"name": "A", "value": "$(ONEHOT_REDIS_URL)"})),
    "a queue at another address": (
        "queue-address", lambda m: m.container(CPU)["env"][0].update(value="redis://redis:6379/0")),
    "listening on loopback": ("address", lambda m: m.data("onehot-service-settings").pop("ONEHOT_BIND")),
    "another port than the container says": (
        "address", lambda m: m.data("onehot-service-settings").update(ONEHOT_BIND="0.0.0.0:8000")),
    "no keys": ("keys", lambda m: m.data("onehot-service-settings").pop("ONEHOT_API_KEYS_FILE")),
    "started insecure": ("keys", lambda m: m.container(SERVICE)["command"].append("--insecure")),
    "models lost with the pod": ("store", lambda m: m.pod(CPU)["volumes"].__setitem__(
        0, {"name": "models", "emptyDir": {"sizeLimit": "1Gi"}})),
    "trainers publish elsewhere": (
        "store", lambda m: m.container(GPU)["env"].append({"name": "ONEHOT_STORE", "value": "/mnt/models/gpu"})),
    "a queue that no spec names": (
        "queues", lambda m: m.container(GPU).update(command=["python", "-m", "trainer.worker", "--queue", "gpu"])),
    "a GPU for the CPU queue": (
        "queues", lambda m: [some.update({"nvidia.com/gpu": 1}) for some in (m.requests(CPU), m.limits(CPU))]),
    "the GPU queue without a GPU": (
        "queues", lambda m: [some.pop("nvidia.com/gpu") for some in (m.requests(GPU), m.limits(GPU))]),
    "a tainted node not tolerated": ("gpu-nodes", lambda m: m.pod(GPU).pop("tolerations")),
    "a label that only a running operator sets": (
        "gpu-nodes", lambda m: m.pod(GPU)["nodeSelector"].update({"nvidia.com/gpu.present": "true"})),
    "the CPU's worker on GPU nodes": (
        "gpu-nodes", lambda m: m.pod(CPU).update(tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}])),
    "one pod on any architecture": ("one-architecture", lambda m: m.pod(GPU).pop("nodeSelector")),
    "an idle worker that holds its node": (
        "idle-workers-hold-no-node", lambda m: m.spec("Deployment", CPU)["template"]["metadata"].update(
            annotations={"karpenter.sh/do-not-disrupt": "true"})),
    "a queue without a file": ("durable-queue", lambda m: m.data(QUEUE).update(
        {"valkey.conf": m.data(QUEUE)["valkey.conf"].replace("appendonly yes", "appendonly no")})),
    "jobs evicted": ("durable-queue", lambda m: m.data(QUEUE).update(
        {"valkey.conf": m.data(QUEUE)["valkey.conf"].replace("noeviction", "allkeys-lru")})),
    "more data than memory": ("durable-queue", lambda m: m.limits(QUEUE).update(memory="400Mi")),
    "two queues": ("durable-queue", lambda m: m.spec("StatefulSet", QUEUE).update(replicas=2)),
    "a field that Kubernetes lacks": ("schema", lambda m: m.pod(SERVICE).update(terminationGracePeriod=60)),
    "an API version that is gone": (
        "schema", lambda m: m.get("HorizontalPodAutoscaler", SERVICE).update(apiVersion="autoscaling/v2beta2")),
    "a number as text": ("schema", lambda m: m.spec("Deployment", CPU).update(replicas="1")),
}  # fmt: skip
