"""Checks a spec part by part, then what must fit together. Reports all problems at once."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from models.dataclass_schema import schema_of
from models.errors import Problem, SpecError, few_suggestions, shown
from models.keras_catalog.argument_kinds import POSITIVE, check_value
from models.spec.fields import SpecPart, flatten
from models.spec.keras_habits import in_words_of_a_spec, original_paths
from models.spec.parts import Spec
from models.spec.rules import check_rules
from models.spec.search.search_rules import check_search
from models.spec.target import lifted_target
from models.spec.value_kinds import SHAPE

__all__ = ["load_spec"]

SCHEMA = schema_of(Spec, SpecPart)
MOST_SUGGESTIONS = 100
MOST_PROBLEMS = 1000


def load_spec(document: Mapping[str, Any]) -> Spec:
    """Check a spec part by part, then what must fit together among the parts that are right, and make it a value.

    Args:
        document: As it stands in YAML or JSON.

    Raises:
        SpecError: With every problem of the document, each with its path, what was expected and what came.
    """
    habits: list[Problem] = []
    with few_suggestions(MOST_SUGGESTIONS):
        made, problems = _read(in_words_of_a_spec(document, habits))
        problems = habits + original_paths(document, problems)
        if made is not None and made.search is not None and not problems:
            problems = check_search(document, made, made.search, _read_trial)
    if problems or made is None:
        raise SpecError(_first_of(problems))
    return made


def _read(document: Mapping[str, Any]) -> tuple[Spec | None, list[Problem]]:
    """The spec of a document in our own words, or all its problems."""
    problems: list[Problem] = []
    document, shape = _lifted_input_shape(document, problems)
    document = lifted_target(document, problems)
    parts, errors = _load_parts(document)
    problems += flatten(errors)
    if shape is not None and "input_shape" not in errors:
        parts["input_shape"] = tuple(shape)
    check_rules(parts, problems)
    return (None if problems else Spec(**parts)), problems


def _read_trial(document: Mapping[str, Any]) -> tuple[Spec | None, list[Problem]]:
    """As `_read`, of a document as people write it."""
    problems: list[Problem] = []
    made, found = _read(in_words_of_a_spec(document, problems))
    problems += original_paths(document, found)
    return (None if problems else made), problems


def _first_of(problems: list[Problem]) -> list[Problem]:
    """As many as a person reads."""
    if len(problems) <= MOST_PROBLEMS:
        return problems
    more = Problem("spec", "fewer problems", f"{len(problems) - MOST_PROBLEMS} more of them")
    return [*problems[:MOST_PROBLEMS], more]


def _load_parts(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts that are right by themselves, and marshmallow's errors of the others."""
    try:
        return dict(SCHEMA.load(document)), {}
    except ValidationError as error:
        wrong = error.messages_dict
        right = error.valid_data if isinstance(error.valid_data, Mapping) else {}
        return {key: part for key, part in right.items() if key not in wrong}, wrong


OWN_INPUT_DIM = frozenset({"Embedding", "ReversibleEmbedding"})
"""Layers to which `input_dim` is how many words they know."""


def _lifted_input_shape(document: Mapping[str, Any], problems: list[Problem]) -> tuple[dict[str, Any], Any]:
    """Take `input_shape` or `input_dim` from the first layer, where Keras allows it, to the top."""
    lifted = dict(document)
    layers = document.get("layers")
    if not isinstance(layers, list) or not layers or not isinstance(layers[0], Mapping) or len(layers[0]) != 1:
        return lifted, None
    ((name, arguments),) = layers[0].items()
    keys = {"input_shape", "input_dim"} if name not in OWN_INPUT_DIM else {"input_shape"}
    if not isinstance(arguments, Mapping) or not keys & set(arguments):
        return lifted, None
    lifted["layers"] = [{name: {key: value for key, value in arguments.items() if key not in keys}}, *layers[1:]]
    given = {key: arguments[key] for key in keys if key in arguments}
    return lifted, _agreed_shape(document.get("input_shape"), given, f"layers.0.{name}", problems)


def _agreed_shape(top: Any, given: Mapping[str, Any], path: str, problems: list[Problem]) -> Any:
    shape = top
    for key, value in given.items():
        found = check_value(SHAPE if key == "input_shape" else POSITIVE, value, f"{path}.{key}", problems)
        if found is None:
            continue
        found = found if isinstance(found, list) else [found]
        if shape is not None and list(shape) != found:
            problems.append(Problem(f"{path}.{key}", f"the same as `input_shape`, {list(shape)}", shown(value)))
        shape = found
    return shape
