"""The paths of predictions: the rules by which Flask finds them, and what they say where Flask is not asked."""

import re
from dataclasses import dataclass
from typing import Self

__all__ = ["INFER_RULES", "MODEL_RULES", "PREDICT_RULES", "V2_MODEL_RULES", "PredictionPath"]

VERSION = "/versions/<int:version>"
MODEL_RULES = tuple(f"/v1/models/<name:model>{place}" for place in ("", VERSION, "/labels/<name:label>"))
"""A model, one of its versions by number, and one by label, as TensorFlow Serving has them."""
V2_MODEL_RULES = tuple(f"/v2/models/<name:model>{place}" for place in ("", VERSION))
"""A model and one of its versions, as the Open Inference Protocol has them."""
PREDICT_RULES = tuple(f"{rule}:predict" for rule in MODEL_RULES)
INFER_RULES = tuple(f"{rule}/infer" for rule in V2_MODEL_RULES)

# Only what can be read in one way: all else is left to Flask.
PARTS = {"model": "[a-z0-9_-]+", "version": "[0-9]{1,9}", "label": "[A-Za-z0-9_]+"}


@dataclass(frozen=True, slots=True)
class PredictionPath:
    """The model that a path names, and what it is asked.

    Args:
        route: The rule that Flask would find for the path.
        is_predict: Whether the body is read as TensorFlow Serving's; else as the Open Inference Protocol's.
    """

    route: str
    model: str
    version: int | None = None
    label: str | None = None
    is_predict: bool = True

    @classmethod
    def of(cls, path: str) -> Self | None:
        """Read a path; None when it is none of these, or not simply spelled."""
        for rule, pattern in PATTERNS.items():
            if found := pattern.fullmatch(path):
                parts = found.groupdict()
                version = parts.get("version")
                number = None if version is None else int(version)
                return cls(rule, parts["model"], number, parts.get("label"), rule in PREDICT_RULES)
        return None


def _pattern(rule: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"<\w+:(\w+)>", lambda part: f"(?P<{part[1]}>{PARTS[part[1]]})", rule))


PATTERNS = {rule: _pattern(rule) for rule in (*PREDICT_RULES, *INFER_RULES)}
