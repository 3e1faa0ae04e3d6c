"""A copy of a rendered folder to be spoilt, one mistake at a time."""

import copy
from collections.abc import Callable
from typing import Any

from tests.contract.manifests.cluster import Cluster

__all__ = ["Mistakes", "Spoilt"]


class Spoilt:
    """A copy to be spoilt."""

    def __init__(self, cluster: Cluster) -> None:
        self.documents = copy.deepcopy(list(cluster.documents))

    def get(self, kind: str, name: str) -> Any:
        """One object; the name may leave out the hash of a generated ConfigMap."""
        return next(one for one in self.documents if one["kind"] == kind and one["metadata"]["name"].startswith(name))

    def spec(self, kind: str, name: str) -> Any:
        """The spec of one object."""
        return self.get(kind, name)["spec"]

    def add(self, api: str, kind: str, name: str = "onehot", **fields: Any) -> Any:
        """One more object."""
        metadata = {"name": name, "namespace": "onehot", "labels": {"app.kubernetes.io/name": "onehot"}}
        self.documents.append({"apiVersion": api, "kind": kind, "metadata": metadata, **fields})
        return self.documents[-1]

    def drop(self, kind: str, name: str) -> None:
        """Remove one object."""
        self.documents.remove(self.get(kind, name))

    def pod(self, name: str) -> Any:
        """The pod spec of a workload."""
        kind = "StatefulSet" if name == "onehot-queue" else "Deployment"
        return self.get(kind, name)["spec"]["template"]["spec"]

    def container(self, name: str) -> Any:
        """The first container of a workload."""
        return self.pod(name)["containers"][0]

    def security(self, name: str) -> Any:
        """The security context of a workload's first container."""
        return self.container(name)["securityContext"]

    def requests(self, name: str) -> Any:
        """What a workload's first container requests."""
        return self.container(name)["resources"]["requests"]

    def limits(self, name: str) -> Any:
        """What a workload's first container is limited to."""
        return self.container(name)["resources"]["limits"]

    def data(self, name: str) -> Any:
        """The data of a ConfigMap."""
        return self.get("ConfigMap", name)["data"]


Mistakes = dict[str, tuple[str, Callable[[Spoilt], Any]]]
"""By what the mistake is: the rule that has to notice it, and how it is made."""
