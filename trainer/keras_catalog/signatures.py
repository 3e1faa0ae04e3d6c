"""Keras' own signatures as a JSON table, so that the service can check a spec without importing a framework.

    python -m trainer.keras_catalog.signatures > models/keras_catalog/keras_signatures.json

writes the table anew after Keras was upgraded; a test fails while the committed one is out of date.
"""

import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["FAMILIES", "json_text", "signature_table"]

FAMILIES = ("layers", "activations", "losses", "optimizers", "schedules", "metrics", "initializers",
            "regularizers", "constraints", "callbacks")  # fmt: skip

MERGES = "it merges several inputs, and a Sequential has one"
ABSTRACT = "it is a base class"
FOREIGN = "it wraps code of another framework, which cannot be checked or kept in a version"
RUNS_CODE = "it runs Python code of its own, which a spec cannot carry"
TARGETS = "it changes the targets together with the inputs"
WRITES = "it writes files or calls addresses of its own on the worker"
OURS = "the trainer does this itself for every job"

REFUSED: Mapping[str, Mapping[str, str]] = {
    "layers": {
        **dict.fromkeys(("Layer", "Wrapper", "RNN", "AbstractRNNCell"), ABSTRACT),
        **dict.fromkeys(("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract",
                         "AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"), MERGES),
        **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), FOREIGN),
        "Lambda": RUNS_CODE,
        **dict.fromkeys(("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"),
                        "it is a cell; name the recurrent layer itself: LSTM, GRU, SimpleRNN"),
        **dict.fromkeys(("InputLayer", "Input"), "the input shape follows from the data; set `input_shape`"),
        **dict.fromkeys(("CutMix", "MixUp"), TARGETS),
        **dict.fromkeys(("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
                        "its lookup does not exist in the graph that is served; encode the column in `preprocessing`"),
        "InputSpec": "it is a description, not a layer",
        "Equalization": "Keras gives its input as its output while a Sequential is built, and then finds a cycle",
        "MelSpectrogram": "the graph that is served has no Fourier transform; use STFTSpectrogram",
        "RandomCrop": "it crops while training only, so what is served has another shape; use CenterCrop",
        "MaxNumBoundingBoxes": TARGETS,
        "Pipeline": "list its layers one by one",
    },
    "activations": {
        "glu": "it halves the units that it is applied to",
        "threshold": "it needs arguments; use a ReLU layer with `threshold`",
    },
    "losses": {
        "Loss": ABSTRACT,
        "CategoricalGeneralizedCrossEntropy": "it compares each row with the labels of all rows of its batch",
        "CTC": "it aligns sequences; a classifier has one target per instance",
        "Circle": "it needs embeddings of pairs; a classifier has one target per instance",
    },
    "optimizers": {
        "Optimizer": ABSTRACT,
        **dict.fromkeys(("MultiOptimizer", "OptimizerMap"), "it names single variables of a built model"),
        "LossScaleOptimizer": "`fit.precision: mixed_float16` sets it up",
    },
    "schedules": {"LearningRateSchedule": ABSTRACT},
    "metrics": {
        **dict.fromkeys(("Metric", "Mean", "Sum", "MeanMetricWrapper"), ABSTRACT),
        **dict.fromkeys(("IoU", "MeanIoU"), "it takes classes and not probabilities; use OneHotIoU, OneHotMeanIoU"),
    },
    "initializers": {
        "Initializer": ABSTRACT,
        **dict.fromkeys(("STFT", "STFTInitializer"), "it is made for spectrogram layers only"),
    },
    "regularizers": {"Regularizer": ABSTRACT},
    "constraints": {"Constraint": ABSTRACT},
    "callbacks": {
        **dict.fromkeys(("Callback", "CallbackList"), ABSTRACT),
        **dict.fromkeys(("LambdaCallback", "LearningRateScheduler"), RUNS_CODE),
        **dict.fromkeys(("CSVLogger", "RemoteMonitor", "TensorBoard"), WRITES),
        **dict.fromkeys(("BackupAndRestore", "History", "ModelCheckpoint", "OrbaxCheckpoint", "ProgbarLogger"), OURS),
    },
}  # fmt: skip
"""Why a name that Keras ships cannot stand in a spec, by family."""

REQUIRED: Mapping[str, frozenset[str]] = {"Discretization": frozenset({"bin_boundaries"})}
"""Arguments that Keras does not require, because a layer may learn them from data before it is trained."""

NOT_ACTIVATIONS = frozenset({"deserialize", "get", "serialize"})


def signature_table() -> dict[str, Any]:
    """Describe what the installed Keras ships: family → class → arguments, aliases, and what is refused."""
    import keras  # noqa: PLC0415 -- the trainer's parent process must not import a framework

    homes = {family: getattr(keras, family, None) for family in FAMILIES}
    homes["schedules"] = keras.optimizers.schedules
    table: dict[str, Any] = {"keras": keras.__version__}
    for family in FAMILIES:
        members = _activations(homes[family]) if family == "activations" else _classes(homes[family])
        table[family] = _family(family, members)
    return table


def _classes(home: Any) -> dict[str, Any]:
    return {name: value for name, value in sorted(vars(home).items()) if inspect.isclass(value)}


def _activations(home: Any) -> dict[str, Any]:
    names = sorted(set(vars(home)) - NOT_ACTIVATIONS)
    return {name: getattr(home, name) for name in names if inspect.isfunction(getattr(home, name))}


def _family(family: str, members: Mapping[str, Any]) -> dict[str, Any]:
    refused = REFUSED.get(family, {})
    known: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for name, value in members.items():
        own_name = value.__name__
        if own_name != name and own_name in members:
            aliases[name] = own_name
        elif name not in refused:
            known[name] = _arguments(value) | {one: {"required": True} for one in REQUIRED.get(name, ())}
    return {
        "known": known,
        "aliases": {alias: name for alias, name in aliases.items() if name in known},
        "refused": {name: reason for name, reason in sorted(refused.items()) if name in members},
    }


def _arguments(callable_: Any) -> dict[str, Any]:
    target = callable_.__init__ if inspect.isclass(callable_) else callable_
    parameters = list(inspect.signature(target).parameters.values())[1:]
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return {p.name: _default(p) for p in named}


def _default(parameter: inspect.Parameter) -> dict[str, Any]:
    if parameter.default is parameter.empty:
        return {"required": True}
    default = parameter.default
    if isinstance(default, Iterable) and not isinstance(default, str):
        default = json.loads(json.dumps(default))
    return {"default": default}


def json_text(document: Any, depth: int = 3, indent: str = "") -> str:
    """A mapping of mappings as JSON with one name a line, so that a change of Keras reads well in a diff."""
    if not depth or not document or not isinstance(document, Mapping):
        return json.dumps(document)
    entries = sorted(document.items()) if depth == 1 else document.items()
    rows = [f"{indent} {json.dumps(name)}: {json_text(entry, depth - 1, f'{indent} ')}" for name, entry in entries]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


if __name__ == "__main__":
    sys.stdout.write(json_text(signature_table()) + "\n")
