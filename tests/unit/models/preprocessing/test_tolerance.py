import math

import numpy as np
import pytest

from models.preprocessing.tolerance import allowed_difference, largest_difference


def test_other_shapes_differ_without_bound() -> None:
    """Whatever is in them."""
    assert largest_difference(np.zeros((2, 3)), np.zeros((2, 2))) == math.inf
    assert largest_difference(np.array([[1, 2]]), np.array([[1.5, 1.9]])) == 0.5


@pytest.mark.parametrize(("values", "allowed"), [([0.2, 0.8], 1e-5), ([-400.0, 3.0], 4e-3)])
def test_probabilities_agree_absolutely_and_larger_values_relatively(values, allowed) -> None:
    """A tolerance is for values of up to 1."""
    assert allowed_difference(np.array([values]), tolerance=1e-5) == pytest.approx(allowed)
