"""The schema of a spec: which keys, which values, and what must fit together. Reports all problems at once."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, post_load

from models.errors import Problem, did_you_mean, shown
from models.keras_catalog.argument_kinds import Mismatch, boolean, choice, either, integer, listing, number, text
from models.keras_catalog.objects import ObjectSpec, check_object
from models.names import RESERVED, is_label_name, is_model_name
from models.preprocessing.pipeline import StepSpec
from models.spec.fields import Checked, Part, Problems, SpecPart, flatten
from models.spec.parts import CompileSpec, DataSpec, FitSpec, Gate, Resources, Spec
from models.spec.rules import check_rules

__all__ = ["check_document"]

LARGEST_SEED = 2**31 - 1
FRACTION = number(0, 1, above=True, below=True)
POSITIVE = integer(1)
SHAPE = listing(POSITIVE)


def model_name(value: Any) -> str:
    """A model's name, as the contract spells it."""
    if not isinstance(value, str) or not is_model_name(value):
        expected = "a name of up to 64 of a-z, 0-9, _ and -, beginning and ending with a letter or digit"
        raise Mismatch(f"{expected}, and not {' or '.join(RESERVED)}")
    return value


def label_name(value: Any) -> str:
    """A label that a gate may compare with."""
    if not isinstance(value, str) or not is_label_name(value):
        raise Mismatch("a label of letters, digits and _")
    return value


def class_name_list(value: Any) -> list[str]:
    """At least one name, none twice."""
    if not isinstance(value, list) or not value or any(not isinstance(name, str | int) for name in value):
        raise Mismatch("a list of class names")
    names = [str(name) for name in value]
    if len(set(names)) != len(names):
        raise Mismatch("class names that differ from each other")
    return names


def class_weights(value: Any) -> Any:
    """`balanced`, or a weight for each class."""
    positive = number(0, above=True)
    if isinstance(value, Mapping) and value:
        try:
            return {str(name): positive(weight) for name, weight in value.items()}
        except Mismatch as mismatch:
            raise Mismatch(f"for each class {mismatch.expected}") from mismatch
    if value != "balanced":
        raise Mismatch("balanced, or a mapping of class names to weights above 0")
    return value


def _objects(family: str) -> Any:
    def check(value: Any, problems: list[Problem]) -> tuple[ObjectSpec, ...]:
        if not isinstance(value, list):
            problems.append(Problem("", f"a list of Keras' {family}", shown(value)))
            return ()
        found = [check_object(family, item, str(index), problems) for index, item in enumerate(value)]
        return tuple(item for item in found if item is not None)

    return check


def _object(family: str) -> Any:
    def check(value: Any, problems: list[Problem]) -> ObjectSpec | None:
        return check_object(family, value, "", problems)

    return check


STEPS: Mapping[str, Mapping[str, Any]] = {
    "astype": {},
    "standardize": {},
    "rescale": {"scale": number(), "offset": number()},
    "fill": {"strategy": choice("mean", "median", "most_frequent", "constant"), "value": either(number(), text)},
    "one_hot": {"columns": listing(text)},
    "resize": {"size": listing(integer(1, 4096), length=2)},
    "reshape": {"shape": listing(either(integer(-1, -1), POSITIVE))},
}
BARE: Mapping[str, str] = {"resize": "size", "reshape": "shape"}
"""Steps whose one argument stands without its name."""
STEP_DEFAULTS: Mapping[str, Any] = {"rescale": {"offset": 0.0}}


def _steps(value: Any, problems: list[Problem]) -> tuple[StepSpec, ...]:
    if not isinstance(value, list):
        problems.append(Problem("", f"a list of the steps {', '.join(STEPS)}", shown(value)))
        return ()
    return tuple(_step(item, str(index), problems) for index, item in enumerate(value))


def _step(item: Any, path: str, problems: list[Problem]) -> StepSpec:
    name, arguments = _name_and_arguments(item)
    if not isinstance(name, str) or name not in STEPS:
        hint = did_you_mean(name, STEPS) if isinstance(name, str) else ""
        problems.append(Problem(path, f"one of the steps {', '.join(STEPS)}{hint}", shown(name)))
        return StepSpec("astype", {})
    path = f"{path}.{name}"
    if name == "astype":
        if arguments not in ("float32", {}):
            problems.append(Problem(path, "float32", shown(arguments)))
        return StepSpec(name, {})
    if name in BARE and not isinstance(arguments, Mapping):
        return StepSpec(name, _checked({BARE[name]: arguments}, STEPS[name], path, problems, flat=True))
    if not isinstance(arguments, Mapping):
        problems.append(Problem(path, f"a mapping with the keys {', '.join(STEPS[name])}", shown(arguments)))
        return StepSpec(name, {})
    given = {**STEP_DEFAULTS.get(name, {}), **arguments}
    if name == "fill" and given.get("strategy") != "constant" and "value" in given:
        problems.append(
            Problem(f"{path}.value", "no value, which only the strategy constant has", shown(given["value"]))
        )
    return StepSpec(name, _checked(given, STEPS[name], path, problems))


