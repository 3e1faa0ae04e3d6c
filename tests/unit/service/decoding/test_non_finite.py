import pytest

from service.decoding.non_finite import LONGEST_BYTES, place_of_non_finite


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"instances": [[1], [NaN]]}', "instances[1]"),
        (b'{"instances": [[1], [[2], [-Infinity]]]}', "instances[1]"),
        (b'{"instances": [{"a": 1}, {"a": 1e999}]}', "instances[1]"),
        (b'{"inputs": {"x": [[1], [NaN]]}}', "inputs"),
        (b'{"a": Infinity}', "a"),
        (b'{"a": [1], "b": [0, NaN]}', "b[1]"),
        (b'{"a": [1]}', None),
        (b"[NaN]", None),
        (b'{"a": [NaN', None),
        (b'{"a": ' + b"[" * 100_000, None),
        (b"\xff", None),
        (b'{"a": [NaN]}' + b" " * LONGEST_BYTES, None),
    ],
)
def test_the_instance_that_holds_no_number_is_named(body, place):
    """And nothing where there is none, the rest is no JSON either, or it would take long."""
    assert place_of_non_finite(body) == place
