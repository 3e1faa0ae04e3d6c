"""One small training for each layer, activation, loss … that a spec may name, for `trainer.keras_catalog.proving`.

A case is a spec without data. Names that Keras adds later have no case until one is written: a test says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.keras_catalog.objects import known_names
from models.keras_catalog.shape_rules import AUGMENTING
from models.spec.head import LOSSES
from models.spec.keras_metrics import METRICS

__all__ = ["Case", "all_cases", "split_case"]

FEATURES, SERIES, IMAGE, VOLUME = (6,), (8, 3), (8, 8, 3), (6, 6, 6, 2)
BY_RANK: Mapping[str, tuple[int, ...]] = {"1D": SERIES, "2D": IMAGE, "3D": VOLUME}
TOKENS, VOCABULARY = (8,), 10
PIXELS = {"value_range": [0.0, 1.0]}
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
        *_activation_variants(),
        *_head_cases(),
        *[case for name in known_names("losses") for case in _loss_cases(name)],
        *_smoothing_cases(),
        *[_optimizer_case(name) for name in known_names("optimizers")],
        *[_schedule_case(name) for name in known_names("schedules")],
        *_metric_cases(),
        _stack("initializers", "kernel_initializer", INITIALIZERS),
        _stack("regularizers", "kernel_regularizer", {}),
        _stack("constraints", "kernel_constraint", {}),
        *[_callback_case(name) for name in known_names("callbacks")],
        *_precision_cases(),
    ]


def split_case(case: Case) -> list[Case]:
    """A case of several names as one case for each, to find out which of them fails."""
    if case.family == "metrics":
        metrics = case.spec["compile"]["metrics"]
        return [_with_metrics(case, (name,), [one]) for name, one in zip(case.names, metrics, strict=True)]
    inner = zip(case.names, case.spec["layers"], strict=False)
    return [Case(case.family, (name,), {**case.spec, "layers": [layer, SOFTMAX]}, case.shape) for name, layer in inner]


ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "Activation": {"activation": "tanh"},
    "ActivityRegularization": {"l1": 0.01, "l2": 0.01},
    "Bidirectional": {"layer": {"LSTM": {"units": 4}}},
    "CategoryEncoding": {"num_tokens": VOCABULARY, "output_mode": "multi_hot"},
    "CenterCrop": {"height": 5, "width": 4},
    "Dense": {"units": 5, "activation": "relu"},
    "Discretization": {"bin_boundaries": [0.2, 0.4, 0.6, 0.8]},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": [8, 5], "bias_axes": "d"},
    "Embedding": {"input_dim": VOCABULARY, "output_dim": 4},
    "GaussianNoise": {"stddev": 0.2},
    "GroupNormalization": {"groups": 3},
    "Normalization": {"mean": [0.5, 0.4, 0.3, 0.2, 0.1, 0.0], "variance": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]},
    "Permute": {"dims": [2, 1]},
    "RandomBrightness": {"factor": 0.2, **PIXELS},
    "RandomColorDegeneration": {"factor": 0.3, **PIXELS},
    "RandomColorJitter": {"brightness_factor": 0.2, **PIXELS},
    "RandomContrast": {"factor": 0.2, **PIXELS},
    "RandomHue": {"factor": 0.2, **PIXELS},
    "RandomPosterization": {"factor": 4, **PIXELS},
    "RandomRotation": {"factor": 0.1},
    "RandomSaturation": {"factor": 0.3, **PIXELS},
    "RandomSharpness": {"factor": 0.3, **PIXELS},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RepeatVector": {"n": 3},
    "Rescaling": {"scale": 2.0, "offset": -1.0},
    "Reshape": {"target_shape": [3, 2]},
    "Resizing": {"height": 5, "width": 11},
    "ReversibleEmbedding": {"input_dim": VOCABULARY, "output_dim": 4},
    "SpectralNormalization": {"layer": {"Dense": {"units": 4}}},
    "TimeDistributed": {"layer": {"Dense": {"units": 4, "activation": "relu"}}},
    **{name: {"units": 4} for name in ("LSTM", "GRU", "SimpleRNN")},
    **{name: {"rate": 0.3} for name in ("AlphaDropout", "Dropout", "GaussianDropout")},
    **{f"SpatialDropout{axes}D": {"rate": 0.3} for axes in (1, 2, 3)},
    **{f"DepthwiseConv{axes}D": {"kernel_size": 3} for axes in (1, 2)},
}  # fmt: skip
"""What a layer is built with here."""

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


def _layer_arguments(name: str) -> Mapping[str, Any]:
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    if name.startswith("Adaptive"):
        return {"output_size": 2}
    if "Conv" in name:
        return {"filters": 4, "kernel_size": 3}
    if name.endswith("D") and "AveragePooling" in name and not name.startswith("Global"):
        return {"pool_size": 2}
    if name == "STFTSpectrogram":
        return {"mode": "log", "frame_length": 64, "frame_step": 32, "fft_length": 64}
    return PIXELS if "value_range" in known_names("layers")[name] else {}


def _layer_case(name: str, note: str = "", **changes: Any) -> Case:
    shape = SHAPES.get(name) or next((BY_RANK[end] for end in BY_RANK if end in name), FEATURES)
    arguments = {**_layer_arguments(name), **changes}
    before = [] if name in FIRST else [{"Dense": {"units": shape[-1]}}]
    layers = [*before, {name: arguments} if arguments else name, "Flatten", SOFTMAX]
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


def _activation_case(name: str, arguments: Mapping[str, Any] | None = None) -> Case:
    activation = {name: arguments} if arguments else name
    layers = [{"Dense": {"units": 6, "activation": activation}}, SOFTMAX]
    return Case("activations", (name,), {"layers": layers}, note="with arguments" if arguments else "")


def _activation_variants() -> list[Case]:
    return [
        _activation_case("elu", {"alpha": 0.5}),
        _activation_case("leaky_relu", {"negative_slope": 0.05}),
        _activation_case("relu", {"negative_slope": 0.1, "max_value": 0.9, "threshold": 0.1}),
        _activation_case("softmax", {"axis": -1}),
    ]


def _head_cases() -> list[Case]:
    """Heads made by a layer after the last weights."""
    cases = [("Softmax", 3, "softmax"), ({"Activation": {"activation": "sigmoid"}}, 1, "sigmoid")]
    return [
        Case("layers", ("Softmax" if head == "Softmax" else "Activation",), {
            "layers": [HIDDEN, {"Dense": {"units": units}}, head], "compile": {"loss": USUAL_LOSS[task]}},
            note=f"{task} head")
        for head, units, task in cases
    ]  # fmt: skip


def _loss_cases(name: str, note: str = "", **arguments: Any) -> list[Case]:
    """A loss on each head that it fits."""
    loss = {name: arguments} if arguments else name
    return [
        Case("losses", (name,), {"layers": [HIDDEN, HEADS[task]], "compile": {"loss": loss}}, note=f"{task}{note}")
        for task in HEADS if name in LOSSES[task]
    ]  # fmt: skip


def _smoothing_cases() -> list[Case]:
    smoothed = [name for name, arguments in known_names("losses").items() if "label_smoothing" in arguments]
    return [case for name in smoothed for case in _loss_cases(name, ", label smoothing", label_smoothing=0.1)][::2]


def _optimizer_case(name: str) -> Case:
    layers = [{"Dense": {"units": 6, "activation": "relu"}}, SOFTMAX]
    return Case("optimizers", (name,), {"layers": layers, "compile": {"optimizer": name}})


SCHEDULES: Mapping[str, Mapping[str, Any]] = {
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 4, "warmup_steps": 1, "warmup_target": 0.2},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 2},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [1, 3], "values": [0.1, 0.05, 0.01]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 4},
}


def _schedule_case(name: str) -> Case:
    optimizer = {"SGD": {"learning_rate": {name: SCHEDULES[name]}, "momentum": 0.9}}
    return Case("schedules", (name,), {"layers": [HIDDEN, SOFTMAX], "compile": {"optimizer": optimizer}})


METRIC_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "TopKCategoricalAccuracy": {"k": 2},
    "SparseTopKCategoricalAccuracy": {"k": 2},
}


def _metric_cases() -> list[Case]:
    """All metrics of a head at once."""
    cases = [(task, HEADS[task], USUAL_LOSS[task]) for task in HEADS]
    cases.append(("sparse", SOFTMAX, "sparse_categorical_crossentropy"))
    return [_metric_case(task, head, loss) for task, head, loss in cases]


def _metric_case(task: str, head: Mapping[str, Any], loss: str) -> Case:
    case = Case("metrics", (), {"layers": [HIDDEN, head], "compile": {"loss": loss}}, note=task)
    names = tuple(METRICS[task])
    return _with_metrics(case, names, [_with_arguments(name, METRIC_ARGUMENTS) for name in names])


def _with_metrics(case: Case, names: tuple[str, ...], metrics: list[Any]) -> Case:
    compiled = {**case.spec["compile"], "metrics": metrics}
    return Case("metrics", names, {**case.spec, "compile": compiled}, note=case.note)


def _with_arguments(name: str, arguments: Mapping[str, Mapping[str, Any]]) -> Any:
    return {name: arguments[name]} if name in arguments else name


INITIALIZERS: Mapping[str, Mapping[str, Any]] = {"Constant": {"value": 0.1}}


def _stack(family: str, argument: str, arguments: Mapping[str, Mapping[str, Any]]) -> Case:
    """One layer for each name, one behind the other."""
    names = tuple(known_names(family))
    layers = [
        {"Dense": {"units": 6, "activation": "tanh", argument: _with_arguments(name, arguments)}} for name in names
    ]
    return Case(family, names, {"layers": [*layers, SOFTMAX]})


CALLBACKS: Mapping[str, Mapping[str, Any]] = {
    "EarlyStopping": {"monitor": "val_loss", "patience": 1, "restore_best_weights": True},
    "ReduceLROnPlateau": {"monitor": "val_loss", "patience": 1, "factor": 0.5},
}


def _callback_case(name: str) -> Case:
    compiled = {"optimizer": {"Adam": {"use_ema": True}}} if name == "SwapEMAWeights" else {}
    fit = {"callbacks": [_with_arguments(name, CALLBACKS)]}
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
