"""A rendered overlay as objects that the rules can ask questions."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

__all__ = [
    "K8S",
    "Cluster",
    "Document",
    "Finding",
    "Workload",
    "load",
    "matches",
    "on_base",
    "render",
    "unused_components",
    "where",
]

Document = dict[str, Any]
Finding = tuple[str, str]
"""Which object, and what is wrong with it."""

ROOT = Path(__file__).parents[3]
K8S = ROOT / "k8s"
KUBECTL = Path(sys.executable).with_name("kubectl")

# Where each kind keeps the template of its pods.
_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "ScaledJob": ("spec", "jobTargetRef", "template"),
}


@dataclass(frozen=True)
class Workload:
    """An object that makes pods."""

    document: Document

    @property
    def kind(self) -> str:
        """Which kind of object: Deployment, StatefulSet and so on."""
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.document["metadata"]["name"])

    @property
    def where(self) -> str:
        """How messages name it."""
        return f"{self.kind}/{self.name}"

    @property
    def template(self) -> Document:
        """The pods' template."""
        found: Any = self.document
        for key in _TEMPLATES[self.kind]:
            found = found.get(key, {})
        return dict(found)

    @property
    def labels(self) -> Mapping[str, str]:
        """The pods' labels."""
        return dict(self.template.get("metadata", {}).get("labels", {}))

    @property
    def component(self) -> str:
        """Which part of Onehot: service, trainer, queue."""
        return self.labels.get("app.kubernetes.io/component", "")

    @property
    def pod(self) -> Document:
        """The pods' spec."""
        return dict(self.template.get("spec", {}))

    @property
    def containers(self) -> list[Document]:
        """Init containers too."""
        return [*self.pod.get("initContainers", []), *self.pod.get("containers", [])]

    @property
    def runs_for_ever(self) -> bool:
        """Whether its pods have no end of their own."""
        return self.kind in {"Deployment", "StatefulSet", "DaemonSet"}

    def ports(self) -> dict[str, int]:
        """Named ports of all containers."""
        return {
            port["name"]: port["containerPort"]
            for container in self.containers
            for port in container.get("ports", [])
            if "name" in port
        }

    def volume(self, name: str) -> Document | None:
        """The volume of that name; a claim template counts."""
        claims = self.document["spec"].get("volumeClaimTemplates", []) if self.kind == "StatefulSet" else []
        for claim in claims:
            if claim["metadata"]["name"] == name:
                return {"name": name, "persistentVolumeClaim": {"claimTemplate": name}}
        return next((volume for volume in self.pod.get("volumes", []) if volume["name"] == name), None)


@dataclass(frozen=True)
class Cluster:
    """All objects of one rendered folder."""

    documents: Sequence[Document]

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Everything that makes pods."""
        return tuple(Workload(document) for document in self.documents if document["kind"] in _TEMPLATES)

    def of_kind(self, *kinds: str) -> Iterator[Document]:
        """Objects of these kinds."""
        return (document for document in self.documents if document["kind"] in kinds)

    def names(self, *kinds: str) -> set[str]:
        """Names of the objects of these kinds."""
        return {document["metadata"]["name"] for document in self.of_kind(*kinds)}

    def find(self, kind: str, name: str) -> Document | None:
        """One object, if it is there."""
        return next((one for one in self.of_kind(kind) if one["metadata"]["name"] == name), None)

    def selected(self, selector: Mapping[str, Any]) -> list[Workload]:
        """Workloads whose pods a label selector chooses."""
        return [workload for workload in self.workloads if matches(selector, workload.labels)]

    def served(self, workload: Workload) -> dict[str, int]:
        """The named ports of a workload that some Service sends requests to."""
        services = [one["spec"] for one in self.of_kind("Service")
                    if matches({"matchLabels": one["spec"].get("selector", {"": ""})}, workload.labels)]  # fmt: skip
        targets = {port.get("targetPort") for spec in services for port in spec.get("ports", [])}
        return {name: number for name, number in workload.ports().items() if name in targets}

    def environment(self, container: Document) -> dict[str, str]:
        """What a container's variables are, those of its ConfigMaps too; one from a Secret is `<secret>`."""
        values: dict[str, str] = {}
        for source in container.get("envFrom", []):
            found = self.find("ConfigMap", source.get("configMapRef", {}).get("name", ""))
            values |= found.get("data", {}) if found else {}
        for variable in container.get("env", []):
            values[variable["name"]] = str(variable["value"]) if "value" in variable else "<secret>"
        return values


def where(document: Document) -> str:
    """How messages name an object."""
    return f"{document['kind']}/{document['metadata']['name']}"


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector (matchLabels and matchExpressions) chooses these labels."""
    exact = all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
    return exact and all(_matches_expression(one, labels) for one in selector.get("matchExpressions", []))


def _matches_expression(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def render(folder: Path) -> str:
    """What `kubectl kustomize` prints for a folder."""
    answer = subprocess.run([str(KUBECTL), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise AssertionError(f"{folder}: expected a render; received {answer.stderr.strip()}")
    return answer.stdout


def on_base(component: str, folder: Path) -> Path:
    """Make a folder that renders the base with one component."""
    base, added = (os.path.relpath(K8S / name, folder) for name in ("base", f"components/{component}"))
    text = f"namespace: onehot\nresources: [{base}]\ncomponents: [{added}]\n"
    (folder / "kustomization.yaml").write_text(text, encoding="utf-8")
    return folder


def unused_components() -> list[str]:
    """The components that no overlay has."""
    overlays = "".join(path.read_text(encoding="utf-8") for path in K8S.glob("overlays/*/kustomization.yaml"))
    used = set(re.findall(r"^  - \.\./\.\./components/([a-z-]+)$", overlays, re.MULTILINE))
    return sorted({path.parent.name for path in K8S.glob("components/*/kustomization.yaml")} - used)


def load(rendered: str) -> Cluster:
    """Parse a render."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Cluster(tuple(document for document in yaml.load_all(rendered, Loader=loader) if document))
