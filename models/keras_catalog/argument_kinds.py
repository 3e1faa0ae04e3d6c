"""What a value of each Keras argument may be: its kind, which follows from the argument's name.

Keras annotates nothing, accepts `units: true` and `units: 10**12`, and fails on `kernel_size: "3"` with an error about
`<=`. So each argument name has a kind here; `models.keras_catalog.objects` checks a spec's values against them.
"""

import math
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from models.errors import Problem, shown

__all__ = [
    "POSITIVE",
    "SEED",
    "Check",
    "Mismatch",
    "boolean",
    "check_value",
    "choice",
    "either",
    "expected_by",
    "family_of",
    "integer",
    "kind",
    "kind_of",
    "layer_name",
    "listing",
    "number",
    "single_entry",
    "text",
]

LARGEST = 2**24
"""No size of a layer is larger: a larger number is a typing mistake that would take the machine's memory."""

Check = Callable[[Any], Any]
LAYER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
INPUT_NAME = "x"


class Mismatch(ValueError):
    """A value is not of its kind; `expected` says what is."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(expected)


def check_value(check: Check, value: Any, path: str, problems: list[Problem]) -> Any:
    """The value as a check returns it; None where it is not of the kind, which `problems` then has."""
    try:
        return check(value)
    except Mismatch as mismatch:
        problems.append(Problem(path, mismatch.expected, shown(value)))
        return None


def expected_by(check: Check | None) -> str:
    """What a check wants, in words."""
    try:
        if check is not None:
            check(None)
    except Mismatch as mismatch:
        return mismatch.expected
    return "a value"


def single_entry(value: Any) -> tuple[Any, Any]:
    """The name and the arguments in `Name` or `Name: {arguments}`; any other value is taken for a name."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, arguments),) = value.items()
        return name, {} if arguments is None else arguments
    return value, {}


def kind(expected: str, fits: Callable[[Any], bool], made: Callable[[Any], Any] = lambda value: value) -> Check:
    """A check that one condition decides.

    Args:
        expected: What fits, in words.
        fits: The condition.
        made: Makes of a value that fits what a spec has.
    """

    def check(value: Any) -> Any:
        if not fits(value):
            raise Mismatch(expected)
        return made(value)

    return check


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def integer(lowest: int = -LARGEST, highest: int = LARGEST) -> Check:
    """A whole number; 3.0 counts as one, True does not."""
    expected = f"a whole number from {lowest} to {highest}" if lowest > -LARGEST else "a whole number"
    return kind(expected, lambda value: _is_number(value) and value == int(value) and lowest <= value <= highest, int)


def number(lowest: float = -math.inf, highest: float = math.inf, *, above: bool = False, below: bool = False) -> Check:
    """A finite number within bounds; `above` and `below` exclude the bounds themselves."""

    def fits(value: Any) -> bool:
        excluded = (above and value == lowest) or (below and value == highest)
        return _is_number(value) and lowest <= value <= highest and not excluded

    # Keras takes a learning rate of 1 for an integer, and fails on it.
    return kind(f"a number{_bounds(lowest, highest, above=above, below=below)}", fits, float)


def _bounds(lowest: float, highest: float, *, above: bool, below: bool) -> str:
    parts = []
    if lowest > -math.inf:
        parts.append(f"{'above' if above else 'of at least'} {lowest:g}")
    if highest < math.inf:
        parts.append(f"{'below' if below else 'at most'} {highest:g}")
    return f" {' and '.join(parts)}" if parts else ""


boolean = kind("true or false", lambda value: isinstance(value, bool))
text = kind("text", lambda value: isinstance(value, str) and value != "")
layer_name = kind(
    f"a name of letters, digits, `_`, `.` and `-`, and not {INPUT_NAME!r}, which the input has",
    lambda value: isinstance(value, str) and LAYER_NAME.fullmatch(value) is not None and value != INPUT_NAME,
)
"""A name that every backend and the exported graph take."""


def choice(*names: str) -> Check:
    """One of a few words."""
    return kind("one of " + ", ".join(names), lambda value: value in names, str)


def either(*checks: Check) -> Check:
    """A value that passes any of the checks, tried in order."""

    def check(value: Any) -> Any:
        expected = []
        for one in checks:
            try:
                return one(value)
            except Mismatch as mismatch:
                expected.append(mismatch.expected)
        raise Mismatch(" or ".join(expected))

    return check


