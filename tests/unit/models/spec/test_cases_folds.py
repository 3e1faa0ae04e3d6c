"""`fit.folds`, `fit.repeats` and `data.groups` in a spec: what they may be, and beside what."""

import pytest

from models.errors import SpecError
from models.spec import load_spec

SEARCH = {"objective": "val_accuracy", "trials": 2, "space": {"fit.batch_size": {"choice": [8, 16]}}}


def spec_of(fit, *, validation: float = 0.2, **more: object):
    return load_spec({
        "model": "a", "data": {"source": "a.csv", "validation": validation, "groups": "patient"},
        "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"loss": "categorical_crossentropy", "metrics": ["accuracy"]}, "fit": {"epochs": 2, **fit}, **more,
    })  # fmt: skip


def test_folds_and_repeats_come_back_from_the_document() -> None:
    """And a spec without them has no key for them, as before there were any."""
    spec = spec_of({"folds": 5, "repeats": 3})
    assert load_spec(spec.document) == spec
    assert spec.fit.is_cross_validated
    assert spec.data.groups == "patient"
    plain = spec_of({})
    assert not {"folds", "repeats"} & set(plain.document["fit"])
    assert not plain.fit.is_cross_validated
    assert not spec_of({"repeats": 1}).fit.is_cross_validated


@pytest.mark.parametrize(
    ("fit", "more", "said"),
    [
        ({"folds": 1}, {}, "fit.folds: expected a whole number from 2 to 100; received 1"),
        ({"repeats": 0}, {}, "fit.repeats: expected a whole number from 1 to 100; received 0"),
        ({"folds": 5}, {"search": SEARCH}, "fit.folds: expected none beside `search`"),
        ({"repeats": 3}, {"validation": 0}, "fit.repeats: expected `fit.folds` with it, or `data.validation`"),
    ],
)
def test_what_folds_cannot_be(fit, more, said) -> None:
    """One sentence with the path, what was expected and what came."""
    with pytest.raises(SpecError) as caught:
        spec_of(fit, **more)
    assert said in str(caught.value)


def test_folds_need_no_validation_rows() -> None:
    """Each measures its own."""
    assert spec_of({"folds": 3}, validation=0).fit.folds == 3
