"""Nodes that Keras' exporter writes and no runtime knows, replaced by what they mean."""

from collections.abc import Callable, Mapping

import onnx
from onnx import helper

__all__ = ["fix_graph"]

Nodes = list[onnx.NodeProto]


def fix_graph(model: onnx.ModelProto) -> None:
    """Replace the nodes in place; a graph without such nodes stays as it is."""
    _fix(model.graph)


def _fix(graph: onnx.GraphProto) -> None:
    """Also in the graphs inside of its nodes: a recurrent layer is a loop with a body of its own."""
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _fix(inner)
    if any(node.op_type in REPLACEMENTS for node in graph.node):
        nodes = [one for node in graph.node for one in _replaced(node)]
        del graph.node[:]
        graph.node.extend(nodes)


def _replaced(node: onnx.NodeProto) -> Nodes:
    replacement = REPLACEMENTS.get(node.op_type)
    return [node] if replacement is None else replacement(node)


def _erfc(node: onnx.NodeProto) -> Nodes:
    """Of gelu: erfc(x) = 1 - erf(x)."""
    source, target = node.input[0], node.output[0]
    erf = helper.make_node("Erf", [source], [f"{target}__erf"])
    subtract = helper.make_node("Sub", [f"{target}__one", f"{target}__erf"], [target])
    return [*_one(source, target), erf, subtract]


def _expm1(node: onnx.NodeProto) -> Nodes:
    """Of celu: expm1(x) = exp(x) - 1."""
    source, target = node.input[0], node.output[0]
    exp = helper.make_node("Exp", [source], [f"{target}__exp"])
    return [*_one(source, target), exp, helper.make_node("Sub", [f"{target}__exp", f"{target}__one"], [target])]


def _one(source: str, target: str) -> Nodes:
    """1, in the type of the source."""
    value = helper.make_node("Constant", [], [f"{target}__float"], value=_floats([1.0], ()))
    return [value, helper.make_node("CastLike", [f"{target}__float", source], [f"{target}__one"])]


def _bucketize(node: onnx.NodeProto) -> Nodes:
    """Of Discretization: the bucket of x is how many boundaries are not above it."""
    source, target = node.input[0], node.output[0]
    boundaries = next(list(one.floats) for one in node.attribute if one.name == "boundaries")
    last = helper.make_tensor(f"{target}__axis", onnx.TensorProto.INT64, (1,), [-1])
    return [
        helper.make_node("Constant", [], [f"{target}__bounds"], value=_floats(boundaries, (len(boundaries),))),
        helper.make_node("Constant", [], [f"{target}__last"], value=last),
        helper.make_node("Unsqueeze", [source, f"{target}__last"], [f"{target}__wide"]),
        helper.make_node("GreaterOrEqual", [f"{target}__wide", f"{target}__bounds"], [f"{target}__above"]),
        helper.make_node("Cast", [f"{target}__above"], [f"{target}__count"], to=onnx.TensorProto.INT32),
        helper.make_node("ReduceSum", [f"{target}__count", f"{target}__last"], [target], keepdims=0),
    ]


def _conv_transpose(node: onnx.NodeProto) -> Nodes:
    """Where the stride is wider than the kernel: padding below zero, which means room at the end."""
    for attribute in node.attribute:
        if attribute.name == "pads" and min(attribute.ints) < 0:
            axes = len(attribute.ints) // 2
            pairs = list(zip(attribute.ints[:axes], attribute.ints[axes:], strict=True))
            room = [max(0, -begin - end) for begin, end in pairs]
            kept = [(0, 0) if begin + end < 0 else (max(0, begin), begin + end - max(0, begin)) for begin, end in pairs]
            attribute.ints[:] = [begin for begin, _ in kept] + [end for _, end in kept]
            node.attribute.append(helper.make_attribute("output_padding", room))
    return [node]


def _floats(values: list[float], shape: tuple[int, ...]) -> onnx.TensorProto:
    return helper.make_tensor("value", onnx.TensorProto.FLOAT, shape, values)


REPLACEMENTS: Mapping[str, Callable[[onnx.NodeProto], Nodes]] = {
    "Bucketize": _bucketize, "ConvTranspose": _conv_transpose, "Erfc": _erfc, "Expm1": _expm1,
}  # fmt: skip
