"""Structure: the strict JSON schemas of Kubernetes itself, and of the other kinds in `api/schemas/`."""

import functools
import json
from collections.abc import Iterator

from jsonschema.exceptions import best_match

from tests.contract.manifests.api import where
from tests.contract.manifests.api.typed import NEWEST, OLDEST, definition_of, validator
from tests.contract.manifests.cluster import Cluster, Finding

__all__ = ["NEWEST", "OLDEST", "schema", "schema_violations"]


def schema_violations(cluster: Cluster, version: str) -> Iterator[Finding]:
    """Everything that the strict schema of one Kubernetes version refuses."""
    for document in cluster.documents:
        name = definition_of(document, version)
        if name is None:
            yield where(document), f"expected a kind of Kubernetes {version}; received {document.get('apiVersion')}"
            continue
        for message in _faults(name, version, json.dumps(document, default=str)):
            yield where(document), message


@functools.cache
def _faults(name: str, version: str, text: str) -> tuple[str, ...]:
    """Of one object; a spoilt copy of a folder leaves all others as they were."""
    worst = [best_match([error]) or error for error in validator(name, version).iter_errors(json.loads(text))]
    return tuple(f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in worst)


def schema(cluster: Cluster) -> Iterator[Finding]:
    """The structure is that of the newest Kubernetes."""
    yield from schema_violations(cluster, NEWEST)
