"""The output shape of each Keras layer, computed without Keras: shapes of one instance, without the samples axis.

A rule takes the layer's arguments and the shape that comes in, and gives the shape that goes out. A test compares
every rule with Keras' own answer.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from math import prod
from typing import Any

from models.keras_catalog.argument_kinds import Mismatch

__all__ = ["ALIKE", "AUGMENTING", "RULES", "Shape"]

Shape = tuple[int, ...]
Arguments = Mapping[str, Any]
Rule = Callable[[Arguments, Shape], Shape]
SpatialRule = Callable[[int, Arguments, Shape], Shape]
"""A rule for any number of spatial axes, which comes first."""

RANKS = {
    1: "a shape of 2 axes (steps, channels)",
    2: "a shape of 3 axes (height, width, channels)",
    3: "a shape of 4 axes (depth, height, width, channels)",
}


def _with_axes(rule: SpatialRule, spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    """Apply a rule to a shape that has so many spatial axes, and channels."""
    if len(shape) != spatial + 1:
        raise Mismatch(RANKS[spatial])
    return rule(spatial, arguments, shape)


def _spatial(layer: str, rule: SpatialRule, numbers: Iterable[int] = RANKS) -> dict[str, Rule]:
    """The rules of a layer's classes, one for each number of spatial axes: `{}` stands for it in their names."""
    return {layer.format(number): partial(_with_axes, rule, number) for number in numbers}


def _each(value: Any, axes: int) -> list[int]:
    return [int(one) for one in value] if isinstance(value, list | tuple) else [int(value)] * axes


def _window(size: int, kernel: int, stride: int, padding: str) -> int:
    """How many windows fit along one axis."""
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - kernel) // stride + 1


def _slide(shape: Shape, kernels: list[int], strides: list[int], padding: str) -> Shape:
    sizes = [_window(*one, padding) for one in zip(shape[:-1], kernels, strides, strict=True)]
    if min(sizes) < 1:
        raise Mismatch(f"at least {' × '.join(str(kernel) for kernel in kernels)} along the spatial axes")
    return tuple(sizes)


def _same(_arguments: Arguments, shape: Shape) -> Shape:
    return shape


def _same_with_axes(_axes: int, _arguments: Arguments, shape: Shape) -> Shape:
    return shape


