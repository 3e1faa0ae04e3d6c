"""The Python client has a method for each operation with each parameter, or a reason why it has none."""

import inspect
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from onehot_client import Client
from onehot_client.operations import Operations

from models.settings import Settings
from service.app import create_app
from service.openapi.components import SCHEMAS
from service.openapi.operation import operations_of
from tests.unit.client.conftest import metadata
from tests.unit.client.test_operations import CALLS

ROWS = np.zeros((1, 2), dtype=np.float32)
CHOICES: tuple[dict[str, Any], ...] = ({}, {"version": 2}, {"label": "canary"})
ASKED = [
    *[(name, arguments, options) for name, arguments, options, _, _ in CALLS if name != "request"],
    *[(name, ("iris", ROWS), choice) for name in ("predict", "classify") for choice in CHOICES],
    *[(name, ("iris",), choice) for name in ("metadata", "monitoring") for choice in CHOICES],
    *[("steer_rollout", ("iris", verb), {}) for verb in ("promote", "rollback", "pause", "resume")],
    ("download", ("iris", 2, "model.keras"), {}),
]
"""Methods with arguments, so that each kind of path is asked for."""
STREAMS = {"follow_job": "follow", "follow_search": "follow_search"}
"""Operations that answer with events, and the methods that read them."""
NO_METHOD = {
    "prediction.regress": "`predict` gives the numbers of a regression",
    "model_status.get_model": "TensorFlow Serving's status; `model` has the same versions and states",
    "inference_protocol": "that protocol's own clients speak it; `predict` sends numbers in binary, too",
    "health": "for Kubernetes",
    "metrics": "for Prometheus",
    "docs": "for browsers and generators",
    "page": "for browsers",
}
"""Endpoints, or whole blueprints, and why the client has no method for them."""
SENT_ITSELF = {
    "cursor": "pages are read one after the other", "id": "the `runs` that are compared",
    **dict.fromkeys(("separator", "decimal", "encoding", "header"), "parts of `csv`"),
    "rollback": "`roll_back`",
}  # fmt: skip
"""Parameters that are no argument of a method."""
READ_WHOLE = {"datasets": {"limit"}, "models": {"limit", "model"}, "model": {"limit"}, "labels": {"limit"}}
"""Methods that give all there is, and the parameters which they need not."""
BODIES = {
    "set_label": "LabelRequest", "roll_back": "LabelRequest", "delete_version": "VersionDeletion", "tag": "RunPatch",
    "propose_spec": "ProposalRequest",
}  # fmt: skip
"""Methods whose arguments are the fields of a document; others are given the whole document."""
APP = create_app(Settings())
ADAPTER = APP.url_map.bind("localhost")


def asked() -> Iterator[tuple[str, str, str]]:
    """Method of the client → the call that it ends with, as endpoint and path."""
    for name, arguments, options in ASKED:
        steps = getattr(Operations(), name)(*arguments, **options)
        call = next(steps)
        if name in ("predict", "classify"):
            call = steps.send(metadata(2, features=None, class_names=["cat", "dog"]))
        rule, _ = ADAPTER.match(unquote(call.path), method=call.method, return_rule=True)
        yield name, rule.endpoint, rule.rule


REACHED = list(asked())


def test_every_operation_has_a_method_or_a_reason() -> None:
    """By default, by version and by label, where there are all three."""
    rules = {(rule.endpoint, rule.rule) for rule in APP.url_map.iter_rules()}
    reached = {(endpoint, rule) for _, endpoint, rule in REACHED}
    left = {
        (endpoint, rule) for endpoint, rule in rules - reached
        if not {endpoint, endpoint.partition(".")[0]} & set(NO_METHOD) and endpoint.partition(".")[2] not in STREAMS
    }  # fmt: skip
    assert left == set()


def test_every_reason_is_of_something_that_is_there() -> None:
    """And of nothing that has a method by now."""
    endpoints = {rule.endpoint for rule in APP.url_map.iter_rules()}
    known = endpoints | {one.partition(".")[0] for one in endpoints}
    reached = {endpoint for _, endpoint, _ in REACHED}
    assert set(NO_METHOD) <= known
    assert set(NO_METHOD) & (reached | {one.partition(".")[0] for one in reached}) == set()
    assert set(STREAMS) <= {one.partition(".")[2] for one in endpoints}
    assert all(callable(getattr(Client, name)) for name in STREAMS.values())


@pytest.mark.parametrize(("name", "endpoint"), sorted({(name, endpoint) for name, endpoint, _ in REACHED}))
def test_a_method_has_every_parameter_of_its_operation(name: str, endpoint: str) -> None:
    """Those of the query, under the same names."""
    taken = set(inspect.signature(getattr(Client, name)).parameters)
    known = {one["name"] for one in operations_of(APP)[endpoint].get("parameters", ()) if one["in"] == "query"}
    assert known - set(SENT_ITSELF) - READ_WHOLE.get(name, set()) <= taken


@pytest.mark.parametrize(("name", "document"), BODIES.items())
def test_a_method_has_every_field_of_its_document(name: str, document: str) -> None:
    """Under the same names."""
    taken = set(inspect.signature(getattr(Client, name)).parameters)
    assert set(SCHEMAS[document]["properties"]) - set(SENT_ITSELF) <= taken
