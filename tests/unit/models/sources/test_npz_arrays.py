import io

import numpy as np
import pytest

from models.errors import DataError
from models.sources.npz_arrays import choose_arrays, read_header, read_plain_header
from models.spec import DataSpec


def saved(array: np.ndarray, version: tuple[int, int] | None = None) -> io.BytesIO:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    file.seek(0)
    return file


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_header_says_shape_order_and_type(version, order) -> None:
    """In every version of the format; the array itself is not read."""
    file = saved(np.zeros((3, 2), np.float32, order), version)
    assert read_header(file) == ((3, 2), order == "F", np.dtype(np.float32))
    assert len(file.read()) == 24


def test_pickled_objects_are_none_that_can_be_loaded() -> None:
    """Their header is read, and refused where the array is wanted."""
    array = np.array([{}], dtype=object)
    assert read_header(saved(array)).dtype.hasobject
    with pytest.raises(ValueError, match="pickled objects, which are never loaded"):
        read_plain_header(saved(array))


def test_features_and_target_are_named_or_usual_or_the_only_ones() -> None:
    """In whatever case they are written."""
    assert choose_arrays(["X", "y"], DataSpec("t")) == ("X", "y")
    assert choose_arrays(["pixels", "labels"], DataSpec("t")) == ("pixels", "labels")
    assert choose_arrays(["a", "b", "c"], DataSpec("t", ("a",), "c")) == ("a", "c")
    with pytest.raises(DataError, match=r"t: data\.target: expected one of a, b; received 'c'"):
        choose_arrays(["a", "b"], DataSpec("t", None, "c"))
