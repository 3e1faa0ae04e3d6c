import inspect

import pytest

from models import errors as model_errors
from models.errors import OnehotError
from service import errors
from service.errors import STATUSES, JobNotFound, QueueUnavailable, ServiceError, status_of


def all_classes() -> list[type[OnehotError]]:
    found = [*vars(errors).values(), *vars(model_errors).values()]
    return [one for one in found if inspect.isclass(one) and issubclass(one, OnehotError)]


@pytest.mark.parametrize("error", [one for one in all_classes() if issubclass(one, ServiceError)])
def test_every_error_of_the_service_has_a_status(error: type[OnehotError]) -> None:
    """None of them ends as a 500 by accident; only the base has none."""
    assert (error in STATUSES) == (error is not ServiceError)


def test_an_error_without_a_status_is_ours() -> None:
    """What was not foreseen is a 500."""
    assert status_of(OnehotError()) == 500


def test_a_subclass_has_the_status_of_its_ancestor() -> None:
    """The table need not name every class."""

    class Special(JobNotFound):
        """Still not found."""

    assert status_of(Special("x")) == 404


def test_the_reason_of_an_absent_queue_is_not_told() -> None:
    """It can hold an address of the inside."""
    assert "10.0.0.7" not in str(QueueUnavailable("Error 111 connecting to 10.0.0.7:6379"))
