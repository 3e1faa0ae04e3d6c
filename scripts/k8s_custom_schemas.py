"""Check KEDA's and the Prometheus operator's objects in rendered manifests: `python k8s_custom_schemas.py FILE …`.

Their models refuse a wrong type but pass over a field that they do not know, so what comes back is compared with what
went in. Ends 1 when an object is wrong.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus
from pydantic import BaseModel, ValidationError

MODELS: dict[tuple[str, str], type[BaseModel]] = {
    ("keda.sh/v1alpha1", "ScaledObject"): keda.ScaledObject,
    ("keda.sh/v1alpha1", "ScaledJob"): keda.ScaledJob,
    ("keda.sh/v1alpha1", "TriggerAuthentication"): keda.TriggerAuthentication,
    ("monitoring.coreos.com/v1", "ServiceMonitor"): prometheus.ServiceMonitor,
    ("monitoring.coreos.com/v1", "PrometheusRule"): prometheus.PrometheusRule,
}


def faults(document: dict[str, Any]) -> Iterator[str]:
    """What the object's own schema says against it."""
    model = MODELS.get((document["apiVersion"], document["kind"]))
    if model is None:
        return
    document = without_whole_quantities(document)
    try:
        known = model.model_validate(document).model_dump(mode="json", by_alias=True, exclude_none=True)
    except ValidationError as error:
        yield from (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return
    yield from (f"{path}: expected no such field" for path in lost(document, known))


def without_whole_quantities(value: Any, *, quantity: bool = False) -> Any:
    """The document with `1` as `1000m` in requests and limits: the models break on a quantity like an int."""
    if isinstance(value, dict):
        return {key: without_whole_quantities(one, quantity=quantity or key in {"requests", "limits"})
                for key, one in value.items()}  # fmt: skip
    if isinstance(value, list):
        return [without_whole_quantities(one) for one in value]
    return f"{value}000m" if quantity and str(value).isdigit() else value


def lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    """Paths of the fields that did not come back."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            if key in kept:
                yield from lost(value, kept[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}".lstrip(".")
    if isinstance(given, list) and isinstance(kept, list):
        for index, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from lost(one, other, f"{path}.{index}")


def main(files: list[str]) -> int:
    """Check every object of every file; the exit status."""
    checked = wrong = 0
    for file in files:
        for document in yaml.safe_load_all(Path(file).read_text(encoding="utf-8")):
            checked += (document["apiVersion"], document["kind"]) in MODELS
            for fault in faults(document):
                wrong += 1
                print(f"{file}: {document['kind']}/{document['metadata']['name']}: {fault}", file=sys.stderr)
    print(f"{checked} objects against their own schemas, {wrong} faults")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
