"""Fields that exclude each other, and fields that only go with a value of another one: two tables."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["EXACTLY_ONE", "NEEDS", "ONLY_WITH", "excluded"]

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")

EXACTLY_ONE: Mapping[str, tuple[str, ...]] = {
    "DownwardAPIVolumeFile": ("fieldRef", "resourceFieldRef"),
    "EnvFromSource": ("configMapRef", "secretRef"),
    "EnvVarSource": ("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"),
    "IngressBackend": ("service", "resource"),
    "LifecycleHandler": _HANDLERS,
    "MetricSpec": ("containerResource", "external", "object", "pods", "resource"),
    "MetricTarget": ("averageUtilization", "averageValue", "value"),
    "PodDisruptionBudgetSpec": ("maxUnavailable", "minAvailable"),
    "PodFailurePolicyRule": ("onExitCodes", "onPodConditions"),
    "Probe": _HANDLERS,
    "PrometheusRuleRule": ("alert", "record"),
    "ServiceBackendPort": ("name", "number"),
    "ServiceMonitorEndpoint": ("port", "targetPort"),
}
"""Of these fields an object of the type has one, and no second one."""

ONLY_WITH: tuple[tuple[str, str, str, str | None], ...] = (
    ("DeploymentStrategy", "rollingUpdate", "type", "RollingUpdate"),
    ("StatefulSetUpdateStrategy", "rollingUpdate", "type", "RollingUpdate"),
    ("SeccompProfile", "localhostProfile", "type", "Localhost"),
    ("AppArmorProfile", "localhostProfile", "type", "Localhost"),
    ("Toleration", "tolerationSeconds", "effect", "NoExecute"),
    ("TopologySpreadConstraint", "minDomains", "whenUnsatisfiable", "DoNotSchedule"),
    ("MetricTarget", "averageUtilization", "type", "Utilization"),
    ("MetricTarget", "averageValue", "type", "AverageValue"),
    ("MetricTarget", "value", "type", "Value"),
    ("MetricSpec", "containerResource", "type", "ContainerResource"),
    ("MetricSpec", "external", "type", "External"),
    ("MetricSpec", "object", "type", "Object"),
    ("MetricSpec", "pods", "type", "Pods"),
    ("MetricSpec", "resource", "type", "Resource"),
    ("JobSpec", "backoffLimitPerIndex", "completionMode", "Indexed"),
    ("JobSpec", "maxFailedIndexes", "completionMode", "Indexed"),
    ("ServiceSpec", "sessionAffinityConfig", "sessionAffinity", "ClientIP"),
    ("ServiceSpec", "externalName", "type", "ExternalName"),
    ("ServiceSpec", "loadBalancerSourceRanges", "type", "LoadBalancer"),
    ("NetworkPolicyPort", "endPort", "port", None),
    ("HTTPPathModifier", "replaceFullPath", "type", "ReplaceFullPath"),
    ("HTTPPathModifier", "replacePrefixMatch", "type", "ReplacePrefixMatch"),
    ("HTTPRouteFilter", "requestHeaderModifier", "type", "RequestHeaderModifier"),
    ("HTTPRouteFilter", "responseHeaderModifier", "type", "ResponseHeaderModifier"),
    ("HTTPRouteFilter", "requestMirror", "type", "RequestMirror"),
    ("HTTPRouteFilter", "requestRedirect", "type", "RequestRedirect"),
    ("HTTPRouteFilter", "urlRewrite", "type", "URLRewrite"),
    ("HTTPRouteFilter", "extensionRef", "type", "ExtensionRef"),
)
"""Type, field, and the other field with the value that the first one needs; without a value, any."""

NEEDS: tuple[tuple[str, str, str, str], ...] = (
    ("SeccompProfile", "type", "Localhost", "localhostProfile"),
    ("AppArmorProfile", "type", "Localhost", "localhostProfile"),
    ("HTTPPathModifier", "type", "ReplaceFullPath", "replaceFullPath"),
    ("HTTPPathModifier", "type", "ReplacePrefixMatch", "replacePrefixMatch"),
    ("HTTPRouteFilter", "type", "RequestHeaderModifier", "requestHeaderModifier"),
    ("HTTPRouteFilter", "type", "ResponseHeaderModifier", "responseHeaderModifier"),
    ("HTTPRouteFilter", "type", "RequestMirror", "requestMirror"),
    ("HTTPRouteFilter", "type", "RequestRedirect", "requestRedirect"),
    ("HTTPRouteFilter", "type", "URLRewrite", "urlRewrite"),
    ("HTTPRouteFilter", "type", "ExtensionRef", "extensionRef"),
    ("JobSpec", "completionMode", "Indexed", "completions"),
    ("ServiceSpec", "type", "ExternalName", "externalName"),
)
"""Type, field and value, and the other field that this value needs."""

_DEFAULTS = {"DeploymentStrategy": "RollingUpdate", "StatefulSetUpdateStrategy": "RollingUpdate"}
"""What `type` is where it is left out."""


def excluded(kind: str, value: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the fields of an object of this type."""
    given = [name for name in EXACTLY_ONE.get(kind, ()) if name in value]
    if kind in EXACTLY_ONE and len(given) != 1:
        yield f"expected exactly one of {', '.join(EXACTLY_ONE[kind])}; received {given or 'none'}"
    for owner, field, word, needed in NEEDS:
        if owner == kind and value.get(field) == word and needed not in value:
            yield f"{needed}: expected one beside {field} {word}"
    for owner, field, other, expected in ONLY_WITH:
        received = value.get(other, _DEFAULTS.get(kind))
        if owner == kind and field in value and (received is None or expected not in {None, received}):
            yield f"{field}: expected {other}{f' {expected}' if expected else ''} beside it; received {received}"
