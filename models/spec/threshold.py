"""`threshold`: the probability above which the second of two classes, or a label of several, holds."""

from typing import Any

from models.errors import Problem, shown
from models.spec.head import MULTILABEL, REGRESSION, SIGMOID, find_head

__all__ = ["check_threshold"]


def check_threshold(threshold: Any, layers: Any, compiled: Any, problems: list[Problem]) -> None:
    """Check that there is something for a threshold to decide, and one for each label where it is a list.

    Args:
        threshold: The spec's, a number or one for each label, or None.
        layers: In order, or None where one is wrong by itself.
        compiled: The spec's `compile`, or None likewise.
        problems: Takes what does not fit.
    """
    head = None if threshold is None or not layers or compiled is None else find_head(layers, compiled.loss)
    if head is None:
        return
    if head.task not in (SIGMOID, MULTILABEL):
        why = "numbers are predicted" if head.task == REGRESSION else "the most probable class is taken"
        problems.append(Problem("threshold", f"none with a {head.task} head, as {why}", shown(_plain(threshold))))
    elif isinstance(threshold, tuple) and (head.task == SIGMOID or len(threshold) != head.units):
        expected = "one number" if head.task == SIGMOID else f"one number, or {head.units}, one for each label"
        problems.append(Problem("threshold", expected, shown(_plain(threshold))))


def _plain(threshold: Any) -> Any:
    return list(threshold) if isinstance(threshold, tuple) else threshold
