"""One small training for each layer, activation, loss … that a spec may name, for `trainer.keras_catalog.proving`.

A case is a spec without data. Names that Keras adds later have no case until one is written: a test says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.keras_catalog.objects import known_names
from models.keras_catalog.shape_rules import AUGMENTING
from models.spec.head import LOSSES
from models.spec.keras_metrics import METRICS

__all__ = ["Case", "all_cases", "split_case"]

FEATURES, SERIES, IMAGE, VOLUME = (6,), (8, 3), (8, 8, 3), (6, 6, 6, 2)
BY_RANK: Mapping[str, tuple[int, ...]] = {"1D": SERIES, "2D": IMAGE, "3D": VOLUME}
TOKENS, VOCABULARY = (8,), 10
SOFTMAX: Mapping[str, Any] = {"Dense": {"units": 3, "activation": "softmax"}}
HEADS: Mapping[str, Mapping[str, Any]] = {
    "softmax": SOFTMAX,
    "sigmoid": {"Dense": {"units": 1, "activation": "sigmoid"}},
    "multilabel": {"Dense": {"units": 3, "activation": "sigmoid"}},
    "regression": {"Dense": {"units": 2}},
}
USUAL_LOSS: Mapping[str, str] = {
    "softmax": "categorical_crossentropy", "sigmoid": "binary_crossentropy", "multilabel": "binary_crossentropy",
    "regression": "mean_squared_error",
}  # fmt: skip
HIDDEN: Mapping[str, Any] = {"Dense": {"units": 6, "activation": "relu"}}


@dataclass(frozen=True, slots=True)
class Case:
    """One training that proves one or more names.

    Args:
        family: `layers`, `activations` …
        names: What it proves.
        spec: The spec's `layers` and `compile`, and `fit` where it matters.
        shape: One instance.
        vocabulary: Instances are whole numbers below it; 0 for numbers between 0 and 1.
        note: What is special, for its title.
    """

    family: str
    names: tuple[str, ...]
    spec: Mapping[str, Any]
    shape: tuple[int, ...] = FEATURES
    vocabulary: int = 0
    note: str = ""

    @property
    def title(self) -> str:
        """How a test calls it."""
        return f"{self.family}: {', '.join(self.names)}" + (f" ({self.note})" if self.note else "")

    @property
    def document(self) -> dict[str, Any]:
        """The whole spec."""
        return {
            "model": "proof",
            "seed": 7,
            "data": {"source": "proof.npz"},
            "input_shape": list(self.shape),
            "layers": self.spec["layers"],
            "compile": {"loss": "categorical_crossentropy", "metrics": [], **self.spec.get("compile", {})},
            "fit": {"epochs": 2, "batch_size": 16, **self.spec.get("fit", {})},
        }


def all_cases() -> list[Case]:
    """Every case, family by family."""
    return [
        *[_layer_case(name) for name in known_names("layers")],
        *_layer_variants(),
        *[_activation_case(name) for name in known_names("activations")],
        *[_activation_case(name, "with arguments", **arguments) for name, arguments in ACTIVATIONS.items()],
        _head_case("Softmax", 3, "softmax"),
        _head_case("Activation", 1, "sigmoid", activation="sigmoid"),
        *[case for name in known_names("losses") for case in _loss_cases(name)],
        *_smoothing_cases(),
        *[_compiled_case("optimizers", name, optimizer=name) for name in known_names("optimizers")],
        *[_schedule_case(name) for name in known_names("schedules")],
        *_metric_cases(),
        _stack("initializers", "kernel_initializer"),
        _stack("regularizers", "kernel_regularizer"),
        _stack("constraints", "kernel_constraint"),
        *[_callback_case(name) for name in known_names("callbacks")],
        *_precision_cases(),
    ]


def split_case(case: Case) -> list[Case]:
    """A case of several names as one case for each, to find out which of them fails."""
    if case.family == "metrics":
        compiled = case.spec["compile"]
        specs = [{**case.spec, "compile": {**compiled, "metrics": [one]}} for one in compiled["metrics"]]
    else:
        specs = [{**case.spec, "layers": [layer, SOFTMAX]} for layer in case.spec["layers"]]
    return [replace(case, names=(name,), spec=spec) for name, spec in zip(case.names, specs, strict=False)]


VALUES: Mapping[str, Any] = {
    "activation": "tanh", "bin_boundaries": [0.2, 0.4, 0.6, 0.8], "decay_rate": 0.5, "decay_steps": 4, "dims": [2, 1],
    "factor": 0.2, "filters": 4, "first_decay_steps": 2, "height": 5, "height_factor": 0.2,
    "initial_learning_rate": 0.1, "input_dim": VOCABULARY, "kernel_size": 3, "layer": {"Dense": {"units": 4}}, "n": 3,
    "num_classes": 3, "output_dim": 4, "output_size": 2, "pool_size": 2, "precision": 0.5, "rate": 0.3, "recall": 0.5,
    "scale": 2.0, "sensitivity": 0.5, "specificity": 0.5, "stddev": 0.2, "target_shape": [3, 2], "units": 4,
    "value_range": [0.0, 1.0], "width": 4, "width_factor": 0.2,
}  # fmt: skip
"""What an argument is that Keras requires, and the range of pixels."""

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "ActivityRegularization": {"l1": 0.01, "l2": 0.01},
    "Bidirectional": {"layer": {"LSTM": {"units": 4}}},
    "CategoryEncoding": {"num_tokens": VOCABULARY, "output_mode": "multi_hot"},
    "Constant": {"value": 0.1},
    "CosineDecay": {"warmup_steps": 1, "warmup_target": 0.2},
    "Dense": {"units": 5, "activation": "relu"},
    "EarlyStopping": {"monitor": "val_loss", "patience": 1, "restore_best_weights": True},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": [8, 5], "bias_axes": "d"},
    "GroupNormalization": {"groups": 3},
    "Normalization": {"mean": [0.5, 0.4, 0.3, 0.2, 0.1, 0.0], "variance": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]},
    "OneHotIoU": {"target_class_ids": [0, 2]},
    "PiecewiseConstantDecay": {"boundaries": [1, 3], "values": [0.1, 0.05, 0.01]},
    "RandomColorJitter": {"brightness_factor": 0.2},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1},
    "ReduceLROnPlateau": {"monitor": "val_loss", "patience": 1, "factor": 0.5},
    "Rescaling": {"offset": -1.0},
    "Resizing": {"width": 11},
    "STFTSpectrogram": {"mode": "log", "frame_length": 64, "frame_step": 32, "fft_length": 64},
    "TimeDistributed": {"layer": {"Dense": {"units": 4, "activation": "relu"}}},
    **{key: {"decay_steps": 2} for key in ("ExponentialDecay", "InverseTimeDecay")},
    **{key: {"factor": 0.3} for key in ("RandomColorDegeneration", "RandomSaturation", "RandomSharpness")},
    **{key: {"k": 2} for key in ("TopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy")},
}
"""What a class is built with here, beside or instead of these."""

SHAPES: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(("Bidirectional", "EinsumDense", "GRU", "LSTM", "Masking", "Permute", "SimpleRNN",
                     "TimeDistributed"), SERIES),
    **dict.fromkeys(("CategoryEncoding", "Embedding", "ReversibleEmbedding"), TOKENS),
    **dict.fromkeys(("CenterCrop", "Resizing", *AUGMENTING), IMAGE),
    "ConvLSTM1D": (4, *SERIES), "ConvLSTM2D": (3, *IMAGE), "ConvLSTM3D": (2, *VOLUME), "STFTSpectrogram": (256, 1),
}  # fmt: skip
"""What a layer is fed with here."""

FIRST = frozenset({"CategoryEncoding", "Discretization", "Embedding", "Masking", "Normalization", "ReversibleEmbedding",
                   "STFTSpectrogram", *AUGMENTING})  # fmt: skip
"""Layers that take what the data holds; all others stand behind a layer that is trained through them."""


def _built(family: str, name: str, **changes: Any) -> Any:
    """A name as it stands in a spec, with its arguments."""
    signature = known_names(family)[name]
    given = [one for one in signature if signature[one].get("required") or (family, one) == ("layers", "value_range")]
    own = ARGUMENTS.get(name, {})
    arguments = {**{one: VALUES[one] for one in given if one not in own}, **own, **changes}
    return {name: arguments} if arguments else name


def _layer_case(name: str, note: str = "", **changes: Any) -> Case:
    shape = SHAPES.get(name) or next((BY_RANK[end] for end in BY_RANK if end in name), FEATURES)
    before = [] if name in FIRST else [{"Dense": {"units": shape[-1]}}]
    layers = [*before, _built("layers", name, **changes), "Flatten", SOFTMAX]
    return Case("layers", (name,), {"layers": layers}, shape, VOCABULARY if shape is TOKENS else 0, note)


def _layer_variants() -> list[Case]:
    """Arguments that change what is exported."""
    masked = [{"Embedding": {"input_dim": VOCABULARY, "output_dim": 4, "mask_zero": True}}, {"LSTM": {"units": 4}}]
    return [
        _layer_case("Conv1D", "causal, dilated", padding="causal", dilation_rate=2),
        _layer_case("Conv2D", "strides, same", strides=2, padding="same"),
        _layer_case("Conv2D", "groups", filters=6, groups=3),
        _layer_case("Conv2DTranspose", "strides, same", strides=2, padding="same"),
        _layer_case("Conv2DTranspose", "strides wider than the kernel", kernel_size=2, strides=4),
        _layer_case("Conv2DTranspose", "output padding", strides=2, output_padding=1),
        _layer_case("Conv1DTranspose", "strides, same", strides=3, padding="same"),
        _layer_case("Conv3DTranspose", "strides, same", strides=2, padding="same"),
        _layer_case("Conv1D", "groups", filters=6, groups=3),
        _layer_case("MaxPooling2D", "same", pool_size=3, strides=2, padding="same"),
        _layer_case("AveragePooling2D", "same", pool_size=3, strides=2, padding="same"),
        _layer_case("GlobalAveragePooling2D", "kept axes", keepdims=True),
        _layer_case("LSTM", "sequences", return_sequences=True),
        _layer_case("GRU", "sequences, reset before", return_sequences=True, reset_after=False),
        _layer_case("LSTM", "backwards, dropout", go_backwards=True, dropout=0.2, recurrent_dropout=0.2),
        _layer_case("Bidirectional", "sum", layer={"GRU": {"units": 4, "return_sequences": True}}, merge_mode="sum"),
        Case("layers", ("Normalization",), {"layers": [HIDDEN, "Normalization", SOFTMAX]}, note="adapted"),
        _layer_case("ReLU", "all arguments", max_value=0.8, negative_slope=0.1, threshold=0.2),
        _layer_case("UpSampling2D", "bilinear", interpolation="bilinear"),
        _layer_case("Resizing", "nearest", interpolation="nearest"),
        _layer_case("CategoryEncoding", "one count each", output_mode="count"),
        Case("layers", ("Embedding",), {"layers": [*masked, SOFTMAX]}, TOKENS, VOCABULARY, "masked, LSTM"),
    ]


ACTIVATIONS: Mapping[str, Mapping[str, Any]] = {
    "elu": {"alpha": 0.5},
    "leaky_relu": {"negative_slope": 0.05},
    "relu": {"negative_slope": 0.1, "max_value": 0.9, "threshold": 0.1},
    "softmax": {"axis": -1},
}


def _activation_case(name: str, note: str = "", **arguments: Any) -> Case:
    activation = _built("activations", name, **arguments)
    layers = [{"Dense": {"units": 6, "activation": activation}}, SOFTMAX]
    return Case("activations", (name,), {"layers": layers}, note=note)


def _compiled_case(family: str, name: str, note: str = "", head: Any = SOFTMAX, **compiled: Any) -> Case:
    return Case(family, (name,), {"layers": [HIDDEN, head], "compile": compiled}, note=note)


def _head_case(name: str, units: int, task: str, **changes: Any) -> Case:
    """A head made by a layer after the last weights."""
    layers = [HIDDEN, {"Dense": {"units": units}}, _built("layers", name, **changes)]
    return Case("layers", (name,), {"layers": layers, "compile": {"loss": USUAL_LOSS[task]}}, note=f"{task} head")


def _loss_cases(name: str, note: str = "", **arguments: Any) -> list[Case]:
    """A loss on each head that it fits."""
    loss = _built("losses", name, **arguments)
    tasks = [task for task in HEADS if name in LOSSES[task]]
    return [_compiled_case("losses", name, f"{task}{note}", HEADS[task], loss=loss) for task in tasks]


def _smoothing_cases() -> list[Case]:
    smoothed = [name for name, arguments in known_names("losses").items() if "label_smoothing" in arguments]
    return [case for name in smoothed for case in _loss_cases(name, ", label smoothing", label_smoothing=0.1)][::2]


def _schedule_case(name: str) -> Case:
    optimizer = {"SGD": {"learning_rate": _built("schedules", name), "momentum": 0.9}}
    return _compiled_case("schedules", name, optimizer=optimizer)


def _metric_cases() -> list[Case]:
    """All metrics of a head at once."""
    heads = [(task, head, USUAL_LOSS[task]) for task, head in HEADS.items()]
    heads.append(("sparse", SOFTMAX, "sparse_categorical_crossentropy"))
    return [_metric_case(*one) for one in heads]


def _metric_case(task: str, head: Mapping[str, Any], loss: str) -> Case:
    names = tuple(METRICS[task])
    compiled = {"loss": loss, "metrics": [_built("metrics", name) for name in names]}
    return Case("metrics", names, {"layers": [HIDDEN, head], "compile": compiled}, note=task)


def _stack(family: str, argument: str) -> Case:
    """One layer for each name, one behind the other."""
    names = tuple(known_names(family))
    layers = [{"Dense": {"units": 6, "activation": "tanh", argument: _built(family, name)}} for name in names]
    return Case(family, names, {"layers": [*layers, SOFTMAX]})


def _callback_case(name: str) -> Case:
    compiled = {"optimizer": {"Adam": {"use_ema": True}}} if name == "SwapEMAWeights" else {}
    fit = {"callbacks": [_built("callbacks", name)]}
    return Case("callbacks", (name,), {"layers": [HIDDEN, SOFTMAX], "compile": compiled, "fit": fit})


MIXED: Mapping[str, tuple[tuple[int, ...], list[Any]]] = {
    "Dense, normalised": (FEATURES, [HIDDEN, "BatchNormalization", "LayerNormalization", {"Dropout": {"rate": 0.2}}]),
    "Conv2D": (IMAGE, [{"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "gelu"}}, "MaxPooling2D", "Flatten"]),
    "LSTM": (SERIES, [{"Bidirectional": {"layer": {"LSTM": {"units": 4}}}}]),
}


def _precision_cases() -> list[Case]:
    return [
        Case("precision", (name,), {"layers": [*layers, SOFTMAX], "fit": {"precision": name}}, shape, note=note)
        for name in ("mixed_float16", "mixed_bfloat16") for note, (shape, layers) in MIXED.items()
    ]  # fmt: skip
