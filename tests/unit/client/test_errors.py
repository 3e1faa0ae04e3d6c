import inspect
import re

import pytest
from onehot_client import errors
from onehot_client.errors import (
    BadRequest,
    Conflict,
    InternalError,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OnehotError,
    Overloaded,
    ServiceError,
    TooLarge,
    TrainingFailed,
    Unavailable,
    service_error,
)
from onehot_client.http.retries import error_of

from tests.unit.client.conftest import response

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, OnehotError)]


def test_the_tree_at_the_head_of_the_module_is_the_tree():
    """Every class stands there under its base."""
    drawn, above = {}, []
    for line in inspect.getdoc(errors).splitlines():
        found = re.search(r"^(\s*[│├└─ ]*)\b([A-Z]\w+)\b", line)
        if found and hasattr(errors, found[2]):
            depth = len(found[1]) // 4
            above = [*above[: depth - 1], found[2]]
            drawn[found[2]] = above[-2] if len(above) > 1 else None
    bases = {one.__name__: one.__bases__[0].__name__ for one in CLASSES if one is not OnehotError}
    assert drawn == {"OnehotError": None, **bases}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest), (401, NotAuthenticated), (403, NotAllowed), (404, NotFound), (405, BadRequest),
        (409, Conflict), (413, TooLarge), (415, BadRequest), (422, BadRequest), (429, Overloaded), (500, InternalError),
        (501, InternalError), (502, Unavailable), (503, Unavailable), (504, Unavailable), (507, Unavailable),
    ],
)  # fmt: skip
def test_a_status_has_its_class(status, kind):
    """The nearest one where the status is an unusual one."""
    error = service_error(status, {"error": "no"}, request_id=None, retry_after_s=None)
    assert (type(error), error.status, str(error)) == (kind, status, "no")


def test_an_error_carries_what_the_service_said():
    """Each of its fields, and a message that names every place."""
    details = [{"path": "fit.epochs", "message": "expected a whole number"}, "odd"]
    document = {"error": "the spec has a problem", "details": details}
    error = error_of(response(document, status=400, X_Request_Id="abc", Retry_After="3"))
    assert (error.message, error.request_id, error.retry_after_s) == ("the spec has a problem", "abc", 3)
    assert error.details == (("fit.epochs", "expected a whole number"),)
    assert error.details[0].path == "fit.epochs"
    assert str(error) == "the spec has a problem\n  fit.epochs: expected a whole number"


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b"{}", b"\xff"])
def test_an_answer_of_something_else_is_told_by_its_status(content):
    """Of a proxy, say."""
    error = error_of(response(content=content, status=502))
    assert (str(error), error.is_own) == ("the service answered HTTP 502 Bad Gateway", False)
    assert str(error_of(response(content=content, status=599))) == "the service answered HTTP 599"


def test_errors_of_a_caller_are_value_errors_too():
    """As Python's own functions have them."""
    error = InvalidInput("rows", expected="at least one", received="none")
    assert isinstance(error, ValueError)
    assert str(error) == "rows: expected at least one; received none"


def test_a_failed_training_says_why():
    """As far as the service knows it."""
    assert str(TrainingFailed("7", "failed", "loss is NaN")) == "job 7 failed: loss is NaN"
    assert str(TrainingFailed("7", "canceled", None)) == "job 7 canceled"


def test_all_errors_have_one_base():
    """One `except` catches whatever this package raises."""
    assert all(issubclass(one, OnehotError) for one in (ServiceError, InvalidInput, TrainingFailed))
