"""Operations without a service: their calls are looked at, and answered by hand."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onehot_client.http.calls import Call, Response
from onehot_client.rows.npy_format import encode_npy

Answer = Response | Exception


def response(document: Any = None, *, status: int = 200, content: bytes | None = None, **headers: str) -> Response:
    """An answer; headers are spelled with underscores."""
    body = content if content is not None else b"" if document is None else json.dumps(document).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, "GET http://x/")


def metadata(version: int = 1, *, features: Any = None, **known: Any) -> Response:
    """The metadata of a version of a classifier."""
    usual = {"task": "softmax", "class_names": ["cat", "dog"], "threshold": None, "instance": {"features": features}}
    return response({"model_spec": {"version": str(version)}, "metadata": usual | known})


def outputs(*rows: list[float], version: int = 1) -> Response:
    """Predictions of a version."""
    content = encode_npy(np.asarray(rows, np.float32))
    return response(content=content, X_Onehot_Model_Version=str(version), X_Request_Id=f"request-{version}")


@pytest.fixture
def done() -> Callable[..., tuple[Any, list[Call]]]:
    """Do an operation with these answers to its calls; what it returns, and the calls."""

    def _done(steps: Any, *answers: Answer) -> tuple[Any, list[Call]]:
        calls, queue = [], list(answers)
        try:
            call = next(steps)
            while True:
                calls.append(call)
                answer = queue.pop(0)
                call = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
        except StopIteration as end:
            assert queue == [], "answers that no call was made for"
            return end.value, calls

    return _done
