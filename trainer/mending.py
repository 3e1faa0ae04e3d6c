"""Nodes that Keras' exporter writes and no runtime knows, replaced by what they mean."""

from collections.abc import Callable, Mapping

import onnx
from onnx import helper

__all__ = ["mend"]

Nodes = list[onnx.NodeProto]


def mend(model: onnx.ModelProto) -> None:
    """Replace the nodes in place; a graph without such nodes stays as it is."""
    if not any(node.op_type in REPLACEMENTS for node in model.graph.node):
        return
    nodes: Nodes = []
    for node in model.graph.node:
        replacement = REPLACEMENTS.get(node.op_type)
        nodes += [node] if replacement is None else replacement(node.input[0], node.output[0])
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _erfc(source: str, target: str) -> Nodes:
    """Of gelu: erfc(x) = 1 - erf(x)."""
    erf = helper.make_node("Erf", [source], [f"{target}__erf"])
    return [_one(target), erf, helper.make_node("Sub", [f"{target}__one", f"{target}__erf"], [target])]


def _expm1(source: str, target: str) -> Nodes:
    """Of celu: expm1(x) = exp(x) - 1."""
    exp = helper.make_node("Exp", [source], [f"{target}__exp"])
    return [_one(target), exp, helper.make_node("Sub", [f"{target}__exp", f"{target}__one"], [target])]


def _one(target: str) -> onnx.NodeProto:
    value = helper.make_tensor(f"{target}__one", onnx.TensorProto.FLOAT, (), [1.0])
    return helper.make_node("Constant", [], [f"{target}__one"], value=value)


REPLACEMENTS: Mapping[str, Callable[[str, str], Nodes]] = {"Erfc": _erfc, "Expm1": _expm1}
