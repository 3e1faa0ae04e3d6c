import ast
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import onehot_client
import pytest
from onehot_client import AsyncClient, Client

FOLDER = Path(onehot_client.__file__).parent
SOURCES = sorted(FOLDER.rglob("*.py"))
NEWER = {
    "Self", "StrEnum", "ExceptionGroup", "TaskGroup", "tomllib", "LiteralString", "assert_never", "override", "batched",
    "UTC", "timeout", "Runner", "TypeIs", "add_note", "fromisoformat",
}  # fmt: skip
"""Names of Python 3.11 and later, or that can less in 3.10, under which nothing else is meant here."""


def test_public_names_are_those_listed():
    """What `from onehot_client import …` gives, and nothing else."""
    public = {
        name for name, value in vars(onehot_client).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public | {"__version__"} == set(onehot_client.__all__)


def test_the_version_is_the_distributions():
    """As pyproject.toml has it."""
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text())["project"]
    assert onehot_client.__version__ == project["version"]
    assert (FOLDER / "py.typed").exists()


def test_importing_loads_no_numpy_no_http_client_and_no_frames():
    """They are loaded when they are needed."""
    slow = ("numpy", "httpx", "httpx_sse", "asyncio", "pandas", "polars", "rich", "ssl", "keras")
    code = f"import sys, onehot_client; print([name for name in {slow} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_the_oldest_python_reads_it(path):
    """Its grammar, and no names that came later."""
    tree = ast.parse(path.read_text(), feature_version=(3, 10))
    names = {node.attr if isinstance(node, ast.Attribute) else node.id
             for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}  # fmt: skip
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert (names | imported) & NEWER == set()


def test_both_clients_have_the_same_methods():
    """With the same arguments and the same words."""
    blocking, awaited = (
        {name: value for name, value in inspect.getmembers(one, inspect.isfunction) if not name.startswith("_")}
        for one in (Client, AsyncClient)
    )
    assert set(blocking) == set(awaited)
    for name, method in blocking.items():
        assert str(inspect.signature(method).parameters) == str(inspect.signature(awaited[name]).parameters)
        assert method.__doc__
        assert awaited[name].__doc__


def test_a_method_says_what_it_takes_and_gives():
    """`help(client.predict)` is the reference."""
    signature = inspect.signature(Client.predict)
    assert list(signature.parameters) == ["self", "model", "rows", "version", "label"]
    assert signature.return_annotation is onehot_client.Predictions
    assert Client.predict.__name__ == "predict"
