import numpy as np
import pytest

from trainer.cross_validation.fold_data import FoldData
from trainer.data.preparation import prepare


@pytest.fixture
def fold_data(make_spec, data_root):
    """Folds of the small data set, 48 rows of which are not held out."""

    def make(**changes) -> FoldData:
        spec = make_spec(preprocessing=["standardize"], **changes)
        return FoldData(spec, prepare(spec, roots=(str(data_root),)))

    return make


def rows_of(piece) -> set[int]:
    return set(piece.raw.source_rows(np.arange(piece.rows)).tolist())


def test_every_fold_sees_each_row_once_and_no_held_out_row(fold_data) -> None:
    """Measured rows of all folds together are all rows that are not held out; each part has rows of its own."""
    data = fold_data(fit={"folds": 4})
    held_out, measured = rows_of(data.prepared.test), []
    for place in data.places():
        fold = data.at(place)
        parts = [rows_of(fold.train), rows_of(fold.validation), rows_of(fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 48
        assert not held_out & set.union(*parts)
        measured += [*parts[2]]
    assert sorted(measured) == sorted(set(range(60)) - held_out)


def test_preprocessing_is_fitted_on_the_training_rows_of_the_fold(fold_data) -> None:
    """Neither rows that stop it in time nor rows that it is measured on have a part in it."""
    data = fold_data(fit={"folds": 3})
    for place in data.places():
        fold = data.at(place)
        (document,) = [step for step in fold.preprocessing.document if "standardize" in step]
        mean = np.asarray(fold.train.raw.features, np.float64).mean(axis=0)
        assert document["standardize"]["mean"] == pytest.approx(mean.tolist())


def test_a_repeat_cuts_other_folds_with_its_own_seed(fold_data) -> None:
    """The first has the seed of the spec."""
    data = fold_data(fit={"folds": 3, "repeats": 2})
    places = list(data.places())
    assert [(one.repeat, one.fold) for one in places] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert [place.seed_of(7) for place in places] == [7, 7, 7, 8, 8, 8]
    assert rows_of(data.at(places[0]).test) != rows_of(data.at(places[3]).test)


def test_repeats_without_folds_are_measured_on_the_validation_rows(fold_data) -> None:
    """The training rows stay those of the version."""
    data = fold_data(fit={"repeats": 2})
    first, second = [data.at(place) for place in data.places()]
    assert rows_of(first.test) == rows_of(second.test) == rows_of(data.prepared.validation)
    assert first.train is data.prepared.train


def test_without_validation_rows_all_others_are_trained_on(fold_data) -> None:
    """Nothing is cut off that no callback watches."""
    data = fold_data(data={"source": "blobs.npz", "validation": 0, "test": 0.2}, fit={"folds": 2})
    fold = data.at(next(data.places()))
    assert fold.validation is None
    assert len(rows_of(fold.train)) == len(rows_of(fold.test)) == 24
