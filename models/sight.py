"""What a glance at data saw."""

from dataclasses import dataclass

__all__ = ["Sight"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of the data without reading all of it; None where nobody looked.

    Args:
        shape: Of one raw instance.
        classes: How many there are.
    """

    shape: tuple[int, ...] | None = None
    classes: int | None = None
