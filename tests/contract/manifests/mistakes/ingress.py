"""Mistakes in the component ingress."""

from typing import Any

from tests.contract.manifests.spoiling import Mistakes, Spoilt

__all__ = ["MISTAKES"]


def _paths(spoilt: Spoilt) -> Any:
    return spoilt.spec("Ingress", "onehot")["rules"][0]["http"]["paths"]


MISTAKES: Mistakes = {
    "an Ingress without TLS": ("tls", lambda m: m.spec("Ingress", "onehot").pop("tls")),
    "a host without a certificate": (
        "tls", lambda m: m.spec("Ingress", "onehot")["rules"][0].update(host="models.example.com")),
    "metrics under an Ingress' path": ("metrics-stay-inside", lambda m: _paths(m)[0].update(path="/")),
    "an Ingress to another port": (
        "backends", lambda m: _paths(m)[0]["backend"]["service"].update(port={"name": "web"})),
    "a size of a body in a unit of ours": (
        "annotation-values", lambda m: m.get("Ingress", "onehot")["metadata"]["annotations"].update(
            {"nginx.ingress.kubernetes.io/proxy-body-size": "65MB"})),
    "a type of path in lower case": ("field-values", lambda m: _paths(m)[0].update(pathType="prefix")),
    "a path without /": ("field-values", lambda m: _paths(m)[0].update(path="v1")),
    "an address for a host": (
        "field-values", lambda m: m.spec("Ingress", "onehot")["rules"][0].update(host="10.0.0.1")),
    "a port by name and by number": (
        "fields-together", lambda m: _paths(m)[0]["backend"]["service"]["port"].update(number=8501)),
    "the name of a port of 18 letters": (
        "field-values", lambda m: _paths(m)[0]["backend"]["service"].update(port={"name": "onehot-predictions"})),
}  # fmt: skip
