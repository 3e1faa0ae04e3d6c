"""`__all__` of a module is what others may take from it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("models", "trainer", "service", "onehot", "onehot_client")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__").removeprefix("client."): path
    for package in PACKAGES
    for folder in (ROOT / package, ROOT / "client" / package)
    for path in sorted(folder.rglob("*.py"))
}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def public_names(module: str) -> set[str]:
    """What the module's `__all__` lists."""
    for node in tree_of(MODULES[module]).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return set()


def taken(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of everything that a file takes from our modules."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            yield from (
                (node.module, alias.name) for alias in node.names if f"{node.module}.{alias.name}" not in MODULES
            )


@pytest.mark.parametrize("package", PACKAGES)
def test_what_others_take_from_a_module_is_in_its_list(package: str) -> None:
    """No module reaches past it."""
    files = [path for name, path in MODULES.items() if name.split(".")[0] == package]
    hidden = {
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path in files
        for module, name in taken(path)
        if name not in public_names(module)
    }
    assert hidden == set()
