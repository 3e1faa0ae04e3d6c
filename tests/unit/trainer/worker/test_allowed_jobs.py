import pytest
from redis import Redis
from rq.job import Callback
from rq.serializers import JSONSerializer

from trainer.jobs import LISTED, train
from trainer.worker.allowed_jobs import ForbiddenFunction, ListedJob

NO_SERVER = Redis(port=1)
"""No server: a job is made without one."""


def job(func: str, **kwargs) -> ListedJob:
    return ListedJob.create(func, connection=NO_SERVER, serializer=JSONSerializer, **kwargs)


def test_a_listed_function_is_found() -> None:
    """By its name."""
    assert job("trainer.jobs.train").func is train
    assert {"trainer.jobs.train"} == LISTED


@pytest.mark.parametrize("name", ["os.system", "trainer.jobs.os.system", "builtins.eval", "trainer.jobs.result_of"])
def test_any_other_function_is_refused(name: str) -> None:
    """Before it is imported."""
    with pytest.raises(ForbiddenFunction, match=r"a job may name trainer\.jobs\.train only"):
        _ = job(name).func


def test_a_method_of_an_instance_is_refused() -> None:
    """JSON can carry an instance too."""
    made = job("trainer.jobs.train")
    made._instance = "text"
    with pytest.raises(ForbiddenFunction):
        _ = made.func


@pytest.mark.parametrize("which", ["success", "failure", "stopped"])
def test_callbacks_are_refused(which: str) -> None:
    """They are names of functions as well."""
    made = job("trainer.jobs.train", **{f"on_{which}": Callback("os.abort")})
    with pytest.raises(ForbiddenFunction, match=r"os\.abort"):
        getattr(made, f"{which}_callback")
    assert getattr(job("trainer.jobs.train"), f"{which}_callback") is None