def _pooled(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    pool = _each(arguments.get("pool_size", 2), spatial)
    strides = _each(arguments["strides"], spatial) if arguments.get("strides") is not None else pool
    return (*_slide(shape, pool, strides, arguments.get("padding", "valid")), shape[-1])


def _global_pooled(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    return (*[1] * spatial, shape[-1]) if arguments.get("keepdims") else shape[-1:]


def _adaptive_pooled(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    return (*_each(arguments["output_size"], spatial), shape[-1])


def _convolved(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    groups = int(arguments.get("groups", 1))
    depthwise = shape[-1] * int(arguments.get("depth_multiplier", 1))
    filters = int(arguments.get("filters", depthwise))
    if shape[-1] % groups or filters % groups:
        raise Mismatch(f"channels and filters that {groups} groups divide")
    dilation = _each(arguments.get("dilation_rate", 1), spatial)
    kernel = _each(arguments["kernel_size"], spatial)
    spread = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
    strides = _each(arguments.get("strides", 1), spatial)
    return (*_slide(shape, spread, strides, arguments.get("padding", "valid")), filters)


def _transposed(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    kernel = _each(arguments["kernel_size"], spatial)
    strides = _each(arguments.get("strides", 1), spatial)
    dilation = _each(arguments.get("dilation_rate", 1), spatial)
    given = arguments.get("output_padding")
    extra = _each(given, spatial) if given is not None else [None] * spatial
    padding = arguments.get("padding", "valid")
    sizes = [_widened(*one, padding) for one in zip(shape[:-1], kernel, strides, dilation, extra, strict=True)]
    return (*sizes, int(arguments["filters"]))


def _widened(size: int, kernel: int, stride: int, dilation: int, extra: int | None, padding: str) -> int:
    spread = (kernel - 1) * dilation + 1
    if extra is None:
        return size * stride + (max(spread - stride, 0) if padding == "valid" else 0)
    return (size - 1) * stride + spread + extra - (0 if padding == "valid" else 2 * (spread // 2))


def _pairs(value: Any, spatial: int) -> list[tuple[int, int]]:
    """Two edges for each axis, however a cropping or a padding was written."""
    if spatial == 1:
        edges = _each(value, 2)
        return [(edges[0], edges[1])]
    items = value if isinstance(value, list | tuple) else [value] * spatial
    both = [_each(item, 2) for item in items]
    return [(pair[0], pair[1]) for pair in both]


def _cropped(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    pairs = _pairs(arguments.get("cropping", (1, 1) if spatial == 1 else 0), spatial)
    sizes = [size - before - after for size, (before, after) in zip(shape[:-1], pairs, strict=True)]
    if min(sizes) < 1:
        raise Mismatch("more than what `cropping` takes away")
    return (*sizes, shape[-1])


def _padded(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    pairs = _pairs(arguments.get("padding", 1), spatial)
    sizes = [size + before + after for size, (before, after) in zip(shape[:-1], pairs, strict=True)]
    return (*sizes, shape[-1])


def _upsampled(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    factors = _each(arguments.get("size", 2), spatial)
    return (*[size * factor for size, factor in zip(shape[:-1], factors, strict=True)], shape[-1])


def _recurrent(_axes: int, arguments: Arguments, shape: Shape) -> Shape:
    units = int(arguments["units"])
    return (shape[0], units) if arguments.get("return_sequences") else (units,)


def _convolved_recurrent(spatial: int, arguments: Arguments, shape: Shape) -> Shape:
    if len(shape) != spatial + 2:
        raise Mismatch(f"steps before {RANKS[spatial]}")
    one_step = _convolved(spatial, arguments, shape[1:])
    return (shape[0], *one_step) if arguments.get("return_sequences") else one_step


def _dense(arguments: Arguments, shape: Shape) -> Shape:
    if not shape:
        raise Mismatch("at least one axis of features")
    return (*shape[:-1], int(arguments["units"]))


def _embedding(arguments: Arguments, shape: Shape) -> Shape:
    return (*shape, int(arguments["output_dim"]))


def _flatten(_arguments: Arguments, shape: Shape) -> Shape:
    return (prod(shape),)


def _reshape(arguments: Arguments, shape: Shape) -> Shape:
    target = [int(size) for size in arguments["target_shape"]]
    known = prod(size for size in target if size != -1)
    total = prod(shape)
    if target.count(-1) > 1 or total % known or (-1 not in target and known != total):
        raise Mismatch(f"{known} values for the target shape {target}")
    return tuple(total // known if size == -1 else size for size in target)


def _permute(arguments: Arguments, shape: Shape) -> Shape:
    order = [int(axis) for axis in arguments["dims"]]
    if sorted(order) != list(range(1, len(shape) + 1)):
        raise Mismatch(f"a shape of {len(order)} axes, each named once in `dims`")
    return tuple(shape[axis - 1] for axis in order)


def _repeat(arguments: Arguments, shape: Shape) -> Shape:
    if len(shape) != 1:
        raise Mismatch("a shape of 1 axis (features)")
    return (int(arguments["n"]), *shape)


def _resized(_axes: int, arguments: Arguments, shape: Shape) -> Shape:
    return (int(arguments["height"]), int(arguments["width"]), shape[-1])


ALIKE = ("Activation", "ActivityRegularization",
         "AlphaDropout", "BatchNormalization", "Discretization", "Dropout", "ELU",
         "GaussianDropout", "GaussianNoise", "GroupNormalization", "Identity", "LayerNormalization", "LeakyReLU",
         "Masking", "Normalization", "PReLU", "RMSNormalization", "ReLU", "Rescaling", "Softmax",
         "UnitNormalization")  # fmt: skip
"""Layers that change values and not shapes."""

AUGMENTING = ("AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "RandAugment",
              "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
              "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
              "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
              "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom",
              "Solarization")  # fmt: skip
"""Layers that change images while training."""

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(ALIKE, _same),
    **dict.fromkeys(AUGMENTING, partial(_with_axes, _same_with_axes, 2)),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), partial(_with_axes, _recurrent, 1)),
    **dict.fromkeys(("CenterCrop", "Resizing"), partial(_with_axes, _resized, 2)),
    **_spatial("MaxPooling{}D", _pooled),
    **_spatial("AveragePooling{}D", _pooled),
    **_spatial("GlobalMaxPooling{}D", _global_pooled),
    **_spatial("GlobalAveragePooling{}D", _global_pooled),
    **_spatial("AdaptiveMaxPooling{}D", _adaptive_pooled),
    **_spatial("AdaptiveAveragePooling{}D", _adaptive_pooled),
    **_spatial("Conv{}D", _convolved),
    **_spatial("SeparableConv{}D", _convolved, (1, 2)),
    **_spatial("DepthwiseConv{}D", _convolved, (1, 2)),
    **_spatial("Conv{}DTranspose", _transposed),
    **{f"ConvLSTM{number}D": partial(_convolved_recurrent, number) for number in RANKS},
    **_spatial("Cropping{}D", _cropped),
    **_spatial("ZeroPadding{}D", _padded),
    **_spatial("UpSampling{}D", _upsampled),
    **_spatial("SpatialDropout{}D", _same_with_axes),
    "Dense": _dense,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
}
"""Layer → its rule. Layers without one end the inference: what comes after them is left to Keras."""
