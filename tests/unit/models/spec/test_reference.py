"""The reference of the spec says of every key what it is, and says what the checks say."""

import pytest

from models.keras_catalog.objects import families, known_names
from models.spec.reference.entries import REQUIRED, keras_entries, spec_entries, step_entries
from models.spec.reference.explanation import explain
from models.spec.schema import SCHEMA
from models.spec.steps import STEPS, check_step
from models.spec.yaml_text import load_document
from tests.spec_keys import spec_keys

ENTRIES = {entry.path: entry for entry in spec_entries()}
STEP_ENTRIES = {entry.path: entry for entry in step_entries()}


def from_yaml(text):
    return load_document(f"value: {text}")["value"]


def test_every_key_of_every_part_is_there():
    """A part that is nested is walked through."""
    assert set(spec_keys()) == set(ENTRIES)
    assert {"data.csv.separator", "gate.metric", "fit.epochs"} <= set(ENTRIES)


@pytest.mark.parametrize("entry", [*ENTRIES.values(), *STEP_ENTRIES.values()], ids=lambda entry: entry.path)
def test_every_key_has_a_meaning_and_an_example(entry):
    """One that is added without is named here."""
    assert entry.text
    assert entry.expected
    assert entry.example


@pytest.mark.parametrize("path", [path for path in ENTRIES if "." not in path])
def test_an_example_is_a_value_that_the_key_takes(path):
    """Written as in YAML, read back, checked."""
    assert SCHEMA.fields[path].deserialize(from_yaml(ENTRIES[path].example)) is not None


def test_required_keys_are_said_to_be_so():
    """As the schema has them."""
    assert {path for path, entry in ENTRIES.items() if "." not in path and entry.default == REQUIRED} == {
        key for key, field in SCHEMA.fields.items() if field.required
    }


def test_every_step_is_there_with_an_example_that_is_right():
    """And each of its arguments."""
    for step, arguments in STEPS.items():
        problems = []
        check_step(from_yaml(STEP_ENTRIES[f"preprocessing.{step}"].example), "", problems)
        assert problems == []
        assert {f"preprocessing.{step}.{argument}" for argument in arguments} <= set(STEP_ENTRIES)


def test_every_object_of_keras_has_its_arguments_with_their_meaning():
    """In Keras' own words; only few of its arguments have none."""
    entries = [e for family in families() for name in known_names(family) for e in keras_entries(family, name)]
    silent = [entry.path for entry in entries if not entry.text]
    assert len(entries) > 1200
    assert len(silent) <= 15, silent


@pytest.mark.parametrize(
    ("path", "found", "keys"),
    [
        ("layers.Conv2D", "layers.Conv2D", ["filters", "kernel_size", "strides"]),
        ("layers.0.Conv2D.filters", "layers.Conv2D.filters", []),
        ("fit.callbacks.EarlyStopping", "fit.callbacks.EarlyStopping", ["monitor", "min_delta", "patience"]),
        ("gate", "gate", ["metric", "minimum", "not_worse_than"]),
        ("gate.metric", "gate.metric", []),
        ("preprocessing.one_hot", "preprocessing.one_hot", ["columns", "unknown"]),
        ("compile.optimizer.adam", "compile.optimizer.Adam", ["learning_rate", "beta_1", "beta_2"]),
        ("layers.Dense.kernel_initializer.HeNormal", "initializers.HeNormal", ["seed", "input_axes", "output_axes"]),
        ("Dense", "layers.Dense", ["units", "activation", "use_bias"]),
    ],
)
def test_a_place_is_found_by_its_path(path, found, keys):
    """As the errors of a spec write it, with the numbers of items or without, or by an object's name."""
    explanation = explain(path)
    assert explanation.path == found
    assert [entry.name for entry in explanation.entries][:3] == keys


@pytest.mark.parametrize("path", ["gate.metrik", "layers.Conv2", "", "layers.Dense.unit", "fit.callbacks.Lambda"])
def test_a_path_that_leads_nowhere_is_named(path):
    """With the nearest one where there is one."""
    with pytest.raises(LookupError, match="expected a key of a spec"):
        explain(path)
