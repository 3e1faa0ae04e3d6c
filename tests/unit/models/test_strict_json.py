import pytest

from models.strict_json import read_json, read_object

DEEP = 200_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1e999}', "no float holds"),
        (b'{"a": -1e999}', "no float holds"),
        (b'{"a": %s}' % (b"9" * 400), "more than 64 bits"),
        (b'{"a": %s}' % (b"9" * 5000), "more than 64 bits"),
        (b'{"a": 18446744073709551616}', "more than 64 bits"),
        (b'{"a": -9223372036854775809}', "more than 64 bits"),
        (b'{"a": NaN}', "not JSON"),
        (b"[" * DEEP + b"]" * DEEP, "nested more than 64 deep"),
        (b'{"a":' * DEEP, "nested more than 64 deep"),
        (b"[" * 66 + b"]" * 66, "nested more than 64 deep"),
        (b'{"a": "\xff"}', "no UTF-8"),
        (b'{"a": "\\ud800"}', "no UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "no UTF-8"),
        (b"", "Expecting value"),
        (b'{"a": 1} x', "Extra data"),
    ],
)
def test_what_no_writer_can_write_again_is_refused_in_one_way(content: bytes, reason: str) -> None:
    """Always a ValueError, short, whatever the bytes are."""
    with pytest.raises(ValueError, match=reason) as raised:
        read_json(content)
    assert len(str(raised.value)) < 200


def test_what_is_json_is_read_as_it_stands() -> None:
    """The largest whole numbers, text of any script, 64 brackets."""
    assert read_json(b'{"a": [18446744073709551615, -9223372036854775808, 1.5e300, null]}') == {
        "a": [2**64 - 1, -(2**63), 1.5e300, None]
    }
    assert read_json('\ufeff"\\ud83d\\ude00 ß"'.encode()) == "😀 ß"
    assert read_json(b"[" * 64 + b"]" * 64)


@pytest.mark.parametrize("content", [b"[]", b"7", b'"a"', b"null"])
def test_what_is_no_object_is_named(content: bytes) -> None:
    """By its kind."""
    with pytest.raises(ValueError, match=r"^an? \w+$"):
        read_object(content)
