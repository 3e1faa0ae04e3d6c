from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from service.decoding.csv_table import parse_csv

PLAIN = InstanceSpec((3,))
NAMED = InstanceSpec((3,), features=(Feature("a"), Feature("b"), Feature("c")))
TABLE = InstanceSpec((2,), features=(Feature("island", "category"), Feature("mass", optional=True)))


@pytest.mark.parametrize(
    ("spec", "body"),
    [
        (PLAIN, b"1,2,3\n4,5,6\n"),
        (PLAIN, b"1,2,3\r\n4,5,6"),
        (PLAIN, b"1,2,3\r4,5,6"),
        (PLAIN, b"\xef\xbb\xbf1,2,3\n\n4,5,6\n\n"),
        (PLAIN, b'"1","2","3"\n4, 5 ,6\n'),
        (PLAIN, b"x0,x1,x2\n1,2,3\n4,5,6\n"),
        (PLAIN, b"1.0,2e0,+3.\n.4e1,50E-1,6\n"),
        (NAMED, b"1,2,3\n4,5,6\n"),
        (NAMED, b"a,b,c\n1,2,3\n4,5,6\n"),
        (NAMED, b"c,a,b\n3,1,2\n6,4,5\n"),
        (NAMED, b'"c", a ,"b"\n3,1,2\n6,4,5\n'),
    ],
)
def test_a_table_is_a_batch_with_or_without_a_header(spec, body):
    """Columns by name where there is a header, by position where there is none."""
    batch = parse_csv(body, spec)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, [[1, 2, 3], [4, 5, 6]])


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.just(3)),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_numbers_go_through_unchanged(batch):
    """Written by repr(), read as float32."""
    body = "\n".join(",".join(map(repr, row)) for row in batch.tolist()).encode()
    np.testing.assert_array_equal(parse_csv(body, PLAIN), batch)


def test_a_line_is_an_instance_flat():
    """An image of 2 × 2 has four cells."""
    assert parse_csv(b"1,2,3,4\n", InstanceSpec((2, 2))).tolist() == [[[1, 2], [3, 4]]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"island,mass\nDream,3.5\nBiscoe,\n", [["Dream", 3.5], ["Biscoe", None]]),
        (b"Dream,3.5\nBiscoe,\n", [["Dream", 3.5], ["Biscoe", None]]),
        (b"mass,island\n3.5,Dream\n", [["Dream", 3.5]]),
        (b"island\nDream\n", [["Dream", None]]),
        (b'island,mass\n"Dream, North",1\n"say ""x""",2\n', [["Dream, North", 1.0], ['say "x"', 2.0]]),
        ("island,mass\nÅland,1\n".encode(), [["Åland", 1.0]]),
    ],
)
def test_text_columns_stay_text_and_empty_optional_cells_are_gaps(body, expected):
    """As the same rows in JSON."""
    assert parse_csv(body, TABLE).tolist() == expected


def test_what_the_caller_says_about_the_header_counts():
    """A category that is called like a column is data when there is no header."""
    assert parse_csv(b"mass,1\n", TABLE, has_header=False).tolist() == [["mass", 1.0]]
    assert parse_csv(b"1,2,3\n4,5,6\n", PLAIN, has_header=True).tolist() == [[4, 5, 6]]


@pytest.mark.parametrize(
    ("spec", "body", "message"),
    [
        (PLAIN, b"", r"instances: expected at least one line of values; received none"),
        (PLAIN, b"\n\n", r"instances: expected at least one line"),
        (PLAIN, b"x,y,z\n", r"instances: expected at least one line"),
        (TABLE, b"island,mass\n", r"instances: expected at least one line"),
        (PLAIN, b"1,2\n", r"instances\[0\]: expected 3 cells; received 2 cells"),
        (PLAIN, b"1,2,3\n1,2,3,4\n", r"instances\[1\]: expected 3 cells; received 4 cells"),
        (PLAIN, b"1,2,3\n1,,3\n", r"instances\[1\]\[1\]: expected a number; received ''"),
        (PLAIN, b"1,2,3\n1,2,x\n", r"instances\[1\]\[2\]: expected a number; received 'x'"),
        (PLAIN, b"1,2,3\n1,2,1.2.3\n", r"instances\[1\]\[2\]: expected a number; received '1.2.3'"),
        (PLAIN, b"nan,2,3\n", r"instances\[0\]\[0\]: expected a number; received 'nan'"),
        (PLAIN, b"1,2,-Infinity\n", r"instances\[0\]\[2\]: expected a number; received '-Infinity'"),
        (PLAIN, b"1,2,1_000\n", r"expected a number; received '1_000'"),
        (PLAIN, "1,2,٣\n".encode(), r"expected a number"),
        (PLAIN, b"1,2,1e39\n", r"instances\[0\]: expected finite float32 numbers; received inf"),
        (PLAIN, b"1,2,1e999\n", r"instances\[0\]: expected finite float32 numbers; received inf"),
        (PLAIN, b"1,2,3\n\xff,2,3\n", r"body: expected UTF-8; received b'\\xff'"),
        (PLAIN, b'1,2,"3\n', r"line 1: expected CSV; received"),
        (PLAIN, b'1,2,"3"4\n', r"line 1: expected CSV; received"),
        (PLAIN, b"1," * 600_000, r"line 1: expected at most \d+ characters; received 1200000"),
        (PLAIN, b"1,2," + b"1" * 100_000 + b"x\n", r"instances\[0\]\[2\]: expected a number"),
        (NAMED, b"a,b,c\n1,2,x\n", r"instances\[0\].c: expected a number; received 'x'"),
        (NAMED, b"a,b,c\n1,2\n", r"instances\[0\]: expected 3 cells, as the header has; received 2 cells"),
        (NAMED, b"a,b,b\n1,2,3\n", r"header: expected each name once; received 'a, b, b'"),
        (NAMED, b"a,b\n1,2\n", r"header: expected a column 'c'; received 'a, b'"),
        (TABLE, b"Dream,heavy\n", r"instances\[0\].mass: expected a number; received 'heavy'"),
        (TABLE, b"mass\n1\n", r"header: expected a column 'island'; received 'mass'"),
    ],
)
def test_what_is_no_batch_is_refused_by_place(spec, body, message):
    """The instance and the column, what was expected and what came."""
    with pytest.raises(InputError, match=message):
        parse_csv(body, spec)


@given(st.binary(max_size=100), st.sampled_from([PLAIN, NAMED, TABLE]))
def test_any_bytes_give_a_batch_or_an_input_error(body, spec):
    """Nothing else ever comes out."""
    with suppress(InputError):
        parse_csv(body, spec)


CHOICES = InstanceSpec((2,), features=(Feature("a"), Feature("b", "category")))


@pytest.mark.parametrize(("body", "rows"), [(b"1,a\n2,b\n", 2), (b"a,b\n1,a\n", 1), (b"b,a\nx,1\n", 1)])
def test_a_category_may_be_called_as_a_column_is(body, rows):
    """A line with a number in it is no header."""
    assert len(parse_csv(body, CHOICES)) == rows


@pytest.mark.parametrize("header", [b"", b"a,b\n"])
def test_no_more_lines_are_read_than_there_may_be(header):
    """One too many is read; what stands behind it, right or wrong, is not."""
    body = header + b"1,x\n" * 11 + b"not,a,line\n" * 1000
    assert len(parse_csv(body, CHOICES, most_rows=10)) == 11
