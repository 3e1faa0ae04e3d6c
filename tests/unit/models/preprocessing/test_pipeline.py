import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.errors import DataError, InputError
from models.preprocessing.instances import Feature
from models.preprocessing.pipeline import Preprocessing, StepSpec, fit_steps

RNG = np.random.default_rng(0)
TABLE = np.array([["Dream", 1.0], ["Biscoe", None], ["Dream", 3.0], ["Torgersen", 5.0]], dtype=object)
COLUMNS = (Feature("island", "category"), Feature("mass"))


def read_back(preprocessing):
    """What a manifest makes of fitted steps."""
    return Preprocessing.from_document(json.loads(json.dumps(preprocessing.document)), preprocessing.output_shape)


def test_images_are_rescaled_and_reshaped_in_float32():
    """28×28 bytes become 784 numbers from 0 to 1."""
    images = RNG.integers(0, 256, (5, 28, 28)).astype(np.uint8)
    steps = [StepSpec("rescale", {"scale": 1 / 255, "offset": 0.0}), StepSpec("reshape", {"shape": [784]})]
    result = fit_steps(steps, images).apply(images)
    assert (result.shape, result.dtype) == ((5, 784), np.float32)
    np.testing.assert_allclose(result, images.reshape(5, 784) / 255, rtol=1e-6)


def test_standardize_is_fitted_on_the_batch_given_and_a_constant_column_becomes_zero():
    """Mean and deviation of the training split, no division by zero."""
    training = np.array([[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]], np.float32)
    fitted = fit_steps([StepSpec("standardize", {})], training)
    np.testing.assert_allclose(fitted.apply(training)[:, 0], [-1.2247449, 0, 1.2247449], rtol=1e-6)
    np.testing.assert_allclose(fitted.apply(training)[:, 1], 0, atol=1e-6)
    np.testing.assert_allclose(fitted.apply(np.array([[7.0, 0.1]], np.float32))[0, 0], 2.4494898, rtol=1e-6)


def test_gaps_are_filled_and_categories_become_columns():
    """`fill` and `one_hot` on a table, the categories sorted."""
    steps = [StepSpec("fill", {"strategy": "median"}), StepSpec("one_hot", {"columns": ["island"]})]
    fitted = fit_steps(steps, TABLE, features=COLUMNS)
    np.testing.assert_array_equal(fitted.apply(TABLE), [[0, 1, 0, 1], [1, 0, 0, 3], [0, 1, 0, 3], [0, 0, 1, 5]])
    assert fitted.output_shape == (4,)


@pytest.mark.parametrize(("strategy", "expected"), [("mean", 3.0), ("median", 3.0), ("most_frequent", 1.0)])
def test_a_gap_is_filled_by_strategy(strategy, expected):
    """The value comes from what is there."""
    column = np.array([[1.0], [np.nan], [3.0], [5.0]])
    fitted = fit_steps([StepSpec("fill", {"strategy": strategy})], column)
    assert fitted.apply(column)[1, 0] == expected


def test_a_gap_among_numbers_of_a_table_with_text_is_filled():
    """By the number, or the text, that is there most often."""
    table = np.array([[1.0, "a"], [None, "b"], [3.0, None], [3.0, "b"]], dtype=object)
    columns = [Feature("n", optional=True), Feature("t", "category", optional=True)]
    steps = [StepSpec("fill", {"strategy": "most_frequent"}), StepSpec("one_hot", {"columns": ["t"]})]
    fitted = fit_steps(steps, table, features=columns)
    assert fitted.apply(table).tolist() == [[1, 1, 0], [3, 0, 1], [3, 0, 1], [3, 0, 1]]


@pytest.mark.parametrize(("seen", "sent"), [("true", "True"), ("TRUE", "true"), ("1", "1.0"), ("-2", "-2.00")])
def test_a_category_may_be_spelled_as_its_table_has_it(seen, sent):
    """A table has True where JSON has true, and 1.0 where it has 1; what is really seen comes first."""
    table = np.array([[seen], ["other"]], dtype=object)
    columns = [Feature("t", "category")]
    fitted = read_back(fit_steps([StepSpec("one_hot", {"columns": ["t"]})], table, features=columns))
    (as_seen,), (as_sent,) = fitted.apply(table[:1]), fitted.apply(np.array([[sent]], dtype=object))
    assert as_seen.tolist() == as_sent.tolist()


def test_a_gap_is_filled_by_a_constant():
    """The value comes from the spec."""
    column = np.array([[1.0], [np.nan]])
    fitted = fit_steps([StepSpec("fill", {"strategy": "constant", "value": -1.0})], column)
    assert fitted.apply(column).tolist() == [[1.0], [-1.0]]


def test_an_unseen_category_is_refused_by_name():
    """The service answers 400 with this text."""
    steps = [StepSpec("fill", {"strategy": "mean"}), StepSpec("one_hot", {"columns": ["island"]})]
    fitted = read_back(fit_steps(steps, TABLE, features=COLUMNS))
    with pytest.raises(
        InputError, match=r"instances\[0\].island: expected one of Biscoe, Dream, Torgersen; received 'Mars'"
    ):
        fitted.apply(np.array([["Mars", 1.0]], dtype=object))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], r"column 'island': expected numbers, or a `one_hot` step for it; received 'Dream'"),
        ([StepSpec("one_hot", {"columns": ["island"]})], r"column 'mass': expected no gaps, or a `fill` step"),
        ([StepSpec("one_hot", {"columns": ["isle"]})], r"one_hot.columns: expected one of the columns island, mass"),
    ],
)
def test_a_table_that_its_steps_do_not_cover_is_refused(steps, message):
    """Before training, with the column's name."""
    with pytest.raises(DataError, match=message):
        fit_steps(steps, TABLE, features=COLUMNS)


def test_a_reshape_that_does_not_fit_is_refused():
    """The number of values must stay."""
    with pytest.raises(DataError, match=r"preprocessing.reshape: expected a shape of 64 values.*; received \[8, 9\]"):
        fit_steps([StepSpec("reshape", {"shape": [8, 9]})], np.zeros((2, 64)))


@given(
    batch=arrays.arrays(np.float32, (4, 6), elements=st.floats(-1e6, 1e6, width=32)),
    scale=st.floats(-10, 10),
    offset=st.floats(-10, 10),
)
def test_what_was_trained_is_what_is_served(batch, scale, offset):
    """Steps read back from a manifest compute the same bits."""
    steps = [
        StepSpec("rescale", {"scale": scale, "offset": offset}),
        StepSpec("standardize", {}),
        StepSpec("reshape", {"shape": [2, 3]}),
    ]
    fitted = fit_steps(steps, batch)
    assert fitted.apply(batch).tobytes() == read_back(fitted).apply(batch).tobytes()


def test_an_unknown_step_of_a_manifest_is_refused():
    """A newer trainer's step is not guessed at."""
    with pytest.raises(ValueError, match="expected a known preprocessing step; received 'whiten'"):
        Preprocessing.from_document([{"whiten": {}}], (1,))


def test_gaps_are_filled_before_categories_are_told_apart():
    """Whatever the order in the spec; a constant is text in a column of text."""
    table = np.array([["a", 1.0], [None, None], ["b", 3.0]], dtype=object)
    columns = [Feature("t", "category", optional=True), Feature("n", optional=True)]
    steps = [StepSpec("one_hot", {"columns": ["t"]}), StepSpec("fill", {"strategy": "constant", "value": 0})]
    fitted = read_back(fit_steps(steps, table, features=columns))
    assert fitted.apply(table).tolist() == [[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 3]]
