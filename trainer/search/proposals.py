"""The values that a trial tries: proposed by Optuna from the trials before it, the same for the same seed.

A study is made anew for each proposal, in memory, of what is recorded. Its sampler's generator follows from the seed of
the search and the number of the trial, and from nothing that happened before.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from models.spec.search.search_parameter import Parameter
from models.spec.search.search_spec import GRID, SearchSpec
from trainer.search.schedule import Outcome, Seen

__all__ = ["importances", "propose"]

optuna.logging.set_verbosity(optuna.logging.WARNING)

FEWEST_AT_RANDOM, MOST_AT_RANDOM = 4, 10
"""Trials before the first that is modelled: a third of all, within these bounds."""
FEWEST_FOR_IMPORTANCE = 4

Numbers = Mapping[str, float]
"""Path of a parameter → a sampler's number for it."""


def propose(search: SearchSpec, number: int, *, seed: int, before: Sequence[Numbers], seen: Seen) -> dict[str, float]:
    """The numbers of a trial.

    Args:
        search: What is searched.
        number: Of the trial.
        seed: Of the search.
        before: The numbers of all trials before it.
        seen: What is known of them.
    """
    if search.sampler == GRID:
        return _grid(search, number)
    distributions = {path: _distribution(one) for path, one in search.parameters.items()}
    study = optuna.create_study(direction="maximize", sampler=_sampler(search, _seed(seed, number)))
    study.add_trials(_trials(distributions, before, seen))
    proposed = study.ask(distributions)
    return {path: float(proposed.params[path]) for path in search.parameters}


def _seed(seed: int, number: int) -> int:
    return int(np.random.default_rng([seed, number]).integers(2**32))


def _sampler(search: SearchSpec, seed: int) -> BaseSampler:
    if search.sampler == "random":
        return RandomSampler(seed=seed)
    at_random = min(MOST_AT_RANDOM, max(FEWEST_AT_RANDOM, search.trial_count // 3))
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        return TPESampler(n_startup_trials=at_random, constant_liar=True, multivariate=True, seed=seed)


def _grid(search: SearchSpec, number: int) -> dict[str, float]:
    """The trials of a grid in the order of its parameters, the last changing fastest."""
    proposed: dict[str, float] = {}
    for path, parameter in reversed(search.parameters.items()):
        values = parameter.grid() or [0.0]
        number, place = divmod(number, len(values))
        proposed[path] = values[place]
    return {path: proposed[path] for path in search.parameters}


def _distribution(parameter: Parameter) -> BaseDistribution:
    if parameter.kind == "choice":
        return CategoricalDistribution(range(len(parameter.values)))
    low, high = parameter.values
    if parameter.kind == "int":
        return IntDistribution(low, high, log=parameter.log, step=int(parameter.step or 1))
    return FloatDistribution(low, high, log=parameter.log, step=parameter.step)


def _trials(
    distributions: Mapping[str, BaseDistribution], before: Sequence[Numbers], seen: Seen
) -> list[FrozenTrial]:  # fmt: skip
    """The trials before as Optuna knows them: those that pause count as pruned, those that train as running."""
    reached: dict[int, dict[int, Outcome | None]] = {}
    for unit, outcome in seen.items():
        reached.setdefault(unit.trial, {})[unit.rung] = outcome
    return [_trial(distributions, numbers, reached.get(index, {})) for index, numbers in enumerate(before)]


def _trial(
    distributions: Mapping[str, BaseDistribution], numbers: Numbers, rungs: Mapping[int, Outcome | None]
) -> FrozenTrial:
    scores = {rung: one.score for rung, one in rungs.items() if one is not None and one.score is not None}
    failed = any(one is not None and one.score is None for one in rungs.values())
    described: dict[str, Any] = {
        "params": {path: _param(one, numbers[path]) for path, one in distributions.items()},
        "distributions": dict(distributions),
    }
    if failed:
        return create_trial(state=TrialState.FAIL, **described)
    if not scores:
        return create_trial(state=TrialState.RUNNING, **described)
    top = max(scores)
    return create_trial(state=TrialState.PRUNED, intermediate_values=scores, value=scores[top], **described)


def _param(distribution: BaseDistribution, number: float) -> Any:
    return number if isinstance(distribution, FloatDistribution) else int(number)


def importances(search: SearchSpec, trials: Sequence[tuple[Numbers, float]]) -> dict[str, float] | None:
    """The share of each parameter in how much the scores differ, by PED-ANOVA; None where too few are known.

    Args:
        search: What was searched.
        trials: The numbers of each trial and its score.
    """
    if len(trials) < FEWEST_FOR_IMPORTANCE or len({score for _, score in trials}) < 2:
        return None
    distributions = {path: _distribution(one) for path, one in search.parameters.items()}
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        create_trial(value=score, params={path: _param(one, numbers[path]) for path, one in distributions.items()},
                     distributions=dict(distributions))
        for numbers, score in trials
    )  # fmt: skip
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {path: float(found.get(path, 0.0)) for path in search.parameters}
