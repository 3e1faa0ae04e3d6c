"""What must fit together in a search: paths that exist, values that are right there, an objective that is measured."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from models.errors import Problem, SpecError, did_you_mean, shown
from models.spec.keras_metrics import UNDIRECTED, higher_is_better, measured_names, metric_name
from models.spec.parts import Spec
from models.spec.search.proposed_spec import SEARCH, proposed_document
from models.spec.search.search_parameter import Parameter
from models.spec.search.search_spec import ASHA, GRID, MOST_TRIALS, SearchSpec

__all__ = ["check_search", "is_better_higher"]

VALIDATION = "val_"
FIXED: Mapping[str, str] = {
    "model": "one search makes one model", "seed": "`repeats` trains with several seeds",
    "data": "trials are compared on the same rows", "gate": "only the winner passes it",
    "rollout": "only the winner is rolled out",
    "resources": "trials need the same of their nodes", SEARCH: "a search does not search itself",
}  # fmt: skip
"""Part of a spec that no parameter may change → why."""
MIXED_CORNERS = 16
"""Specs with corners of several parameters that are checked, beside each corner alone."""

Read = Callable[[Mapping[str, Any]], tuple[Spec | None, list[Problem]]]
"""Makes a spec of a document, or finds its problems."""


def is_better_higher(spec: Spec, objective: str) -> bool:
    """Whether more of an objective is better."""
    return higher_is_better(objective.removeprefix(VALIDATION), spec.compile.metrics)


def check_search(document: Mapping[str, Any], spec: Spec, search: SearchSpec, read: Read) -> list[Problem]:
    """Check the search of a spec that is right by itself.

    Args:
        document: As it was written.
        spec: What it says of a training.
        search: What it says of the search.
        read: Reads the specs of trials.

    Returns:
        Every problem, under its path in `search`.
    """
    problems: list[Problem] = []
    _check_objective(spec, search, problems)
    _check_size(search, problems)
    for path, parameter in search.parameters.items():
        _check_parameter(document, path, parameter, search, read, problems)
    return problems or _check_corners(document, search, read)


def _check_objective(spec: Spec, search: SearchSpec, problems: list[Problem]) -> None:
    metrics = spec.compile.metrics
    names = [f"{VALIDATION}{name}" for name in measured_names(metrics)]
    if search.objective not in names:
        expected = f"one of {', '.join(names)}{did_you_mean(search.objective, names)}"
        problems.append(Problem(f"{SEARCH}.objective", expected, shown(search.objective)))
        return
    named = search.objective.removeprefix(VALIDATION)
    if any(metric.class_name in UNDIRECTED and metric_name(metric) == named for metric in metrics):
        expected = "a metric of which it is known which way is better"
        problems.append(Problem(f"{SEARCH}.objective", expected, shown(search.objective)))


def _check_size(search: SearchSpec, problems: list[Problem]) -> None:
    """A grid has an end, and `trials` is no larger than it may be."""
    if search.sampler != GRID:
        return
    for path, parameter in search.parameters.items():
        if parameter.grid() is None:
            expected = "a `step`, or a choice: a grid tries every value"
            problems.append(Problem(f"{SEARCH}.space.{path}", expected, "a range without a step"))
    if search.trials is None and (search.grid_size or 0) > MOST_TRIALS:
        expected = f"a number up to {MOST_TRIALS}, or fewer values"
        problems.append(Problem(f"{SEARCH}.trials", expected, f"a grid of {search.grid_size} trials"))


def _check_parameter(
    document: Mapping[str, Any], path: str, parameter: Parameter, search: SearchSpec, read: Read,
    problems: list[Problem],
) -> None:  # fmt: skip
    where = f"{SEARCH}.space.{path}"
    part = path.split(".", 1)[0]
    if part in FIXED:
        problems.append(Problem(where, f"a path of another part: {FIXED[part]}", part))
        return
    if path == "fit.epochs" and search.prune == ASHA:
        expected = "a path other than fit.epochs where `prune` is asha: rungs are shares of the epochs"
        problems.append(Problem(where, expected, path))
        return
    found = {place: _problems_of(document, {path: value}, read) for place, value in parameter.corners()}
    first, *others = found.values()
    if others and all(one == first for one in others):  # whatever the value: it is the path
        problems += [_of_path(one, path, where) for one in first]
        return
    for place, value in parameter.corners():
        problems += [_of_value(one, path, f"{where}.{place}", value) for one in found[place]]


def _problems_of(document: Mapping[str, Any], values: Mapping[str, Any], read: Read) -> list[Problem]:
    try:
        made, problems = read(proposed_document(document, values))
    except SpecError as error:
        return list(error.problems)
    return [] if made is not None else problems


def _of_path(problem: Problem, path: str, where: str) -> Problem:
    """A problem that every value has as one of the path."""
    if path == problem.path or path.startswith(f"{problem.path}."):
        return replace(problem, path=where)
    return Problem(where, f"values with which {problem.path} is {problem.expected}", problem.received)


def _of_value(problem: Problem, path: str, where: str, value: Any) -> Problem:
    """A problem of a trial's spec as one of the value that was tried."""
    if problem.path == path:
        return replace(problem, path=where)
    return Problem(where, f"a value with which {problem.path} is {problem.expected}", shown(value))


def _check_corners(document: Mapping[str, Any], search: SearchSpec, read: Read) -> list[Problem]:
    """Try values of all parameters at once: all the first, all the last, and some others."""
    corners = {path: [value for _, value in one.corners()] for path, one in search.parameters.items()}
    drawn = random.Random(0)  # noqa: S311 -- nothing secret
    tried = [{path: values[0] for path, values in corners.items()}, {path: v[-1] for path, v in corners.items()}]
    tried += [{path: drawn.choice(values) for path, values in corners.items()} for _ in range(MIXED_CORNERS)]
    for values in tried:
        if found := _problems_of(document, values, read):
            together = ", ".join(f"{path} {shown(value)}" for path, value in values.items())
            expected = "values with which {} is {}"
            return [
                Problem(f"{SEARCH}.space", expected.format(one.path, one.expected), f"{one.received} ({together})")
                for one in found
            ]
    return []
