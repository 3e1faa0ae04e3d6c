"""From a compiled Sequential to the spec that trains the same."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from onehot_client.keras.compiled import callback_documents, compile_document
from onehot_client.keras.heads import check_head
from onehot_client.keras.layer_documents import input_shape_of, layer_documents, precision_of
from onehot_client.keras.runtime import fitting_name, is_own, load_keras
from onehot_client.keras.without_word import IMPORT_INSTEAD, Problems, UnsupportedModel

__all__ = ["model_name_of", "spec_of"]

NUMBERED = re.compile(r"(sequential)_\d+")


def spec_of(  # noqa: PLR0913 -- the arguments of Keras' own fit
    model: Any, *, data: str | Mapping[str, Any] = "data.npz", epochs: int = 1, batch_size: int | None = None,
    callbacks: Iterable[Any] | None = None, class_weight: Mapping[Any, float] | str | None = None,
    shuffle: bool = True, seed: int | None = None, model_name: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write a compiled Sequential as a spec, with only the arguments that differ from Keras' defaults.

    The weights are not part of it: the training begins with the first weights of the seed.

    Args:
        model: A compiled `keras.Sequential`.
        data: The source, or all of the spec's `data`.
        epochs: As for `fit`.
        batch_size: As for `fit`; 32 where it is None.
        callbacks: As for `fit`; those that only log or save are left out, with a warning.
        class_weight: As for `fit`, class number → weight; or `balanced`.
        shuffle: As for `fit`.
        seed: Of the training; by default the one that `keras.utils.set_random_seed` was called with, else 0.
        model_name: What the model is called on the service; made of the model's own name when there is none.

    Returns:
        The spec as plain values, which `to_yaml` writes as text.

    Raises:
        UnsupportedModel: Names every part that a spec has no word for.
    """
    problems = Problems()
    _check_model(model)
    layers = layer_documents(model, problems)
    compiled = compile_document(model, problems)
    fit = _fit(epochs, batch_size, callback_documents(callbacks or (), problems), shuffle=shuffle)
    fit |= _weights(class_weight) | _precision(model, problems)
    shape = input_shape_of(model, problems)
    _check_output(model, problems)
    problems.raise_any()
    check_head(layers, compiled, problems)
    problems.raise_any()
    head = {"model": model_name or model_name_of(model), "seed": _seed_in_use() if seed is None else seed}
    source = {"source": data} if isinstance(data, str) else dict(data)
    inputs = {} if shape is None else {"input_shape": shape}
    return {**head, "data": source, **inputs, "layers": layers, "compile": compiled, "fit": fit}


def model_name_of(model: Any) -> str:
    """A name for the model on the service, made of its own."""
    return fitting_name(NUMBERED.sub(r"\1", model.name))


def _check_model(model: Any) -> None:
    """Refuse what is no compiled Sequential of Keras 3 at all."""
    keras, name = load_keras(), type(model).__name__
    if type(model) is keras.Sequential:
        if not getattr(model, "compiled", False):
            raise UnsupportedModel([f"{model.name}: not compiled; call model.compile(optimizer, loss, metrics) first"])
        if not model.layers:
            raise UnsupportedModel([f"{model.name}: no layers"])
        return
    if isinstance(model, keras.Model):
        kind = "a functional model" if is_own(type(model)) else "a model class of your own"
        raise UnsupportedModel([f"{name}: {kind}; a spec is a Sequential: {IMPORT_INSTEAD}"])
    raise UnsupportedModel([f"{name} of {type(model).__module__}: expected a compiled keras.Sequential of Keras 3"])


def _check_output(model: Any, problems: Problems) -> None:
    with suppress(AttributeError):
        shape = model.output_shape
        if len(shape) != 2:
            problems.add("output", f"the shape {list(shape[1:])} for one instance; a spec's network gives one row")


def _fit(epochs: int, batch_size: int | None, callbacks: list[Any], *, shuffle: bool) -> dict[str, Any]:
    fit: dict[str, Any] = {"epochs": int(epochs), "batch_size": int(batch_size or 32)}
    if callbacks:
        fit["callbacks"] = callbacks
    return fit if shuffle else {**fit, "shuffle": False}


def _weights(class_weight: Mapping[Any, float] | str | None) -> dict[str, Any]:
    if not class_weight:
        return {}
    if isinstance(class_weight, str):
        return {"class_weight": class_weight}
    return {"class_weight": {str(name): float(weight) for name, weight in class_weight.items()}}


def _precision(model: Any, problems: Problems) -> dict[str, str]:
    precision = precision_of(model, problems)
    return {} if precision is None else {"precision": precision}


def _seed_in_use() -> int:
    """The seed that `keras.utils.set_random_seed` was last called with; 0 where Keras does not say."""
    load_keras()
    with suppress(ImportError, AttributeError):
        from keras.src.utils.rng_utils import get_random_seed  # noqa: PLC0415, TID251 -- Keras has no public way to it

        return int(get_random_seed() or 0)
    return 0
