"""A Keras object as a spec writes it: its class, and the arguments that differ from Keras' own defaults."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from onehot_client.keras.runtime import load_keras, undisturbed
from onehot_client.keras.without_word import REFUSED, Problems

__all__ = ["OWN_CODE", "object_document", "plain_number"]

FUNCTIONS = frozenset({"function", "__lambda__", "__method__"})
UNSAID = frozenset({"name", "trainable", "dtype", "reverse_dtype", "build_config", "compile_config"})
"""Of an object's configuration: said elsewhere, or nowhere."""
OF_BOTH_WAYS = "zero_output_for_mask"
"""What a Bidirectional sets on its layer by itself."""
ACTIVATIONS: Mapping[str, str] = {"ELU": "elu", "LeakyReLU": "leaky_relu", "ReLU": "relu", "Softmax": "softmax"}
"""Layers that stand as an activation, under the name that the spec gives the activation."""
NO_WEIGHTS = "an array; a spec carries no weights"
OWN_CODE = "a function of your own; a spec carries no code"


def object_document(entry: Mapping[str, Any], place: str, problems: Problems) -> Any:
    """Write one object.

    Args:
        entry: As `keras.saving.serialize_keras_object` gives it.
        place: Where it stands, for problems; its class is added.
        problems: Takes every part without a word.

    Returns:
        The bare class name, or `{name: arguments}`; None where there is no word for it.
    """
    name = str(entry.get("class_name"))
    if name in FUNCTIONS:
        config = entry.get("config")
        problems.add(f"{place}.{config}" if isinstance(config, str) else place, OWN_CODE)
        return None
    place = f"{place}.{name}"
    made = _keras_class(entry)
    if name in REFUSED or made is None:
        problems.add(place, REFUSED.get(name, "a class of your own; a spec names Keras' classes only"))
        return None
    arguments = _arguments(made, dict(entry.get("config") or {}), place, problems)
    return {name: arguments} if arguments else name


def _keras_class(entry: Mapping[str, Any]) -> Any:
    """The class of Keras that an entry names; None where it is none of Keras'."""
    module, name = entry.get("module"), str(entry.get("class_name"))
    if not isinstance(module, str) or module.partition(".")[0] != "keras":
        return None
    found: Any = load_keras()
    for part in [*module.split(".")[1:], name]:
        found = getattr(found, part, None)
    return found if inspect.isclass(found) else None


def _arguments(made: Any, config: dict[str, Any], place: str, problems: Problems) -> dict[str, Any]:
    named = _named(made)
    required = [name for name, one in named.items() if one.default is one.empty and name in config]
    default = _default_config(made, {name: config[name] for name in required})
    changed = {name for name, value in config.items() if name not in UNSAID and not _same(value, default.get(name))}
    for name in sorted(changed - set(named)):
        problems.add(f"{place}.{name}", "an argument that a spec does not have")
    said = [name for name in named if name in changed or name in required]
    arguments = {name: _value(name, config[name], f"{place}.{name}", problems) for name in said}
    return {name: value for name, value in arguments.items() if value is not None}


def _named(made: Any) -> dict[str, inspect.Parameter]:
    """The arguments that a class names itself."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = list(inspect.signature(made.__init__).parameters.values())[1:]
    return {one.name: one for one in parameters if one.kind in kinds}


def _default_config(made: Any, required: dict[str, Any]) -> dict[str, Any]:
    """The configuration that Keras gives an object of which only this is said."""
    revive = load_keras().saving.deserialize_keras_object
    with undisturbed():
        given = {name: revive(value) if isinstance(value, Mapping) else value for name, value in required.items()}
        try:
            config: dict[str, Any] = made(**given).get_config()
        except (TypeError, ValueError):  # it needs more than its signature says
            return {}
    return config


def _same(first: Any, second: Any) -> bool:
    return bool(_bare(first) == _bare(second))


def _bare(value: Any) -> Any:
    """A value without what says nothing: names of objects, tuples instead of lists."""
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items() if key not in {*UNSAID, OF_BOTH_WAYS}}
    return [_bare(item) for item in value] if isinstance(value, list | tuple) else value


def _value(name: str, value: Any, place: str, problems: Problems) -> Any:
    """One argument as the spec writes it; None where there is no word for it."""
    if isinstance(value, Mapping):
        return _inner(name, value, place, problems)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if name == "data_format" and value == "channels_first":
        problems.add(place, "channels_first; the graph that is served has channels last")
    elif place.endswith("Constant.value") and isinstance(value, Sequence):
        problems.add(place, NO_WEIGHTS)
    elif isinstance(value, str) and value in REFUSED:
        problems.add(place, REFUSED[value])
    elif value is None:
        problems.add(place, "None, which is not Keras' default here")
    else:
        return _plain(value)
    return None


def _inner(name: str, value: Mapping[str, Any], place: str, problems: Problems) -> Any:
    """An object among the arguments of another."""
    inner = value
    if name in ("layer", "backward_layer"):
        config = {key: item for key, item in value.get("config", {}).items() if key != OF_BOTH_WAYS}
        inner = {**value, "config": config}
    if not _is_object(inner):
        problems.add(place, OWN_CODE if name.endswith("activation") else NO_WEIGHTS)
        return None
    document = object_document(inner, place, problems)
    if name.endswith("activation") and document is not None:
        return _activation(document, place, problems)
    return document


def _is_object(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is an object or a function, and no array or piece of code."""
    name = str(entry.get("class_name", "__"))
    return name in FUNCTIONS or not name.startswith("__")


def _activation(document: Any, place: str, problems: Problems) -> Any:
    """A layer that stands as an activation, in the words of activations."""
    (name, arguments) = next(iter(document.items())) if isinstance(document, Mapping) else (document, {})
    if name not in ACTIVATIONS:
        problems.add(f"{place}.{name}", "a layer as an activation; put it behind this layer")
        return None
    return {ACTIVATIONS[name]: arguments} if arguments else ACTIVATIONS[name]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return plain_number(value) if isinstance(value, float) else value


def plain_number(value: float) -> float:
    """A number as it was written: 0.01, where Keras keeps the nearest float32 of it."""
    single = np.float32(value)
    return float(str(single)) if float(single) == value else float(value)
