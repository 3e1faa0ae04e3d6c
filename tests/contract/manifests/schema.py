"""Structure: the JSON schemas of Kubernetes itself, strictly."""

import warnings
from collections.abc import Iterator

import kubernetes_validate

from tests.contract.manifests.cluster import Cluster, Finding

__all__ = ["NEWEST", "OLDEST", "schema_violations"]

# The oldest version has the HPA's ContainerResource, preStop sleep and matchLabelKeys switched on by default.
OLDEST = "1.31.0"
NEWEST = "1.37.0"
# Groups that are not Kubernetes' own; `make k8s-check` checks them against their own schemas.
CUSTOM_GROUPS = ("keda.sh", "monitoring.coreos.com", "kueue.x-k8s.io", "gateway.networking.k8s.io")


def schema_violations(cluster: Cluster, version: str) -> Iterator[Finding]:
    """Everything that the strict schema of one Kubernetes version refuses."""
    for document in cluster.documents:
        if document["apiVersion"].partition("/")[0] in CUSTOM_GROUPS:
            continue
        where = f"{document['kind']}/{document['metadata']['name']}"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                path = ".".join(map(str, error.path))
                yield where, f"{path}: {error.message}"
            except (kubernetes_validate.SchemaNotFoundError, Warning) as error:
                yield where, str(error)
