"""The layers of a Sequential as a spec lists them."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from onehot_client.keras.keras_objects import object_document, plain_number
from onehot_client.keras.runtime import is_own, load_keras, snake_case, undisturbed
from onehot_client.keras.without_word import IMPORT_INSTEAD, REFUSED, Problems

__all__ = ["input_shape_of", "layer_documents", "precision_of"]

LAYER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
INPUT = "x"
"""The name that the input of every network has."""
PRECISIONS = ("mixed_float16", "mixed_bfloat16")


def layer_documents(model: Any, problems: Problems) -> list[Any]:
    """Write every layer; those of a Sequential that stands as a layer, one by one.

    Args:
        model: The Sequential.
        problems: Takes every part without a word.
    """
    documents = []
    for index, layer in enumerate(model.layers):
        documents += _documents(layer, f"layers.{index}", problems, is_inner=False)
    return documents


def _documents(layer: Any, place: str, problems: Problems, *, is_inner: bool) -> list[Any]:
    keras = load_keras()
    name = type(layer).__name__
    if type(layer) is keras.Sequential:
        inner = [_documents(one, f"{place}.{name}.{index}", problems, is_inner=True)
                 for index, one in enumerate(layer.layers)]  # fmt: skip
        return [document for documents in inner for document in documents]
    why = _why_not(layer)
    if why is not None:
        problems.add(f"{place}.{name}", why)
        return []
    with undisturbed():
        entry = dict(keras.saving.serialize_keras_object(layer))
    entry["config"] = {**entry["config"], **_learned(layer)}
    document = object_document(entry, place, problems)
    return [] if document is None else [_with_name(document, None if is_inner else layer.name)]


def _why_not(layer: Any) -> str | None:
    """Why a layer can be none of a spec's, before its arguments are looked at."""
    keras, name = load_keras(), type(layer).__name__
    if isinstance(layer, keras.Model):
        return f"a model inside of the model, which is no Sequential; {IMPORT_INSTEAD}"
    if not is_own(type(layer)):
        return "a layer of your own; a spec names Keras' layers only"
    if name in REFUSED:
        return REFUSED[name]
    if not layer.trainable and layer.weights:
        return f"frozen (trainable=False), and a spec carries no weights; {IMPORT_INSTEAD}"
    return None


def _with_name(document: Any, name: str | None) -> Any:
    """The layer under the name that its owner gave it; Keras' own numbering is left to Keras."""
    class_name = document if isinstance(document, str) else next(iter(document))
    if name is None or re.fullmatch(rf"{snake_case(class_name)}(_\d+)?", name):
        return document
    if name == INPUT or not LAYER_NAME.fullmatch(name):
        return document
    arguments = {} if isinstance(document, str) else document[class_name]
    return {class_name: {**arguments, "name": name}}


def _learned(layer: Any) -> dict[str, Any]:
    """What a layer learned from data before the training, as arguments."""
    name = type(layer).__name__
    if name == "Discretization":
        return {"bin_boundaries": list(map(plain_number, layer.bin_boundaries or ()))}
    if name != "Normalization":
        return {}
    overall = {} if len(layer.get_config()["axis"]) else {"axis": (-1,)}
    if layer.input_mean is not None or not layer.built:
        return overall
    mean, variance = (np.squeeze(_numpy(one)) for one in (layer.mean, layer.variance))
    if not mean.any() and (variance == 1).all():  # never adapted: the trainer does it
        return overall
    return {**overall, "mean": _listed(mean), "variance": _listed(variance)}


def _numpy(tensor: Any) -> Any:
    return load_keras().ops.convert_to_numpy(tensor)


def _listed(values: Any) -> Any:
    return plain_number(values.item()) if not values.ndim else [plain_number(one) for one in values.tolist()]


def input_shape_of(model: Any, problems: Problems) -> list[int] | None:
    """The shape of one instance; None where the data says it."""
    try:
        shape = model.input_shape
    except AttributeError:  # no layer has seen an input
        return None
    if not isinstance(shape, tuple) or any(isinstance(one, tuple | list) for one in shape):
        problems.add("input", "several inputs; a spec has one")
        return None
    if any(str(getattr(one, "dtype", "")) == "string" for one in getattr(model, "inputs", None) or ()):
        problems.add("input", "text; a spec's network takes numbers")
    inner = list(shape[1:])
    return inner if inner and None not in inner else None


def precision_of(model: Any, problems: Problems) -> str | None:
    """`fit.precision`, where it is another than float32.

    The last layers may be float32, as a spec's last layer always is.
    """
    policies = [(index, type(layer).__name__, layer.dtype_policy.name) for index, layer in enumerate(model.layers)]
    names = {name for _, _, name in policies if name != "float32"}
    mixed = next((name for name in PRECISIONS if names == {name}), None)
    for index, class_name, name in policies:
        if name not in ("float32", *PRECISIONS) or (name != "float32" and mixed is None):
            problems.add(f"layers.{index}.{class_name}.dtype", f"{name}; a spec has one precision for all layers")
    if mixed is not None:
        _check_middle([policy for policy in policies if policy[1] != "InputLayer"], problems)
    return mixed


def _check_middle(policies: Sequence[tuple[int, str, str]], problems: Problems) -> None:
    last_mixed = max(index for index, _, name in policies if name != "float32")
    for index, class_name, name in policies:
        if name == "float32" and index < last_mixed:
            problems.add(f"layers.{index}.{class_name}.dtype", "float32 before layers of mixed precision")
