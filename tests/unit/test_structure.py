"""The shape of the packages: floors without circles, folders that fit a screen, one meaning a name, short bodies."""

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("models", "trainer", "service", "onehot", "client/onehot_client")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
MOST_MODULES = 15


def name_of(path: Path) -> str:
    """The name by which a module is imported; the client's distribution has a folder of its own."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__").removeprefix("client.")


MODULES = {name_of(path): path for path in FILES}

TWICE: Mapping[str, str] = {
    "checkpoints.py": "checkpoints of a job: kept in the store, written by the trainer",
    "datasets.py": "uploaded data sets: in the store, their endpoint and their commands",
    "errors.py": "the errors that a package raises",
    "events.py": "events of a job: their names, and the command line's reader",
    "failures.py": "how a failure is told to the user: by the command line, by a training",
    "head.py": "the head of a network: as a spec declares it, as the data asks for it",
    "images.py": "bytes of an image to pixels: the rule, and its use on requests",
    "jobs.py": "training jobs: their endpoint, their commands, the function on the queue",
    "labels.py": "labels of versions: in the store, and their endpoint",
    "logs.py": "how a process writes its logs",
    "metrics.py": "counts and times of the service: kept, and their endpoint",
    "names.py": "names that several sides spell alike: of models, of queues",
    "progress.py": "progress of a training: told by the trainer, shown by the command line",
    "report.py": "the evaluation report: written by the trainer, opened by its command",
    "requests.py": "bodies of prediction requests: read by the Open Inference Protocol, made by the command line",
    "responses.py": "HTTP responses: of any endpoint, of the Open Inference Protocol",
    "rollouts.py": "rollouts of versions: their endpoint and their commands",
    "runs.py": "records of trainings: in the store, their endpoint and their commands",
    "searches.py": "searches for hyperparameters: their endpoint, their commands",
    "steps.py": "steps of the preprocessing: as computed, as a spec names them",
}
"""File names that occur more than once, each with the one meaning that they share."""


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports anywhere: inside functions and for type checking too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def floor_of(module: str) -> str:
    """The sub-package that a module stands in, or the module itself beside the sub-packages."""
    return ".".join(module.split(".")[:2])


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of a graph, if it has any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_module_imports_itself_in_a_circle() -> None:
    """Lazy imports and those for type checking are counted."""
    assert circle_in({module: set(imported(path)) - {module} for module, path in MODULES.items()}) == []


def test_no_sub_package_imports_itself_in_a_circle() -> None:
    """A floor stands on the floors below it."""
    floors: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        floors[floor_of(module)] |= {floor_of(one) for one in imported(path)} - {floor_of(module)}
    assert circle_in(floors) == []


def test_no_folder_holds_more_modules_than_one_reads_at_a_glance() -> None:
    """Sub-packages beside them do not count."""
    folders: dict[Path, int] = defaultdict(int)
    for path in FILES:
        folders[path.parent.relative_to(ROOT)] += path.name != "__init__.py"
    assert {str(folder): count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_a_file_name_that_occurs_twice_has_one_meaning() -> None:
    """Each is listed with the meaning that its files share; the list holds no others."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        if not path.name.startswith("__"):
            places[path.name].append(str(path.relative_to(ROOT)))
    assert {name for name, found in places.items() if len(found) > 1} == set(TWICE)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function's body has, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_bodies_of_functions_stay_short() -> None:
    """Median at most 5 lines, nine of ten at most 12, none above 40."""
    functions = (
        node
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lines = sorted(body_lines(function) for function in functions)
    assert statistics.median(lines) <= 5
    assert lines[len(lines) * 9 // 10] <= 12
    assert lines[-1] <= 40


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_in_its_first_line_what_it_holds(package: str) -> None:
    """Each sub-package too."""
    silent = [
        path for path in (ROOT / package).rglob("__init__.py") if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
