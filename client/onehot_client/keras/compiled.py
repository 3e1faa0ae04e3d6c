"""What a model was compiled with, and its callbacks, as a spec writes them."""

import inspect
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from onehot_client.keras.keras_objects import object_document, plain_number
from onehot_client.keras.runtime import is_own, load_keras, snake_case, undisturbed
from onehot_client.keras.without_word import REFUSED, Problems

__all__ = ["callback_documents", "compile_document"]

CALLBACKS = ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN", "SwapEMAWeights")
WATCHING = ("BackupAndRestore", "CSVLogger", "History", "ModelCheckpoint", "OrbaxCheckpoint", "ProgbarLogger",
            "RemoteMonitor", "TensorBoard")  # fmt: skip
"""Callbacks that change no weight: the trainer keeps checkpoints and history by itself."""
NO_WORD: Mapping[str, str] = {
    "loss_weights": "a network has one output",
    "weighted_metrics": "a spec has `metrics`, and `class_weight` for the loss",
}


def compile_document(model: Any, problems: Problems) -> dict[str, Any]:
    """Write optimizer, loss and metrics.

    Args:
        model: A compiled model.
        problems: Takes every part without a word.
    """
    try:
        with undisturbed():
            config = model.get_compile_config()
    except (NotImplementedError, TypeError, ValueError, AttributeError) as error:
        problems.add("compile", f"an object of your own that Keras cannot write down: {str(error).splitlines()[0]}")
        return {}
    for key, why in NO_WORD.items():
        if config.get(key):
            problems.add(key, why)
    document = {
        "optimizer": _optimizer(config.get("optimizer"), problems),
        "loss": _loss(model, config.get("loss"), problems),
        "metrics": [_metric(one, problems) for one in _flat(config.get("metrics"))],
    }
    return {key: value for key, value in document.items() if value}


def _optimizer(entry: Any, problems: Problems) -> Any:
    if isinstance(entry, Mapping) and entry.get("class_name") == "LossScaleOptimizer":
        entry = entry["config"]["inner_optimizer"]  # `fit.precision` sets it up
    return _written(entry, "optimizer", problems)


def _loss(model: Any, entry: Any, problems: Problems) -> Any:
    given, several = _single(entry), _flat(entry)
    if len(several) > 1:
        problems.add("loss", "several losses; a network has one output")
    if given is None:
        problems.add("loss", "none; `add_loss` has no word")
    if callable(model.loss) and inspect.isroutine(model.loss) and not is_own(model.loss):
        problems.add(f"loss.{model.loss.__name__}", "a function of your own; a spec carries no code")
        return None
    return _named_function(given, "losses") or _written(given, "loss", problems)


def _metric(entry: Any, problems: Problems) -> Any:
    named = _named_function(entry, "metrics") or _named_function(entry, "losses")
    if named is not None:
        return named
    document = _written(entry, "metrics", problems)
    if not isinstance(entry, Mapping) or document is None:
        return document
    class_name, name = str(entry["class_name"]), str(entry["config"].get("name"))
    if name == snake_case(class_name):
        return document
    arguments = {} if isinstance(document, str) else document[class_name]
    return {class_name: {**arguments, "name": name}}


def _named_function(entry: Any, family: str) -> str | None:
    """The name of a function of Keras that stands for a class: `keras.losses.categorical_crossentropy`."""
    if not isinstance(entry, Mapping) or entry.get("class_name") != "function":
        return None
    name = entry.get("config")
    return name if isinstance(name, str) and hasattr(getattr(load_keras(), family), name) else None


def _written(entry: Any, place: str, problems: Problems) -> Any:
    if isinstance(entry, Mapping):
        return object_document(entry, place, problems)
    if isinstance(entry, str) and entry in REFUSED:
        problems.add(f"{place}.{entry}", REFUSED[entry])
        return None
    return entry


def _single(entry: Any) -> Any:
    flat = _flat(entry)
    return flat[0] if flat else None


def _flat(entry: Any) -> list[Any]:
    """The objects in what Keras takes for one output: one, a list, a list in a list, or a mapping by output."""
    if entry is None:
        return []
    if isinstance(entry, Mapping) and "class_name" not in entry:
        entry = list(entry.values())
    if isinstance(entry, list | tuple):
        return [item for one in entry for item in _flat(one)]
    return [entry]


def callback_documents(callbacks: Iterable[Any], problems: Problems) -> list[Any]:
    """Write callbacks; those that only watch are left out, with a warning.

    Args:
        callbacks: As `fit` takes them.
        problems: Takes every one without a word.
    """
    documents = []
    for callback in callbacks:
        name = type(callback).__name__
        if not is_own(type(callback)):
            problems.add(f"callbacks.{name}", "a callback of your own; a spec carries no code")
        elif name in CALLBACKS:
            documents.append(_callback(callback, name))
        elif name in WATCHING:
            warnings.warn(f"{name} is left out: it changes no weight, and the trainer keeps its own", stacklevel=4)
        else:
            problems.add(f"callbacks.{name}", REFUSED.get(name, "a callback that a spec does not have"))
    return documents


def _callback(callback: Any, name: str) -> Any:
    parameters = list(inspect.signature(type(callback).__init__).parameters.values())[1:]
    named = [one for one in parameters if one.name != "verbose" and hasattr(callback, one.name)]
    given = {one.name: _attribute(callback, one.name) for one in named}
    changed = {one.name: given[one.name] for one in named if given[one.name] != one.default}
    return {name: changed} if changed else name


def _attribute(callback: Any, name: str) -> Any:
    """An argument as it was given: a training turns the sign of `min_delta`."""
    value = getattr(callback, name)
    value = value.item() if hasattr(value, "item") else value
    value = abs(value) if name == "min_delta" else value
    return plain_number(value) if isinstance(value, float) else value
