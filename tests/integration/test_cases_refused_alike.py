import numpy as np
import pytest

from models.errors import DataError, SpecError
from models.spec import load_spec
from service.jobs.spec_check import read_spec
from tests.unit.service.jobs.data_preview.test_cases_refused import FLOATS, ROWS, X, document
from trainer.data.preparation import prepare


@pytest.mark.parametrize(
    "targets", [ROWS % 4, ROWS * 0, FLOATS, np.where(ROWS < 2, 2, ROWS % 2), np.eye(3)[ROWS % 3], ROWS % 3 == 0]
)
def test_submission_and_training_refuse_alike(tmp_path, targets) -> None:
    """What the service refuses, the trainer refuses with the same words; what it queues, the trainer takes."""
    np.savez(tmp_path / "data.npz", x=X, y=targets)
    spec = document("data.npz")
    try:
        read_spec(spec, roots=(str(tmp_path),))
    except SpecError as error:
        submitted = error.problems[0]
        if submitted.path.startswith("layers"):
            return  # the trainer compares units with the built network
        with pytest.raises(DataError) as caught:
            prepare(load_spec(spec), roots=(str(tmp_path),))
        assert (caught.value.where, caught.value.expected) == (submitted.path, submitted.expected)
    else:
        assert prepare(load_spec(spec), roots=(str(tmp_path),)).class_names
