"""Specs that were made to cost time: each is refused, or read, in a moment."""

import json
from contextlib import suppress

import pytest
from ruamel.yaml.scanner import Scanner

from models.errors import SpecError
from models.spec import load_spec
from models.spec.yaml_text import MOST_TOKENS, MOST_YAML_BYTES, load_document
from tests.timing import assert_quick

GOOD = {
    "model": "a",
    "data": {"source": "sklearn://iris"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"},
}
MOST_S = 0.5
"""Of processor time: each takes a tenth of it, and many times as long if its time grew with the square of its size."""


def with_part(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def layers_of(*layers):
    return with_part(layers=list(layers))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 5000, "nesting of at most 64"),
        (b"{" * 5000, "nesting of at most 64"),
        (b"[{" * 2500, "nesting of at most 64"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "nesting of at most 64"),
        (b"[" * 500_000, "nesting of at most 64"),
        (b"- " * 8000, "YAML or JSON"),
        (b"? " * 8000, "YAML or JSON"),
        (b"".join(b"key%d: 1\n" % number for number in range(42_000)), "YAML of at most 16384 bytes, or JSON"),
        (b"a: " + b"x" * 490_000, "YAML of at most 16384 bytes, or JSON"),
        (b"#" * 490_000, "YAML of at most 16384 bytes, or JSON"),
        (b" " * 490_000, "YAML of at most 16384 bytes, or JSON"),
        (b'{"a": 1, ' * 60_000, "nesting of at most 64"),
        (json.dumps({f"key{number}": 1 for number in range(40_000)}).encode(), "39900 more that are unknown"),
        (layers_of({"Dense": {f"unitz{number}": 1 for number in range(35_000)}}), "at most 100 arguments"),
        (layers_of(*({f"Dens{number}": {"units": 3}} for number in range(20_000))), "at most 1000 items"),
        (with_part(preprocessing=[f"resc{number}" for number in range(30_000)]), "at most 1000 items"),
        (layers_of(*({"Dense": {"unitz": number}} for number in range(1000))), "more of them"),
        (with_part(**{"x" * 400_000: 1}), "one of the keys"),
    ],
    ids=range(18),
)
def test_a_document_that_costs_time_is_refused_in_a_moment(content, message):
    """Deep, large, or full of names that are looked up among the known ones."""

    def refuse() -> None:
        with pytest.raises(SpecError, match=message):
            load_spec(load_document(content, name="body", most_yaml_bytes=MOST_YAML_BYTES))

    assert_quick(refuse, most_s=MOST_S)


def test_a_large_spec_in_json_is_read():
    """As many class names as there are."""
    names = [f"class {number}" for number in range(30_000)]
    content = with_part(data={"source": "sklearn://iris", "class_names": names})
    assert load_spec(load_document(content)).data.class_names == tuple(names)
    assert_quick(lambda: load_spec(load_document(content)), most_s=MOST_S)


def test_json_is_read_as_yaml_reads_it():
    """Numbers, text, what stands for nothing; a key given twice is an error with its place."""
    text = '{"a": [1, 1.5, 1e-3, "no", null, true, "\\u00e4"], "b": {"c": -7}}'
    assert load_document(text) == load_document(f"# YAML\n{text}")
    with pytest.raises(SpecError, match=r"spec:1:10: expected each key once"):
        load_document('{"a": 1, "a": 2}')
    with pytest.raises(SpecError, match="expected YAML or JSON"):
        load_document('{"a": 1, ')


def test_brackets_in_text_are_no_nesting_as_long_as_they_are_closed():
    """And a spec may nest as deep as one needs to."""
    assert load_document(f"a: '{'[x] ' * 200}'")["a"].startswith("[x]")
    assert load_document("a: " + "[" * 60 + "]" * 60)["a"]


def filled(head: str, unit: str, tail: str = "") -> str:
    """A text just below the bound, of as many units as there is room for."""
    return head + unit * ((MOST_YAML_BYTES - len(head) - len(tail)) // len(unit)) + tail


FORMS = {
    "keys": "".join(f"k{number}: 1\n" for number in range(1800)),
    "list": filled("a: [", "1,", "1]"),
    "empty lists": filled("a: [", "[],", "1]"),
    "empty mappings": filled("a: [", "{},", "1]"),
    "pairs": filled("a: [", "a: b,", "1]"),
    "lists as keys": filled("a: {", "[1]: 2,", "1: 2}"),
    "items": filled("a:\n", "- \n"),
    "nested items": filled("a:\n", "- - - - - - - 1\n"),
    "tags": filled("a: [", "!!str 1,", "1]"),
    "sets": filled("a: !!set {", "a,", "b}"),
    "anchors": "a:\n" + "".join(f"- &a{number} 1\n" for number in range(1400)),
    "aliases": filled("a: &a [1]\nb:\n", "- *a\n"),
    "merges": "a: &a {" + ",".join(f"k{n}: 1" for n in range(600)) + "}\nb:\n" + "- <<: *a\n" * 900,
    "words": filled("a: ", "x "),
    "lines": filled("a: ", "x\n "),
    "escapes": filled('a: "', "\\x41", '"'),
    "literal lines": filled("a: |\n", " x\n"),
}
"""YAML that takes the longest to read for its bytes, and long scalars."""


@pytest.mark.parametrize("form", FORMS)
def test_yaml_of_a_client_is_read_in_a_bounded_number_of_steps(form, monkeypatch):
    """Counted, as the time depends on the machine; 20 microseconds each."""
    steps = 0
    fetch = Scanner.fetch_more_tokens

    def counted(scanner):
        nonlocal steps
        steps += 1
        return fetch(scanner)

    monkeypatch.setattr(Scanner, "fetch_more_tokens", counted)
    assert len(FORMS[form]) <= MOST_YAML_BYTES
    with suppress(SpecError):
        load_document(FORMS[form], most_yaml_bytes=MOST_YAML_BYTES)
    assert 0 < steps <= MOST_TOKENS + 1


def test_too_many_tokens_are_named_with_the_way_on():
    """And a file of one's own has no such bound."""
    with pytest.raises(SpecError, match="more than 4000 tokens: send it as JSON"):
        load_document(FORMS["list"], most_yaml_bytes=MOST_YAML_BYTES)
    assert len(load_document(FORMS["list"])["a"]) > MOST_TOKENS


def test_aliases_that_would_multiply_are_not_gone_through():
    """Nine times nine times nine …: a spec of them is refused as quickly as any."""
    text = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 20))
    text += "model: a\ndata: {source: *l19, features: *l19}\nlayers: *l19\ncompile: {loss: *l19, metrics: *l19}\n"

    def refuse() -> None:
        with pytest.raises(SpecError):
            load_spec(load_document(text, most_yaml_bytes=MOST_YAML_BYTES))

    assert_quick(refuse, most_s=MOST_S)
