import numpy as np
import pytest

from models.errors import DataError, InputError
from models.preprocessing.instances import InstanceSpec, batch_of_array, parse_instances
from models.preprocessing.pipeline import Preprocessing, StepSpec, fit_steps
from models.preprocessing.sequences import PadSequences, are_ragged

ROWS = [[1, 2, 3], [4], [5, 6, 7, 8, 9]]


def ragged(rows) -> np.ndarray:
    made = np.empty(len(rows), dtype=object)
    for index, row in enumerate(rows):
        made[index] = np.array(row, np.float64)
    return made


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_sequences_are_padded_and_cut_as_keras_does_it(padding, truncating) -> None:
    """Where and with what the step says: the cases of Keras' documentation."""
    made = PadSequences(4, padding, truncating, 0.5).apply(ragged(ROWS))
    filled = [0.5] * 3
    first = [*filled[:1], 1, 2, 3] if padding == "pre" else [1, 2, 3, *filled[:1]]
    second = [*filled, 4] if padding == "pre" else [4, *filled]
    third = [6, 7, 8, 9] if truncating == "pre" else [5, 6, 7, 8]
    assert made.dtype == np.float32
    assert made.tolist() == [first, second, third]


def test_the_longest_training_row_decides_where_nothing_is_said() -> None:
    """It is kept in the manifest, and rows of several values a step keep them."""
    arguments = {"padding": "post", "truncating": "post", "value": 0.0}
    rows = ragged([[[1, 2]], [[3, 4], [5, 6]]])
    fitted = fit_steps((StepSpec("pad_sequences", arguments),), rows)
    assert fitted.output_shape == (2, 2)
    assert fitted.document[0] == {"pad_sequences": {"maxlen": 2, **arguments}}
    again = Preprocessing.from_document(fitted.document, fitted.output_shape)
    assert again == fitted
    assert again.apply(rows).tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]]


def test_padding_comes_before_all_other_steps() -> None:
    """And whole arrays are cut as ragged rows are."""
    steps = (StepSpec("rescale", {"scale": 2.0, "offset": 0.0}), StepSpec("pad_sequences", {"maxlen": 2}))
    fitted = fit_steps(steps, np.array([[1, 2, 3], [4, 5, 6]]))
    assert [next(iter(step)) for step in fitted.document] == ["pad_sequences", "astype", "rescale"]
    assert fitted.apply(ragged(ROWS)).tolist() == [[4, 6], [0, 8], [16, 18]]


def test_columns_of_a_table_are_no_sequence() -> None:
    """A row of it has no steps."""
    with pytest.raises(DataError, match=r"preprocessing.pad_sequences: expected sequences: a column of lists"):
        fit_steps((StepSpec("pad_sequences", {"maxlen": 2}),), ragged([[1], [1, 2]]), features=())


SPEC = InstanceSpec((4,), padding=PadSequences(4, "post", "post"))


def test_instances_of_any_length_are_taken() -> None:
    """Together or alone, shorter or longer, as JSON or as an array."""
    assert parse_instances(ROWS, SPEC).tolist() == [[1, 2, 3, 0], [4, 0, 0, 0], [5, 6, 7, 8]]
    assert parse_instances([[1, 2], [3, 4]], SPEC).tolist() == [[1, 2, 0, 0], [3, 4, 0, 0]]
    assert parse_instances([[1, 2, 3, 4]], SPEC).tolist() == [[1, 2, 3, 4]]
    assert batch_of_array(np.array([[1, 2], [3, 4]]), SPEC, "x").tolist() == [[1, 2, 0, 0], [3, 4, 0, 0]]
    assert not are_ragged(parse_instances(ROWS, SPEC))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([], r"instances\[1\]: expected a sequence of one or more steps; received"),
        ([1, "a"], r"instances\[1\]: expected a sequence of one or more steps; received 'a'"),
        ([[1, 2]], r"instances\[1\]: expected a sequence of one or more steps; received shape \[1, 2\]"),
        (7, r"instances\[1\]: expected a sequence of one or more steps; received shape \[\]"),
        ([1e39], "finite"),
    ],
)
def test_what_is_no_sequence_is_named(row, said) -> None:
    """Its index, what was expected and what came."""
    with pytest.raises(InputError, match=said):
        parse_instances([[1, 2], row], SPEC)
