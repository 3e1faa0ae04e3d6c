import pytest

from service.http.multipart import find_file, only_part

TYPE = "multipart/form-data; boundary=b0undary"
HEAD = b'--b0undary\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
END = b"\r\n--b0undary--\r\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"\r\n", b"\r\n--b0undar", b"a\r\n--b0undaryx\r\nb", b"\r\r\n\n--", bytes(range(256))],
)
@pytest.mark.parametrize("before", [b"", b"a preamble\r\n"])
def test_every_byte_of_a_file_arrives(content, before) -> None:
    """Also what looks like a boundary."""
    part = find_file(before + HEAD + content + END, TYPE)
    assert (before + HEAD + content + END)[part.content] == content
    assert (part.filename, part.content_type) == ("x.csv", "text/csv")


def test_any_other_body_is_itself() -> None:
    """Nothing of it is looked at."""
    assert only_part(HEAD, "application/json") == (HEAD, "application/json")
