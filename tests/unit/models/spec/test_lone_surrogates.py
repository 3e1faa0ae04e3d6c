"""Text that escapes can write and UTF-8 cannot."""

import json

import pytest

from models.errors import SpecError
from models.spec.yaml_text import load_document, set_path

TEXTS = {
    "a value": (r'model: "\ud800"', "model"),
    "a value of JSON": (r'{"model": "\udfff"}', "model"),
    "deep inside": (r'layers: [{Dense: {units: 1}}, {Dense: {name: "a\udc00b"}}]', "layers.1.Dense.name"),
    "a key": (r'data: {"\ud800": 1}', "data"),
    "a key of JSON at the top": (r'{"\ud800": 1}', "body"),
    "a value below such a key": (r'{"\ud800": {"a": "\ud801"}}', "body"),
    "both halves as YAML's escapes": (r'model: "\ud83d\ude00"', "model"),
}


@pytest.mark.parametrize(("text", "path"), TEXTS.values(), ids=TEXTS)
def test_half_a_character_is_named(text: str, path: str) -> None:
    """With the path of the value, or of the mapping whose key it is; the message itself can be sent."""
    with pytest.raises(SpecError) as refused:
        load_document(text.encode(), name="body")
    first = refused.value.problems[0]
    assert first.path == path
    assert first.expected == "text of whole Unicode characters"
    assert "a lone surrogate in" in first.received
    assert str(refused.value).encode()


def test_it_is_named_on_the_command_line_too() -> None:
    """In an assignment."""
    with pytest.raises(SpecError, match="a lone surrogate"):
        set_path({"model": "m"}, r'model="\ud800"')


def test_whole_characters_pass() -> None:
    """Also as a pair of escapes in JSON, and beyond the first plane in YAML."""
    for text in (json.dumps({"model": "😀"}), r'model: "\U0001F600"', "model: 😀"):
        assert load_document(text.encode()) == {"model": "😀"}


def test_aliases_are_walked_once() -> None:
    """Also one that holds itself, and those that stand for a billion."""
    load_document("a: &a [x, *a]")
    lines = ["l0: &l0 [x, x]", *(f"l{level}: &l{level} [*l{level - 1}, *l{level - 1}]" for level in range(1, 40))]
    load_document("\n".join(lines))
