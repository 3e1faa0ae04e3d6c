import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec, batch_of_numbers, parse_instances

IMAGE = InstanceSpec((28, 28), model_shape=(784,))
ROW = InstanceSpec((3,), features=(Feature("a"), Feature("b"), Feature("c")))
TABLE = InstanceSpec((2,), features=(Feature("island", "category"), Feature("mass", optional=True)))


def test_an_image_may_come_nested_or_flat():
    """28×28 and 784 numbers are the same instance."""
    image = np.arange(784, dtype=np.float32).reshape(28, 28)
    nested = parse_instances([image.tolist()], IMAGE)
    flat = parse_instances([image.reshape(-1).tolist()], IMAGE)
    assert nested.shape == (1, 28, 28)
    assert nested.dtype == np.float32
    np.testing.assert_array_equal(nested, flat)


def test_an_image_may_come_as_the_network_takes_it():
    """8×8 and 8×8×1 for data that is stored as 64 numbers."""
    spec = InstanceSpec((64,), model_shape=(8, 8, 1))
    pixels = np.arange(64.0)
    forms = [pixels.reshape(shape).tolist() for shape in ((64,), (8, 8), (8, 8, 1))]
    results = [parse_instances([form], spec) for form in forms]
    for result in results:
        np.testing.assert_array_equal(result, pixels.reshape(1, 64))


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 5), st.just(2), st.just(3)),
        elements=st.floats(-(2.0**100), 2.0**100, width=32),
    )
)
def test_numbers_go_through_unchanged(batch):
    """JSON to array and back is the identity on float32."""
    np.testing.assert_array_equal(parse_instances(batch.tolist(), InstanceSpec((2, 3))), batch)


def test_features_may_come_by_name_in_any_order():
    """Objects and lists in one request."""
    result = parse_instances([{"c": 3, "a": 1, "b": 2}, [1.0, 2.0, 3.0]], ROW)
    np.testing.assert_array_equal(result, [[1, 2, 3], [1, 2, 3]])


@pytest.mark.parametrize(
    ("instances", "spec", "message"),
    [
        ([[0.0] * 783], IMAGE, r"instances\[0\]: expected shape \[28, 28\] or 784 flat values; received shape \[783\]"),
        ([[1, 2, 3], [1, 2]], ROW, r"instances\[1\]: expected shape \[3\].*; received shape \[2\]"),
        ([[[0.0] * 28] * 27], IMAGE, r"instances\[0\]: .*received shape \[27, 28\]"),
        ([[[0.0] * 28] * 27 + [[0.0] * 27]], IMAGE, r"instances\[0\]: .*received ragged rows of 27, 28 values"),
        ([[1, 2, "3"]], ROW, r"instances\[0\]: expected numbers .*; received '3'"),
        ([[1, 2, True]], ROW, r"instances\[0\]: .*received True"),
        ([[1, 2, None]], ROW, r"instances\[0\]: .*received None"),
        ([[1, 2, 3], [1, 2, float("nan")]], ROW, r"instances\[1\]: expected finite float32 numbers; received nan"),
        ([[1, 2, 1e39]], ROW, r"instances\[0\]: expected finite float32 numbers; received inf"),
        ([[1, 2, 10**400]], ROW, r"instances: expected numbers that fit float32"),
        ([1, 2, 3], ROW, r"instances\[0\]: expected shape \[3\].*received shape \[\]"),
        ([], ROW, r"instances: expected a list of at least one instance; received \[\]"),
        ("abc", ROW, r"instances: expected a list of at least one instance; received 'abc'"),
        ([{"a": 1, "b": 2}], ROW, r"instances\[0\].c: expected a number; received nothing"),
        (
            [{"a": 1, "b": 2, "c": 3, "d": 4}],
            ROW,
            r"instances\[0\].d: expected one of a, b, c; received an unknown feature",
        ),
        ([[1, 2, [3]]], ROW, r"instances\[0\]: .*received"),
        ([[{}]], ROW, r"instances\[0\]: .*received {}"),
    ],
)
def test_what_does_not_fit_is_refused_by_index(instances, spec, message):
    """The error names the instance, what was expected and what came."""
    with pytest.raises(InputError, match=message):
        parse_instances(instances, spec)


