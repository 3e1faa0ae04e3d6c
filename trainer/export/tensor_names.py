"""The names of a graph's tensors."""

from models.spec.head import REGRESSION, Head

__all__ = ["INPUT", "PROBABILITIES", "VALUES", "output_name"]

INPUT = "x"
PROBABILITIES = "probabilities"
VALUES = "values"


def output_name(head: Head) -> str:
    """The graph's output: what a client reads."""
    return VALUES if head.task == REGRESSION else PROBABILITIES
