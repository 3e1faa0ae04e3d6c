"""What the docstrings of public functions must say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("models", "trainer", "service", "onehot", "client/onehot_client")
ARRAYS = re.compile(r"\b(Array|ndarray|NDArray|Rows)\b")
SHAPE = re.compile(r"`\([^()`]*,[^()`]*\)|\bshape\b")
DTYPE = re.compile(r"\b(float32|float64|float|int64|int|bool|object|uint8|dtype)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(node: ast.Module | ast.ClassDef) -> Iterator[Function]:
    """The functions and methods below a node whose names, and whose classes' names, begin without an underscore."""
    for child in node.body:
        if isinstance(child, Function | ast.ClassDef) and not child.name.startswith("_"):
            if isinstance(child, ast.ClassDef):
                yield from public_functions(child)
            else:
                yield child


def handles_arrays(function: Function) -> bool:
    """Whether a function takes or returns an array, as its annotations say."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    annotations = [function.returns, *(argument.annotation for argument in arguments)]
    return any(ARRAYS.search(ast.unparse(one)) for one in annotations if one is not None)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_function_of_arrays_says_their_shape_and_dtype(package: str) -> None:
    """In its docstring: `(batch, features) float32`."""
    silent = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in (ROOT / package).rglob("*.py")
        for function in public_functions(ast.parse(path.read_text()))
        if handles_arrays(function)
        and not (SHAPE.search(said := ast.get_docstring(function) or "") and DTYPE.search(said))
    }
    assert silent == set()
