import numpy as np
import pytest

from models.errors import InputError


def test_instances_become_probabilities(predictor_of, compute) -> None:
    """Rows sum to one and equal the reference."""
    rows = np.random.default_rng(1).random((4, 8)).tolist()
    predictor = predictor_of()
    predictions = predictor.predict(predictor.read(rows))
    assert predictions.shape == (4, 3)
    assert np.allclose(predictions.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(predictions, compute("classic-a", rows), atol=1e-6)


def test_a_matrix_and_its_flat_numbers_are_the_same_instance(predictor_of) -> None:
    """Nested, flat, and with a channel axis of one."""
    image = np.random.default_rng(2).random((28, 28))
    predictor = predictor_of("digits")
    forms = [[image.tolist()], [image.ravel().tolist()], [image.reshape(28, 28, 1).tolist()]]
    first, *others = [predictor.predict(predictor.read(form)) for form in forms]
    for other in others:
        assert np.array_equal(first, other)


def test_one_number_too_few_is_named(predictor_of) -> None:
    """The instance, what was expected, what came."""
    with pytest.raises(InputError, match=r"instances\[1\]: expected shape \[28, 28\].*received shape \[783\]"):
        predictor_of("digits").read([[0.0] * 784, [0.0] * 783])


def test_preprocessing_comes_before_the_graph(predictor_of, compute) -> None:
    """The same steps as in training."""
    steps = [{"astype": "float32"}, {"rescale": {"scale": 0.5, "offset": 1.0}}]
    predictor = predictor_of(preprocessing=steps)
    row = [[2.0] * 8]
    assert np.allclose(predictor.predict(predictor.read(row)), compute("classic-a", [[2.0] * 8]), atol=1e-6)
    row = [[4.0] * 8]
    assert np.allclose(predictor.predict(predictor.read(row)), compute("classic-a", [[3.0] * 8]), atol=1e-6)


def test_values_that_overflow_are_refused(predictor_of) -> None:
    """No NaN leaves; the instance that caused it is named."""
    predictor = predictor_of()
    with pytest.raises(InputError, match=r"instances\[1\]"):
        predictor.predict(predictor.read([[0.0] * 8, [3e38, -3e38] * 4]))
