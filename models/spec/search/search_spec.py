"""The `search` block of a spec as a value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from models.dataclass_schema import schema_of
from models.errors import Problem, shown
from models.keras_catalog import argument_kinds as kinds
from models.spec.fields import Meaning, SpecField, SpecPart, checked
from models.spec.search.search_parameter import Parameter, check_parameter

__all__ = ["ASHA", "GRID", "MOST_TRIALS", "SearchSpec", "read_checked"]

SAMPLERS = (TPE, RANDOM, GRID) = ("tpe", "random", "grid")
PRUNERS = (ASHA, NONE) = ("asha", "none")
MOST_TRIALS = 1000
MOST_PARALLEL = 64
MOST_REPEATS = 20
MOST_PARAMETERS = 50
TRIALS = 20
"""How many there are where the spec does not say; a grid has all of its own."""


def _check_space(value: Any, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping) or not value:
        expected = "a mapping of paths of the spec to what is tried there, as layers.0.Dense.units: {int: [8, 128]}"
        problems.append(Problem("", expected, shown(value)))
        return {}
    if len(value) > MOST_PARAMETERS:
        problems.append(Problem("", f"at most {MOST_PARAMETERS} parameters", f"{len(value)}"))
        return {}
    return {str(path): check_parameter(document, str(path), problems) for path, document in value.items()}


SPACE = SpecField("a mapping of paths of the spec to what is tried there", _check_space)


@dataclass(frozen=True, kw_only=True)
class SearchSpec:
    """What a search tries, and how the best trial is found."""

    space: Annotated[
        Mapping[str, Mapping[str, Any]],
        SPACE,
        Meaning(
            "What is tried where: a path of the spec, and `int` or `float` with the bounds, with `log: true` or "
            "`step`, or `choice` with the values; `choice: [on, off]` keeps a whole layer or leaves it out",
            {"layers.0.Dense.units": {"int": [8, 128], "log": True}},
        ),
    ]
    objective: Annotated[
        str,
        checked(kinds.text),
        Meaning("The metric of the validation rows that decides between trials", "val_accuracy"),
    ] = "val_loss"
    trials: Annotated[
        int | None,
        checked(kinds.integer(1, MOST_TRIALS)),
        Meaning(f"How many trials there are; where it is left out {TRIALS}, or all of a grid", 24),
    ] = None
    parallel: Annotated[
        int, checked(kinds.integer(1, MOST_PARALLEL)), Meaning("How many trials are in the queue at one time", 2)
    ] = 1
    sampler: Annotated[
        str,
        checked(kinds.choice(*SAMPLERS)),
        Meaning("What proposes the values: `tpe` learns from the trials before, `random` and `grid` do not", "random"),
    ] = TPE
    prune: Annotated[
        str,
        checked(kinds.choice(*PRUNERS)),
        Meaning(
            "`asha` pauses trials that are behind, and goes on with those that are promoted; `none` trains all", "asha"
        ),
    ] = NONE
    timeout_s: Annotated[
        float | None,
        checked(kinds.number(0, above=True)),
        Meaning("Seconds after which no further trial begins; the best until then wins", 3600),
    ] = None
    repeats: Annotated[
        int,
        checked(kinds.integer(1, MOST_REPEATS)),
        Meaning(
            "How often each trial is trained, each time with another seed; the mean decides, the first is published",
            3,
        ),
    ] = 1

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters by their paths, in the order of the spec."""
        return {path: Parameter.from_document(document) for path, document in self.space.items()}

    @property
    def grid_size(self) -> int | None:
        """How many trials a grid has; None where it has no end."""
        grids = [parameter.grid() for parameter in self.parameters.values()]
        return None if None in grids else math.prod(len(grid) for grid in grids if grid is not None)

    @property
    def trial_count(self) -> int:
        """How many trials there are; a grid has no more than all of its own."""
        if self.sampler != GRID:
            return self.trials or TRIALS
        size = self.grid_size or TRIALS
        return min(self.trials or size, size)


def read_checked(document: Mapping[str, Any]) -> SearchSpec:
    """The search of a document that `load_spec` has accepted before."""
    return SearchSpec(**schema_of(SearchSpec, SpecPart).load(document))
