"""What folds and repeats say together, in words: of a version, and of the run that published it."""

from collections.abc import Mapping
from typing import Any

__all__ = ["cross_validation_pairs"]


def cross_validation_pairs(found: Mapping[str, Any] | None) -> dict[str, str]:
    """Each metric of a cross-validation with its mean and interval, under a name that says what it is; else nothing.

    Args:
        found: As the manifest of a version, or its report, has it.
    """
    if not found:
        return {}
    counts = {"folds": found.get("folds"), "repeats": found.get("repeats")}
    over = " x ".join(f"{count} {name}" for name, count in counts.items() if (count or 1) > 1)
    return {
        f"{name} over {over}": f"{one['mean']:.4f} [{one['lower']:.4f}, {one['upper']:.4f}]"
        for name, one in (found.get("metrics") or {}).items()
    }
