"""The output shape of each Keras layer, computed without Keras: shapes of one instance, without the samples axis.

A rule takes the layer's arguments and the shape that comes in, and gives the shape that goes out. A test compares
every rule with Keras' own answer.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

__all__ = ["ALIKE", "AUGMENTING", "RULES", "Shape", "ShapeMismatch"]

Shape = tuple[int, ...]
Arguments = Mapping[str, Any]
Rule = Callable[[Arguments, Shape], Shape]


class ShapeMismatch(ValueError):
    """A layer cannot take what comes in; `expected` says what it takes."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(expected)


RANKS = {
    1: "a shape of 2 axes (steps, channels)",
    2: "a shape of 3 axes (height, width, channels)",
    3: "a shape of 4 axes (depth, height, width, channels)",
}


def _need_axes(shape: Shape, spatial: int) -> None:
    if len(shape) != spatial + 1:
        raise ShapeMismatch(RANKS[spatial])


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
        raise ShapeMismatch(f"at least {' × '.join(str(kernel) for kernel in kernels)} along the spatial axes")
    return tuple(sizes)


def _same(arguments: Arguments, shape: Shape) -> Shape:
    del arguments
    return shape


def _pooled(spatial: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        pool = _each(arguments.get("pool_size", 2), spatial)
        strides = _each(arguments["strides"], spatial) if arguments.get("strides") is not None else pool
        return (*_slide(shape, pool, strides, arguments.get("padding", "valid")), shape[-1])

    return rule


def _global_pooled(spatial: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        return (*[1] * spatial, shape[-1]) if arguments.get("keepdims") else shape[-1:]

    return rule


def _adaptive_pooled(spatial: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        return (*_each(arguments["output_size"], spatial), shape[-1])

    return rule


def _convolved(spatial: int, channels: Callable[[Arguments, Shape], int]) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        groups = int(arguments.get("groups", 1))
        filters = channels(arguments, shape)
        if shape[-1] % groups or filters % groups:
            raise ShapeMismatch(f"channels and filters that {groups} groups divide")
        dilation = _each(arguments.get("dilation_rate", 1), spatial)
        kernel = _each(arguments["kernel_size"], spatial)
        spread = [(size - 1) * step + 1 for size, step in zip(kernel, dilation, strict=True)]
        strides = _each(arguments.get("strides", 1), spatial)
        return (*_slide(shape, spread, strides, arguments.get("padding", "valid")), filters)

    return rule


def _filters(arguments: Arguments, shape: Shape) -> int:
    del shape
    return int(arguments["filters"])


def _depthwise_channels(arguments: Arguments, shape: Shape) -> int:
    return shape[-1] * int(arguments.get("depth_multiplier", 1))


def _transposed(spatial: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        kernel = _each(arguments["kernel_size"], spatial)
        strides = _each(arguments.get("strides", 1), spatial)
        dilation = _each(arguments.get("dilation_rate", 1), spatial)
        given = arguments.get("output_padding")
        extra = _each(given, spatial) if given is not None else [None] * spatial
        padding = arguments.get("padding", "valid")
        sizes = [_widened(*one, padding) for one in zip(shape[:-1], kernel, strides, dilation, extra, strict=True)]
        return (*sizes, int(arguments["filters"]))

    return rule


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


def _edged(spatial: int, argument: str, sign: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        pairs = _pairs(arguments.get(argument, (1, 1) if spatial == 1 else 1 if sign > 0 else 0), spatial)
        sizes = [size + sign * (before + after) for size, (before, after) in zip(shape[:-1], pairs, strict=True)]
        if min(sizes) < 1:
            raise ShapeMismatch(f"more than what `{argument}` takes away")
        return (*sizes, shape[-1])

    return rule


def _upsampled(spatial: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        _need_axes(shape, spatial)
        factors = _each(arguments.get("size", 2), spatial)
        return (*[size * factor for size, factor in zip(shape[:-1], factors, strict=True)], shape[-1])

    return rule


def _recurrent(arguments: Arguments, shape: Shape) -> Shape:
    _need_axes(shape, 1)
    units = int(arguments["units"])
    return (shape[0], units) if arguments.get("return_sequences") else (units,)


def _convolved_recurrent(spatial: int) -> Rule:
    inner = _convolved(spatial, _filters)

    def rule(arguments: Arguments, shape: Shape) -> Shape:
        if len(shape) != spatial + 2:
            raise ShapeMismatch(f"steps before {RANKS[spatial]}")
        one_step = inner(arguments, shape[1:])
        return (shape[0], *one_step) if arguments.get("return_sequences") else one_step

    return rule


def _dense(arguments: Arguments, shape: Shape) -> Shape:
    if not shape:
        raise ShapeMismatch("at least one axis of features")
    return (*shape[:-1], int(arguments["units"]))


def _embedding(arguments: Arguments, shape: Shape) -> Shape:
    return (*shape, int(arguments["output_dim"]))


def _flatten(arguments: Arguments, shape: Shape) -> Shape:
    del arguments
    return (prod(shape),)


def _reshape(arguments: Arguments, shape: Shape) -> Shape:
    target = [int(size) for size in arguments["target_shape"]]
    known = prod(size for size in target if size != -1)
    total = prod(shape)
    if target.count(-1) > 1 or total % known or (-1 not in target and known != total):
        raise ShapeMismatch(f"{known} values for the target shape {target}")
    return tuple(total // known if size == -1 else size for size in target)


def _permute(arguments: Arguments, shape: Shape) -> Shape:
    order = [int(axis) for axis in arguments["dims"]]
    if sorted(order) != list(range(1, len(shape) + 1)):
        raise ShapeMismatch(f"a shape of {len(order)} axes, each named once in `dims`")
    return tuple(shape[axis - 1] for axis in order)


def _repeat(arguments: Arguments, shape: Shape) -> Shape:
    if len(shape) != 1:
        raise ShapeMismatch("a shape of 1 axis (features)")
    return (int(arguments["n"]), *shape)


def _spatial_dropout(spatial: int) -> Rule:
    def rule(arguments: Arguments, shape: Shape) -> Shape:
        del arguments
        _need_axes(shape, spatial)
        return shape

    return rule


def _image(arguments: Arguments, shape: Shape) -> Shape:
    del arguments
    _need_axes(shape, 2)
    return shape


def _resized(arguments: Arguments, shape: Shape) -> Shape:
    _need_axes(shape, 2)
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
    **dict.fromkeys(AUGMENTING, _image),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _recurrent),
    **{f"MaxPooling{n}D": _pooled(n) for n in RANKS},
    **{f"AveragePooling{n}D": _pooled(n) for n in RANKS},
    **{f"GlobalMaxPooling{n}D": _global_pooled(n) for n in RANKS},
    **{f"GlobalAveragePooling{n}D": _global_pooled(n) for n in RANKS},
    **{f"AdaptiveMaxPooling{n}D": _adaptive_pooled(n) for n in RANKS},
    **{f"AdaptiveAveragePooling{n}D": _adaptive_pooled(n) for n in RANKS},
    **{f"Conv{n}D": _convolved(n, _filters) for n in RANKS},
    **{f"SeparableConv{n}D": _convolved(n, _filters) for n in (1, 2)},
    **{f"DepthwiseConv{n}D": _convolved(n, _depthwise_channels) for n in (1, 2)},
    **{f"Conv{n}DTranspose": _transposed(n) for n in RANKS},
    **{f"ConvLSTM{n}D": _convolved_recurrent(n) for n in RANKS},
    **{f"Cropping{n}D": _edged(n, "cropping", -1) for n in RANKS},
    **{f"ZeroPadding{n}D": _edged(n, "padding", 1) for n in RANKS},
    **{f"UpSampling{n}D": _upsampled(n) for n in RANKS},
    **{f"SpatialDropout{n}D": _spatial_dropout(n) for n in RANKS},
    "CenterCrop": _resized,
    "Dense": _dense,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "Resizing": _resized,
}
"""Layer → its rule. Layers without one end the inference: what comes after them is left to Keras."""
