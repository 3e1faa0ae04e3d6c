import pytest

from models.names import LARGEST_VERSION, is_version, version_number


@pytest.mark.parametrize("text", ["1", "7", "100", str(LARGEST_VERSION)])
def test_a_number_is_a_version(text: str) -> None:
    """The folder's name and the number mean each other."""
    number = version_number(text)
    assert str(number) == text
    assert is_version(number)


@pytest.mark.parametrize(
    "text", ["", "0", "01", "-1", "+1", "1.0", "1e3", " 1", "1\n", "٣", "²", "9" * 20, str(LARGEST_VERSION + 1)]
)
def test_another_text_is_none(text: str) -> None:
    """Also digits of other scripts, and what is larger than every reader of JSON keeps."""
    assert version_number(text) is None


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", True, None, LARGEST_VERSION + 1, 10**400])
def test_another_value_is_no_version(value: object) -> None:
    """A whole number of JSON, and no other kind."""
    assert not is_version(value)
