"""Rendered Kubernetes pods as `podman run` commands: what the kubelet would do with a pod's spec, on one machine.

Understands what the manifests of k8s/ use: users, read-only roots, capabilities, memory and CPU limits, variables from
literals, ConfigMaps and Secrets with $(NAME) put in, emptyDirs, claims, ConfigMap and Secret volumes.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Document = dict[str, Any]
Secrets = Mapping[str, Mapping[str, str]]

_REFERENCE = re.compile(r"\$\((\w+)\)")
_UNITS = {"Ki": "k", "Mi": "m", "Gi": "g"}


@dataclass(frozen=True, slots=True)
class Podman:
    """podman with all its storage in one folder."""

    folder: Path

    def run(self, *arguments: str, check: bool = True, with_errors: bool = False) -> str:
        """Run a subcommand; what it printed, on the error stream too when asked."""
        storage = ["--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run", "--storage-driver", "overlay"]
        answer = subprocess.run(["podman", *storage, *arguments], capture_output=True, text=True, check=False)
        if check and answer.returncode != 0:
            raise SystemExit(f"podman {' '.join(arguments[:2])}: {answer.stderr.strip()}")
        return (answer.stdout + answer.stderr * with_errors).strip()


@dataclass(frozen=True, slots=True)
class Translation:
    """From a render to commands.

    Args:
        documents: Every object of the render.
        folder: Where volumes are made.
        secrets: What the administrator would have created: name, key, value.
        images: The local image for each image of the render.
        extra: Arguments for every container: the network, more mounts.
    """

    documents: Sequence[Document]
    folder: Path
    secrets: Secrets
    images: Mapping[str, str]
    extra: Sequence[str] = field(default=())

    def arguments(self, workload: Document) -> list[str]:
        """The `podman run` arguments for the first container of a workload's pod."""
        pod = workload["spec"]["template"]["spec"]
        container = pod["containers"][0]
        name = workload["metadata"]["name"]
        return [
            "run", "--detach", "--name", name, "--no-healthcheck", "--pull", "never",
            *_hardening(pod, container), *_limits(container),
            "--stop-timeout", str(pod["terminationGracePeriodSeconds"]),
            *(f"--env={key}={value}" for key, value in self._environment(container).items()),
            *self._mounts(workload, pod, container), *self.extra,
            self.images[container["image"]], *container["command"],
        ]  # fmt: skip

    def _environment(self, container: Document) -> dict[str, str]:
        values: dict[str, str] = {}
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                values |= self._config_map(source["configMapRef"]["name"])
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            text = self.secrets[reference["name"]][reference["key"]] if reference else variable["value"]
            values[variable["name"]] = _REFERENCE.sub(lambda found: values[found[1]], text)
        return values

    def _config_map(self, name: str) -> dict[str, str]:
        return next(dict(one["data"]) for one in self.documents
                    if one["kind"] == "ConfigMap" and one["metadata"]["name"] == name)  # fmt: skip

    def _mounts(self, workload: Document, pod: Document, container: Document) -> Iterator[str]:
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for claim in workload["spec"].get("volumeClaimTemplates", []):
            volumes[claim["metadata"]["name"]] = {
                "persistentVolumeClaim": {"claimName": f"{workload['metadata']['name']}-0"}
            }
        group = pod["securityContext"].get("fsGroup", 0)
        for mount in container.get("volumeMounts", []):
            volume, path = volumes[mount["name"]], mount["mountPath"]
            if "emptyDir" in volume:
                yield f"--tmpfs={path}:rw,mode=1777,size={_size(volume['emptyDir']['sizeLimit'])}"
            else:
                mode = "ro" if mount.get("readOnly") else "rw"
                yield f"--volume={self._folder_of(volume, group=group)}:{path}:{mode}"

    def _folder_of(self, volume: Document, *, group: int) -> Path:
        if "persistentVolumeClaim" in volume:
            return _make(self.folder / volume["persistentVolumeClaim"]["claimName"], {}, group=group)
        if "secret" in volume:
            name = volume["secret"]["secretName"]
            return _make(self.folder / name, self.secrets[name], group=group)
        name = volume["configMap"]["name"]
        return _make(self.folder / name, self._config_map(name), group=group)


def _make(folder: Path, files: Mapping[str, str], *, group: int) -> Path:
    """A folder that belongs to the pod's group, as fsGroup has it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o440)
    for path in (folder, *folder.iterdir()):
        os.chown(path, 0, group)
    folder.chmod(0o2770)
    return folder


def _hardening(pod: Document, container: Document) -> Iterator[str]:
    context, own = pod["securityContext"], container["securityContext"]
    yield f"--user={context['runAsUser']}:{context['runAsGroup']}"
    if own["readOnlyRootFilesystem"]:
        yield from ("--read-only", "--read-only-tmpfs=false")
    yield from (f"--cap-drop={name.lower()}" for name in own["capabilities"]["drop"])
    if not own["allowPrivilegeEscalation"]:
        yield "--security-opt=no-new-privileges"


def _limits(container: Document) -> Iterator[str]:
    limits = container["resources"]["limits"]
    yield f"--memory={_size(limits['memory'])}"
    if "cpu" in limits:
        yield f"--cpus={min(int(limits['cpu']), os.cpu_count() or 1)}"


def _size(quantity: str) -> str:
    return quantity[:-2] + _UNITS[quantity[-2:]]