def listing(item: Check, *, length: int | None = None) -> Check:
    """A list, of a fixed length where one is given."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple) or (length is not None and len(value) != length) or not value:
            raise Mismatch(f"a list of {length or 'values'}")
        try:
            return [item(one) for one in value]
        except Mismatch as mismatch:
            raise Mismatch(f"a list, each {mismatch.expected}") from mismatch

    return check


def _axes(class_name: str) -> int:
    """How many spatial axes a class works on: 2 for Conv2D and Conv2DTranspose."""
    found = re.search(r"(\d)D(Transpose)?$", class_name)
    return int(found[1]) if found else 1


def _per_axis(item: Check) -> Callable[[str], Check]:
    """One value for all spatial axes of a class, or a list of one for each."""
    return lambda class_name: either(item, listing(item, length=_axes(class_name)))


def _borders(class_name: str) -> Check:
    axes = _axes(class_name)
    edge = integer(0)
    pair = listing(edge, length=2)
    if axes == 1:
        return either(edge, pair)
    return either(edge, listing(either(edge, pair), length=axes))


POSITIVE = integer(1)
RATE = number(0, 1, below=True)
FACTOR = either(number(-10, 10), listing(number(-10, 10), length=2))
SEED = integer(0, 2**31 - 1)
THRESHOLDS = either(number(0, 1), listing(number(0, 1)))
RATIO = number(0, 1)
NOT_NEGATIVE = number(0)
ABOVE_ZERO = number(0, above=True)
ANY = number()
AXIS = either(integer(-8, 8), listing(integer(-8, 8)))
CLASS_INDEX = integer(0)

KINDS: Mapping[str, Check] = {
    **dict.fromkeys(("units", "filters", "depth_multiplier", "groups", "input_dim", "output_dim", "height", "width",
                     "n", "num_tokens", "num_bins", "k", "top_k", "num_thresholds", "num_classes", "num_labels",
                     "decay_steps", "first_decay_steps", "gradient_accumulation_steps", "ema_overwrite_frequency",
                     "num_ops", "num_chains", "chain_depth", "power_iterations", "ns_steps", "lora_rank", "lora_alpha",
                     "fft_length", "frame_length", "frame_step"), POSITIVE),
    **dict.fromkeys(("patience", "cooldown", "start_from_epoch", "warmup_steps", "verbose", "num_regressors",
                     "class_id", "ignore_class"), CLASS_INDEX),
    **dict.fromkeys(("use_bias", "center", "nesterov", "amsgrad", "centered", "use_ema", "from_logits", "keepdims",
                     "mask_zero", "return_sequences", "go_backwards", "stateful", "unroll", "unit_forget_bias",
                     "reset_after", "restore_best_weights", "raise_error", "swap_on_epoch", "invert", "antialias",
                     "crop_to_aspect_ratio", "pad_to_aspect_ratio", "renorm", "synchronized", "return_state", "sparse",
                     "approximate", "cycle", "staircase", "apply_class_balancing", "multi_label", "relative_step",
                     "exclude_embeddings", "periodic", "sparse_y_pred", "from_sorted_ids", "all_ops",
                     "tie_weights", "expand_dims"), boolean),
    **dict.fromkeys(("rate", "dropout", "recurrent_dropout"), RATE),
    **dict.fromkeys(("momentum", "rho", "beta_1", "beta_2", "ema_momentum", "adam_beta_1", "adam_beta_2",
                     "renorm_momentum", "label_smoothing"), RATIO),
    **dict.fromkeys(("precision", "recall", "sensitivity", "specificity"), RATIO),
    **dict.fromkeys(("epsilon", "epsilon_1", "epsilon_2", "clipnorm", "clipvalue", "global_clipnorm", "clip_threshold",
                     "loss_scale_factor", "initial_learning_rate", "t_mul", "m_mul", "decay_rate",
                     "delta"), ABOVE_ZERO),
    **dict.fromkeys(("stddev", "l1", "l2", "min_delta", "min_lr", "weight_decay", "warmup_target", "end_learning_rate",
                     "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
                     "l2_shrinkage_regularization_strength", "adam_weight_decay", "adam_lr_ratio", "rms_rate",
                     "clip_limit", "gain", "logit_soft_cap"), NOT_NEGATIVE),
    **dict.fromkeys(("alpha", "negative_slope", "max_value", "min_value", "offset", "mask_value", "threshold", "value",
                     "mean", "minval", "maxval", "fill_value", "baseline", "learning_rate_power", "power", "gamma",
                     "beta", "beta_2_decay", "muon_a", "muon_b", "muon_c", "b", "threshold_factor",
                     "addition_factor"), ANY),
    **dict.fromkeys(("factor", "height_factor", "width_factor", "brightness_factor", "contrast_factor", "hue_factor",
                     "saturation_factor", "x_factor", "y_factor", "sigma"), FACTOR),
    **dict.fromkeys(("axis", "shared_axes", "input_axes", "output_axes"), AXIS),
    **dict.fromkeys(("name", "equation", "bias_axes", "window", "monitor"), text),
    **dict.fromkeys(("boundaries", "values"), listing(ANY)),
    "target_class_ids": listing(CLASS_INDEX),
    "noise_shape": listing(either(POSITIVE, choice("None"))),
    "dims": listing(integer(1, 8)),
    "output_shape": either(POSITIVE, listing(POSITIVE)),
    "target_shape": listing(either(integer(-1, -1), POSITIVE)),
    "exclude_layers": listing(text),
    "bin_boundaries": listing(ANY),
    "label_weights": listing(NOT_NEGATIVE),
    "thresholds": THRESHOLDS,
    "variance": either(NOT_NEGATIVE, listing(NOT_NEGATIVE)),
    "value_range": listing(ANY, length=2),
    "tile_grid_size": listing(POSITIVE, length=2),
    "seed": SEED,
    "data_format": choice("channels_last"),
    "dtype": choice("float32"),
    "reverse_dtype": choice("float32"),
    "padding": choice("valid", "same"),
    "merge_mode": choice("sum", "mul", "concat", "ave"),
    "interpolation": choice("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"),
    "fill_mode": choice("reflect", "wrap", "constant", "nearest"),
    "output_mode": choice("int", "one_hot", "multi_hot", "count"),
    "reduction": choice("sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"),
    "curve": choice("ROC", "PR"),
    "summation_method": choice("interpolation", "minoring", "majoring"),
    "average": choice("micro", "macro", "weighted"),
    "class_aggregation": choice("uniform_average", "variance_weighted_average"),
    "distribution": choice("truncated_normal", "untruncated_normal", "uniform"),
    "use_cudnn": either(boolean, choice("auto")),
    "scaling": choice("density", "spectrum"),
    "renorm_clipping": listing(text),
}  # fmt: skip
"""Argument name → its check, where the name alone decides; classes in which it means something else: OWN_KINDS."""

SHAPED_KINDS: Mapping[str, Callable[[str], Check]] = {
    **dict.fromkeys(("kernel_size", "strides", "pool_size", "dilation_rate", "size"), _per_axis(POSITIVE)),
    "output_size": _per_axis(POSITIVE),
    "output_padding": _per_axis(integer(0)),
    "cropping": _borders,
}

OWN_KINDS: Mapping[str, Check] = {
    "BatchNormalization.scale": boolean,
    "CategoricalFocalCrossentropy.alpha": either(RATIO, listing(RATIO)),
    "Conv1D.padding": choice("valid", "same", "causal"),
    "GroupNormalization.groups": integer(-1),
    "GroupNormalization.scale": boolean,
    "LayerNormalization.scale": boolean,
    "MaxNorm.axis": AXIS,
    "MinMaxNorm.rate": RATIO,
    "Normalization.mean": either(ANY, listing(ANY)),
    "OrthogonalRegularizer.mode": choice("rows", "columns"),
    "RandomElasticTransform.scale": FACTOR,
    "RandomErasing.scale": listing(RATIO, length=2),
    "RandomFlip.mode": choice("horizontal", "vertical", "horizontal_and_vertical"),
    "RandomPerspective.scale": FACTOR,
    "Rescaling.offset": either(ANY, listing(ANY)),
    "Rescaling.scale": either(ANY, listing(ANY)),
    "STFTSpectrogram.mode": choice("log", "magnitude", "psd", "real", "imag", "angle", "stft"),
    "SeparableConv1D.padding": choice("valid", "same", "causal"),
    "EarlyStopping.mode": choice("auto", "min", "max"),
    "ReduceLROnPlateau.mode": choice("auto", "min", "max"),
    "ReduceLROnPlateau.factor": number(0, 1, above=True, below=True),
    "VarianceScaling.mode": choice("fan_in", "fan_out", "fan_avg"),
    "VarianceScaling.scale": ABOVE_ZERO,
    "celu.alpha": ABOVE_ZERO,
}
"""`Class.argument` → its check, where the argument's name means something else than elsewhere."""

OBJECT_ARGUMENTS: Mapping[str, str] = {"learning_rate": "schedules", "layer": "layers", "backward_layer": "layers"}
"""Arguments that hold another Keras object, by name → the object's family."""

OBJECT_SUFFIXES: Mapping[str, str] = {
    "_initializer": "initializers",
    "_regularizer": "regularizers",
    "_constraint": "constraints",
    "activation": "activations",
}
"""The same, by how the argument's name ends."""


def kind_of(class_name: str, argument: str) -> Check | None:
    """The check of one argument, or None where a name has no kind (a test says that none is left out)."""
    own = OWN_KINDS.get(f"{class_name}.{argument}")
    if own is not None:
        return own
    if argument == "padding" and class_name.startswith("ZeroPadding"):
        return _borders(class_name)
    shaped = SHAPED_KINDS.get(argument)
    return shaped(class_name) if shaped is not None else KINDS.get(argument)


def family_of(argument: str) -> str | None:
    """The family of Keras objects that an argument holds, or None for a plain value."""
    if argument in OBJECT_ARGUMENTS:
        return OBJECT_ARGUMENTS[argument]
    return next((family for suffix, family in OBJECT_SUFFIXES.items() if argument.endswith(suffix)), None)
