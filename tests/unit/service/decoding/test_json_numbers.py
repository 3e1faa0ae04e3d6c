import json

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec, parse_instances
from service.decoding import json_numbers as number_text
from service.decoding.json_numbers import NumberReader, split_document

TABLE = InstanceSpec((3,))
IMAGE = InstanceSpec((2, 3), model_shape=(2, 3, 1))
ONE = InstanceSpec((1,))
SPECS = (TABLE, IMAGE, ONE, InstanceSpec((2, 2), model_shape=(4,)))


def read(text, spec=TABLE):
    return NumberReader(spec).read(text if isinstance(text, bytes) else text.encode(), where="instances")


def usual(text, spec):
    """What the usual way makes of it; None when it refuses it."""
    try:
        return parse_instances(orjson.loads(text), spec)
    except (InputError, orjson.JSONDecodeError):
        return None


@pytest.mark.parametrize(
    ("text", "spec", "shape"),
    [
        ("[[1, 2.5, -3e-2]]", TABLE, (1, 3)),
        ("[[1,2,3],[4,5,6]]", TABLE, (2, 3)),
        ("\n[\t[1 ,2,3 ]\r\n, [4,5,6] ] ", TABLE, (2, 3)),
        ("[[-0, 1E+3, 18446744073709551615]]", TABLE, (1, 3)),
        ("[[[1,2,3],[4,5,6]]]", IMAGE, (1, 2, 3)),
        ("[[1,2,3,4,5,6],[1,2,3,4,5,6]]", IMAGE, (2, 2, 3)),
        ("[[[[1],[2],[3]],[[4],[5],[6]]]]", IMAGE, (1, 2, 3)),
        ("[[7],[8]]", ONE, (2, 1)),
    ],
)
def test_each_form_is_read_as_in_the_usual_way(text, spec, shape) -> None:
    """The very same array: raw, flat, and as the network takes it."""
    batch = read(text, spec)
    assert batch is not None
    assert batch.shape == shape
    assert batch.dtype == np.float32
    assert np.array_equal(batch, usual(text, spec))


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "[]", "[[]]", "[[],[]]", "[1,2,3]", "[[1,2]]", "[[1,2,3,4]]", "[[1,2,3],[4,5]]", "[[[1,2,3]]]",
        "[[1,,3]]", "[[1,2,]]", "[[,,]]", "[[1,2,3],]", "1[[2,3,4]]", "[1[2,3,4]]", "[[1,2,3]4]",
        "[[1,2,3],[4,5,6]]7", "[[1 1,2,3]]", "[[01,2,3]]", "[[+1,2,3]]", "[[1.,2,3]]", "[[.5,2,3]]", "[[1e,2,3]]",
        "[[--1,2,3]]", "[[1e400,2,3]]", "[[9999999999999999999999999999999999999999,2,3]]", "[[true,2,3]]",
        "[[null,2,3]]", '[["1",2,3]]', "[[NaN,2,3]]", "[[Infinity,2,3]]", '[{"a":1},2,3]', "[[1,2,3]]]",
        "[[1,2,3]],[[4,5,6]]", "[[1,2,3]]\x00", "[[1\x0c,2,3]]", "[[1,2,[3]]]",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_usual_way(text) -> None:
    """Whether that reads it or refuses it."""
    assert read(text) is None


@pytest.mark.parametrize("size", [1, 40, 10_000])
def test_long_lists_are_read_in_pieces(monkeypatch, size) -> None:
    """Wherever they are cut; as many numbers as there are, in their order."""
    monkeypatch.setattr(number_text, "PIECE_BYTES", size)
    for spec, shape in ((TABLE, (500, 3)), (IMAGE, (300, 2, 3)), (IMAGE, (300, 2, 3, 1)), (ONE, (900, 1))):
        values = np.random.default_rng(3).normal(size=shape).astype(np.float32)
        for separators in ((",", ":"), (" , ", ":"), None):
            text = json.dumps(values.tolist(), separators=separators)
            batch = read(text, spec)
            assert batch is not None
            assert np.array_equal(batch.ravel(), values.ravel())


def test_a_mistake_in_any_piece_is_found(monkeypatch) -> None:
    """None of the pieces is skipped."""
    monkeypatch.setattr(number_text, "PIECE_BYTES", 50)
    rows = [[1.5, 2.5, 3.5]] * 40
    for index in range(40):
        spoiled = [*rows[:index], ["x", 2.5, 3.5], *rows[index + 1 :]]
        assert read(json.dumps(spoiled).replace('"x"', "1.5.5")) is None


def test_how_many_there_are_is_told_before_they_are_read() -> None:
    """Too many are refused before one of them is looked at."""
    told = []
    assert NumberReader(TABLE).read(b"[[1,2,3],[1,2,e]]", where="instances", on_rows=told.append) is None
    assert told == [2]
    with pytest.raises(OverflowError):
        NumberReader(TABLE).read(b"[[1,2,3]]", where="instances", on_rows=_too_many)


def _too_many(_: int) -> None:
    raise OverflowError


def test_tables_with_categories_or_gaps_are_left_alone() -> None:
    """Their cells are no plain numbers."""
    spec = InstanceSpec((2,), (Feature("a"), Feature("b", optional=True)))
    assert read("[[1,2]]", spec) is None


def test_numbers_beyond_float32_are_refused() -> None:
    """With the sentence of the usual way."""
    with pytest.raises(InputError, match=r"instances\[1\]: expected finite float32 numbers; received inf"):
        read("[[1,2,3],[1,1e39,3]]")


@given(st.data())
def test_whatever_is_read_is_what_the_usual_way_reads(data) -> None:
    """Texts spoiled at random: none is read here that is refused there, and none means anything else here."""
    spec = data.draw(st.sampled_from(SPECS))
    shape = data.draw(st.sampled_from([spec.shape, (spec.size,), spec.model_shape or spec.shape]))
    rows = data.draw(st.integers(1, 3))
    number = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False, width=32))
    flat = data.draw(st.lists(number, min_size=rows * spec.size, max_size=rows * spec.size))
    text = json.dumps(np.array(flat, object).reshape(rows, *shape).tolist()).encode()
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(text)))
        piece = data.draw(st.sampled_from([b"", b"[", b"]", b",", b" ", b"0", b"-", b".", b"e", b"],[", b"1", b"\n"]))
        text = text[:at] + piece + text[at + data.draw(st.integers(0, 1)) :]
    try:
        batch = read(text, spec)
    except InputError:
        assert usual(text, spec) is None
        return
    if batch is not None:
        assert np.array_equal(batch, usual(text, spec)), text


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"instances": [[1]]}', ("instances", b"[[1]]")),
        (b' {\n"inputs"\t:[[1]] } \r\n', ("inputs", b"[[1]] ")),
        (b'{"signature_name": "serving_default", "instances": [1]}', ("instances", b"[1]")),
        (b'{"signature_name":"","instances":[1]}', ("instances", b"[1]")),
        (b'{"signature_name": "train", "instances": [1]}', None),
        (b'{"instances": {"a": 1}}', None),
        (b'{"instances": 1}', None),
        (b'{"instances": [1]', None),
        (b'{"instances": [1]}\x00', None),
        (b'\xef\xbb\xbf{"instances": [1]}', None),
        (b'{"x": 1, "instances": [1]}', None),
        (b"", None),
        (b"}", None),
    ],
)
def test_a_document_with_one_list_is_split(body, found) -> None:
    """Any other is left alone."""
    assert split_document(body) == found