def _name_and_arguments(item: Any) -> tuple[Any, Any]:
    if isinstance(item, Mapping) and len(item) == 1:
        ((name, arguments),) = item.items()
        return name, {} if arguments is None else arguments
    return item, {}


def _checked(
    given: Mapping[str, Any], known: Mapping[str, Any], path: str, problems: list[Problem], *, flat: bool = False
) -> dict[str, Any]:
    checked = {}
    for key, value in given.items():
        inner = path if flat else f"{path}.{key}"
        if key not in known:
            expected = f"one of the keys {', '.join(known) or 'of a step without any'}{did_you_mean(str(key), known)}"
            problems.append(Problem(inner, expected, f"{key!r}, which is none of them"))
            continue
        try:
            checked[key] = known[key](value)
        except Mismatch as mismatch:
            problems.append(Problem(inner, mismatch.expected, shown(value)))
    missing = [key for key in known if key not in given and (key != "value" or given.get("strategy") == "constant")]
    problems += [Problem(f"{path}.{key}", "a value", "nothing") for key in missing]
    return checked


class DataSchema(SpecPart):
    """`data`."""

    source = Checked(text, required=True)
    features = Checked(either(text, listing(text)), allow_none=True)
    target = Checked(text, allow_none=True)
    validation = Checked(either(FRACTION, text))
    test = Checked(either(FRACTION, text))
    class_names = Checked(class_name_list, allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> DataSpec:
        """Tuples instead of lists: a spec does not change."""
        del kwargs
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        return DataSpec(**values)


class CompileSchema(SpecPart):
    """`compile`."""

    optimizer = Problems("one of Keras' optimizers", _object("optimizers"), load_default=ObjectSpec("RMSprop"))
    loss = Problems("one of Keras' losses", _object("losses"), required=True)
    metrics = Problems("a list of Keras' metrics", _objects("metrics"))

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> CompileSpec:
        """Make the value."""
        del kwargs
        return CompileSpec(**data)


class FitSchema(SpecPart):
    """`fit`."""

    epochs = Checked(integer(1, 1_000_000))
    batch_size = Checked(integer(1, 2**20))
    callbacks = Problems("a list of Keras' callbacks", _objects("callbacks"))
    class_weight = Checked(class_weights, allow_none=True)
    precision = Checked(choice("float32", "mixed_float16", "mixed_bfloat16"))
    shuffle = Checked(boolean)
    timeout_s = Checked(number(0, above=True), allow_none=True)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> FitSpec:
        """Make the value."""
        del kwargs
        return FitSpec(**data)


class ResourcesSchema(SpecPart):
    """`resources`."""

    gpus = Checked(integer(0, 64))

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Resources:
        """Make the value."""
        del kwargs
        return Resources(**data)


class GateSchema(SpecPart):
    """`gate`."""

    metric = Checked(text, required=True)
    minimum = Checked(number(), allow_none=True)
    not_worse_than = Checked(label_name, allow_none=True)
    tolerance = Checked(number(0))
    per_class = Checked(boolean)

    @post_load
    def make(self, data: dict[str, Any], **kwargs: Any) -> Gate:
        """Make the value."""
        del kwargs
        return Gate(**data)


class SpecSchema(SpecPart):
    """The whole spec."""

    model = Checked(model_name, required=True)
    backend = Checked(choice("tensorflow", "jax", "torch"))
    seed = Checked(integer(0, LARGEST_SEED))
    data = Part(DataSchema, required=True)
    preprocessing = Problems("a list of steps", _steps)
    input_shape = Checked(SHAPE, allow_none=True)
    layers = Problems("a list of Keras' layers", _objects("layers"), required=True)
    compile = Part(CompileSchema, required=True)
    fit = Part(FitSchema)
    resources = Part(ResourcesSchema)
    gate = Part(GateSchema, allow_none=True)


def check_document(document: Mapping[str, Any], problems: list[Problem]) -> Spec | None:
    """Check a document part by part, then what must fit together among the parts that are right.

    Args:
        document: A spec as plain values.
        problems: Takes every problem that is found.

    Returns:
        The spec, or None when there are problems.
    """
    document, shape = _lifted_input_shape(document, problems)
    parts, errors = _load_parts(document)
    problems += flatten(errors)
    if shape is not None and "input_shape" not in errors:
        parts["input_shape"] = shape
    check_rules(parts, problems)
    if problems:
        return None
    input_shape = parts.pop("input_shape", None)
    return Spec(**parts, input_shape=tuple(input_shape) if input_shape is not None else None)


def _load_parts(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts that are right by themselves, and marshmallow's errors of the others."""
    try:
        return dict(SpecSchema().load(document)), {}
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
        try:
            found = SHAPE(value) if key == "input_shape" else [POSITIVE(value)]
        except Mismatch as mismatch:
            problems.append(Problem(f"{path}.{key}", mismatch.expected, shown(value)))
            continue
        if shape is not None and list(shape) != found:
            problems.append(Problem(f"{path}.{key}", f"the same as `input_shape`, {list(shape)}", shown(value)))
        shape = found
    return shape
