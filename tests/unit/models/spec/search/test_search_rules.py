"""The `search` block: what it may say, and that everything wrong in it is reported at once, under its path."""

from typing import Any

import pytest

from models.errors import SpecError
from models.spec import Spec, load_spec
from models.spec.search.proposed_spec import proposed_document

FILTERS, RATE = "layers.1.Conv2D.filters", "compile.optimizer.Adam.learning_rate"


def document(**search: Any) -> dict[str, Any]:
    """A spec of digits with this search."""
    return {
        "model": "digits",
        "data": {"source": "digits.npz"},
        "layers": [
            {"Input": {"shape": [8, 8, 1]}},
            {"Conv2D": {"filters": 32, "kernel_size": 3, "activation": "relu"}},
            "Flatten",
            {"Dropout": {"rate": 0.5}},
            {"Dense": {"units": 10, "activation": "softmax"}},
        ],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 9},
        "search": search,
    }


def load(**search: Any) -> Spec:
    """The spec of digits with this search."""
    return load_spec(document(**search))


def problems(**search: Any) -> dict[str, str]:
    """Path → what was expected there and what came."""
    with pytest.raises(SpecError) as caught:
        load(**search)
    return {one.path: f"{one.expected}; {one.received}" for one in caught.value.problems}


def test_the_contract_s_example_is_a_search_of_its_trials() -> None:
    """Paths count as in the document as it was written; names of classes are compared as Keras does."""
    spec = load(
        objective="val_accuracy", trials=24, parallel=2, prune="asha",
        space={FILTERS: {"choice": [16, 32, 64]}, RATE: {"float": [1.0e-4, 1.0e-2], "log": True}},
    )  # fmt: skip
    assert spec.search is not None
    assert spec.search.trial_count == 24
    assert "search" not in spec.document


def test_everything_that_is_wrong_in_the_space_is_reported_at_once() -> None:
    """A path that leads nowhere, once; a value that is wrong there, under its number."""
    found = problems(
        space={
            FILTERS: {"choice": [16, -32]}, "layers.1.Dense.units": {"int": [1, 2]},
            "layers.9": {"choice": ["on", "off"]},
            "layers.1.Conv2D.filterz": {"int": [1, 2]}, "fit.batch_sise": {"int": [8, 128]}, RATE: {"float": [0, 20]},
        }
    )  # fmt: skip
    assert {path for path in found if path.startswith(f"search.space.{RATE}")} == {
        f"search.space.{RATE}.float.0", f"search.space.{RATE}.float.1",
    }  # fmt: skip
    assert {path: text for path, text in found.items() if RATE not in path} == {
        f"search.space.{FILTERS}.choice.1": "a whole number from 1 to 16777216; -32",
        "search.space.layers.1.Dense.units": "a path of the spec: 'Dense' is none of Conv2D; 'Dense'",
        "search.space.layers.9": "a number from 0 to 4 in the place of '9'; '9'",
        "search.space.layers.1.Conv2D.filterz": (
            "an argument of Conv2D (did you mean filters?); 'filterz', which it does not have"
        ),
        "search.space.fit.batch_sise": (
            "one of the keys epochs, batch_size, callbacks, class_weight, precision, shuffle, timeout_s, folds, "
            "repeats (did you mean batch_size?); 'batch_sise', which is none of them"
        ),
    }


@pytest.mark.parametrize(
    ("search", "path"),
    [
        ({}, "search.space"),
        ({"space": {}}, "search.space"),
        ({"space": {FILTERS: 16}}, f"search.space.{FILTERS}"),
        ({"space": {FILTERS: {"int": [64, 16]}}}, f"search.space.{FILTERS}.int"),
        ({"space": {FILTERS: {"int": [1, 2], "log": True, "step": 1}}}, f"search.space.{FILTERS}.step"),
        ({"space": {FILTERS: {"int": [1, 2], "lgo": True}}}, f"search.space.{FILTERS}.lgo"),
        ({"space": {FILTERS: {"choice": [1, 1]}}}, f"search.space.{FILTERS}.choice"),
        ({"space": {RATE: {"float": [0, 1], "log": True}}}, f"search.space.{RATE}.float.0"),
        ({"space": {"data.test": {"float": [0.1, 0.2]}}}, "search.space.data.test"),
        ({"space": {"fit.epochs": {"int": [1, 9]}}, "prune": "asha"}, "search.space.fit.epochs"),
        ({"space": {RATE: {"float": [0.1, 0.2]}}, "sampler": "grid"}, f"search.space.{RATE}"),
        ({"space": {FILTERS: {"int": [1, 4000]}}, "sampler": "grid"}, "search.trials"),
        ({"space": {FILTERS: {"int": [1, 4]}}, "objective": "accuracy"}, "search.objective"),
        ({"space": {FILTERS: {"int": [1, 4]}}, "trials": 0}, "search.trials"),
        ({"space": {FILTERS: {"int": [1, 4]}}, "prune": "median"}, "search.prune"),
        ({"space": {"layers.4.Dense.activation": {"choice": ["softmax", "relu"]}}},
         "search.space.layers.4.Dense.activation.choice.1"),
        ({"space": {"layers.2": {"choice": ["on", "off"]}}}, "search.space.layers.2.choice.1"),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_run_is_refused_at_the_place_that_is_wrong(search: dict[str, Any], path: str) -> None:
    """Before anything is queued: values are tried in the spec, alone and together."""
    assert path in problems(**search)


def test_a_trial_s_spec_has_the_proposed_values_and_no_search() -> None:
    """Layers are switched by words or by YAML's true and false; the others keep their order."""
    written = document(space={FILTERS: {"int": [1, 4]}})
    trial = proposed_document(written, {FILTERS: 4, "layers.3": "off", RATE: 0.01, "fit.batch_size": 16})
    assert trial["layers"] == [
        {"Input": {"shape": [8, 8, 1]}}, {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}},
        "Flatten", {"Dense": {"units": 10, "activation": "softmax"}},
    ]  # fmt: skip
    assert trial["compile"]["optimizer"] == {"adam": {"learning_rate": 0.01}}
    assert trial["fit"] == {"epochs": 9, "batch_size": 16}
    assert "search" not in trial
    assert proposed_document(written, {"layers.3.Dropout": True})["layers"] == written["layers"]


def test_a_grid_has_every_value_once_and_no_more_trials_than_that() -> None:
    """Choices and steps multiply."""
    space = {FILTERS: {"int": [8, 24], "step": 8}, "layers.3.Dropout": {"choice": [True, False]}}
    grid = load(space=space, sampler="grid").search
    assert grid is not None
    assert grid.trial_count == 6
    assert grid.parameters[FILTERS].grid() == [8, 16, 24]
