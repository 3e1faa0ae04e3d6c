import json
from typing import Any

import numpy as np
import pytest

from service.http.responses import error_answer, json_answer, json_content


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a\ud800b", "a?b"),
        (2**64, str(2**64)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (10**400, str(10**400)),
        ({"\udfff": ("\ud800", 1, None, True, 1.5)}, {"?": ["?", 1, None, True, 1.5]}),
    ],
)
def test_what_json_cannot_hold_is_written_as_near_as_it_can(value: Any, written: Any) -> None:
    """Text that a manifest or a file's name brings, and whole numbers: an answer, and no 500."""
    assert json.loads(json_content({"value": value, "other": [1]})) == {"value": written, "other": [1]}
    assert json_answer({"value": value}).status_code == 200


def test_all_else_is_written_as_it_is() -> None:
    """Arrays as nested lists, the largest whole numbers exactly."""
    document = {"array": np.arange(4, dtype=np.float32).reshape(2, 2), "most": 2**64 - 1, "least": -(2**63)}
    assert (
        json_content(document)
        == b'{"array":[[0.0,1.0],[2.0,3.0]],"most":18446744073709551615,"least":-9223372036854775808}'
    )


def test_an_error_says_what_it_can() -> None:
    """In its sentence and in its details."""
    answer = error_answer("\ud800 is none", status=400, details=[{"path": "\ud800", "message": "none"}])
    assert answer.json == {"error": "? is none", "details": [{"path": "?", "message": "none"}]}