def test_a_table_takes_text_where_it_was_trained_on_text_and_gaps_where_they_are_filled():
    """Categories stay text, a gap stays a gap."""
    result = parse_instances([{"island": "Dream", "mass": 3.5}, {"island": "Biscoe"}, ["Dream", None]], TABLE)
    assert result.tolist() == [["Dream", 3.5], ["Biscoe", None], ["Dream", None]]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"island": None, "mass": 1}, r"instances\[0\].island: expected text; received None"),
        ({"island": "Dream", "mass": "heavy"}, r"instances\[0\].mass: expected a number; received 'heavy'"),
        ({"mass": 1}, r"instances\[0\].island: expected text; received nothing"),
        (["Dream"], r"instances\[0\]: expected shape \[2\].*; received shape \[1\]"),
        (7, r"instances\[0\]: expected shape \[2\].*; received 7"),
    ],
)
def test_a_cell_that_does_not_fit_its_column_is_refused_by_name(row, message):
    """The error names the instance and the column."""
    with pytest.raises(InputError, match=message):
        parse_instances([row], TABLE)


@pytest.mark.parametrize("depth", [13, 500, 1000])
@pytest.mark.parametrize("spec", [IMAGE, ROW, TABLE])
def test_lists_without_end_are_not_followed_to_their_end(depth, spec):
    """They end in an error before they end."""
    value: object = "x"
    for _ in range(depth):
        value = [1, value]
    with pytest.raises(InputError):
        parse_instances([value], spec)
    for _ in range(depth):
        value = [value]
    with pytest.raises(InputError):
        parse_instances([value], spec)


LARGEST = float(np.finfo(np.float32).max)


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("value", [0.0, 1.0, -3e37, 1e38, LARGEST])
def test_large_numbers_are_finite(count, value) -> None:
    """Up to the largest that float32 holds, without a warning."""
    batch = batch_of_numbers([value] * count, InstanceSpec((count,)), "instances")
    assert batch.dtype == np.float32
    assert np.array_equal(batch, np.full((1, count), value, np.float32))


@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3.5e38, -1e200, 1e308])
def test_one_number_that_is_none_is_found(count, value) -> None:
    """Wherever it stands."""
    spec = InstanceSpec((1,))
    for place in {0, count // 2, count - 1}:
        values = [1.0] * count
        values[place] = value
        with pytest.raises(InputError, match=rf"instances\[{place}\]: expected finite float32 numbers"):
            batch_of_numbers(values, spec, "instances")


def test_each_instance_may_have_a_form_of_its_own() -> None:
    """Nested beside flat beside as the network takes it."""
    spec = InstanceSpec((2, 2), model_shape=(2, 2, 1))
    batch = parse_instances([[[1, 2], [3, 4]], [1, 2, 3, 4], [[[1], [2]], [[3], [4]]]], spec)
    assert batch.tolist() == [[[1, 2], [3, 4]]] * 3
    with pytest.raises(
        InputError, match=r"instances\[2\]: expected shape \[2, 2\] or 4 flat values; received shape \[3\]"
    ):
        parse_instances([[[1, 2], [3, 4]], [1, 2, 3, 4], [1, 2, 3]], spec)


@pytest.mark.parametrize("optional", [False, True])
def test_a_column_of_booleans_takes_them_and_numbers(optional: bool) -> None:
    """As it was trained on them; a column of numbers does not."""
    spec = InstanceSpec((2,), (Feature("wet", "boolean", optional), Feature("size", "number", optional)))
    rows = [[True, 2], {"size": 3, "wet": False}, [0.5, 4]]
    assert parse_instances(rows, spec).tolist() == [[1, 2], [0, 3], [0.5, 4]]
    for row in ([1, True], ["true", 1]):
        with pytest.raises(InputError, match=r"instances\[0\]"):
            parse_instances([row], spec)
