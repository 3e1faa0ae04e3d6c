from models.runs.spec_changes import changes_between, differing_values, short_values

SPEC = {
    "model": "digits",
    "input_shape": [8, 8, 1],
    "layers": ["Flatten", {"Dense": {"units": 10, "activation": "softmax"}}],
    "fit": {"epochs": 5, "callbacks": []},
}


def test_a_change_is_named_by_its_path_with_both_values() -> None:
    """As errors of a spec name places; what is alike is not named."""
    after = {**SPEC, "fit": {"epochs": 6, "callbacks": []}, "layers": ["Flatten", {"Dense": {"units": 12}}]}
    assert changes_between(SPEC, SPEC) == []
    assert changes_between(SPEC, after) == [
        {"path": "layers.1.Dense.units", "before": 10, "after": 12},
        {"path": "layers.1.Dense.activation", "before": "softmax", "after": None},
        {"path": "fit.epochs", "before": 5, "after": 6},
    ]


def test_a_shape_is_one_value() -> None:
    """A list of plain values is not taken apart."""
    assert changes_between(SPEC, {**SPEC, "input_shape": [64]}) == [
        {"path": "input_shape", "before": [8, 8, 1], "after": [64]}
    ]


def test_several_specs_are_laid_side_by_side() -> None:
    """One value for each, None where a spec has none; a changed layer shows under both names."""
    third = {**SPEC, "layers": [{"LSTM": {"units": 4}}, {"Dense": {"units": 10, "activation": "softmax"}}]}
    assert differing_values([SPEC, SPEC, third]) == {
        "layers.0": ["Flatten", "Flatten", None],
        "layers.0.LSTM.units": [None, None, 4],
    }


def test_values_that_fit_into_a_line_are_given_by_path() -> None:
    """Numbers, short texts, short lists of them; of very many the first."""
    spec = {"layers": [{"Dense": {"units": 8}}, "Flatten"], "note": "x" * 65, "shape": [8, 8], "long": list(range(9))}
    assert short_values(spec) == {"layers.0.Dense.units": 8, "layers.1": "Flatten", "shape": [8, 8]}
    assert len(short_values({str(number): number for number in range(1000)})) == 200
