"""`target`: what is done to the numbers that a regression predicts; it may stand in `data.target` as well."""

from collections.abc import Mapping
from typing import Any

from models.errors import Problem, did_you_mean, shown
from models.keras_catalog.argument_kinds import boolean, check_value
from models.spec.head import REGRESSION, find_head

__all__ = ["check_target", "lifted_target"]

KEYS = ("name", "standardize")
LOSSES = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh")
"""Losses of differences: they mean the same for targets around 0."""


def lifted_target(document: Mapping[str, Any], problems: list[Problem]) -> Mapping[str, Any]:
    """Take `standardize` from `data.target: {name: price, standardize: true}` to the top.

    Args:
        document: A spec.
        problems: Takes what is wrong with the mapping.
    """
    data = document.get("data")
    if not isinstance(data, Mapping) or not isinstance(data.get("target"), Mapping):
        return document
    given = data["target"]
    unknown = [str(key) for key in given if key not in KEYS]
    problems += [Problem(f"data.target.{key}", f"one of the keys {', '.join(KEYS)}{did_you_mean(key, KEYS)}",
                         f"{key!r}, which is none of them") for key in unknown]  # fmt: skip
    lifted = {**document, "data": {**data, "target": given.get("name")}}
    if "standardize" not in given:
        return lifted
    standardize = check_value(boolean, given["standardize"], "data.target.standardize", problems)
    top = document.get("target")
    if isinstance(top, Mapping) and top.get("standardize", standardize) != standardize:
        expected = f"the same as `target.standardize`, {top['standardize']}"
        problems.append(Problem("data.target.standardize", expected, shown(standardize)))
    return lifted if standardize is None else {**lifted, "target": {**(top or {}), "standardize": standardize}}


def check_target(target: Any, layers: Any, compiled: Any, problems: list[Problem]) -> None:
    """Check that standardized targets are numbers, and that the loss means something for them.

    Args:
        target: The spec's `target`, or None.
        layers: In order, or None where one is wrong by itself.
        compiled: The spec's `compile`, or None likewise.
        problems: Takes what does not fit.
    """
    if target is None or not target.standardize or not layers:
        return
    head = find_head(layers)
    if head is not None and head.task != REGRESSION:
        expected = f"false for classes; only numbers to predict are standardized, and these layers end in {head.task}"
        problems.append(Problem("target.standardize", expected, "True"))
    elif compiled is not None and compiled.loss.class_name not in LOSSES:
        expected = f"a loss for a standardized target: {', '.join(LOSSES)}"
        problems.append(Problem("compile.loss", expected, compiled.loss.class_name))
