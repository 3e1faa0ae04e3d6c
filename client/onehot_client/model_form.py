"""What a version of a model takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MULTILABEL", "REGRESSION", "SIGMOID", "ModelForm", "Threshold"]

Threshold = float | tuple[float, ...] | None
"""Above it the second of two classes, or a label of several, holds; one for each label where it is several."""

SIGMOID, MULTILABEL, REGRESSION = "sigmoid", "multilabel", "regression"
NUMERIC_KINDS = frozenset({"number", "boolean"})


@dataclass(frozen=True, slots=True)
class ModelForm:
    """What a version of a model takes and gives.

    Args:
        version: Its number.
        task: `softmax`, `sigmoid`, `multilabel` or `regression`.
        class_names: In the order of the outputs.
        threshold: Of two classes or several labels.
        features: Names of the columns of a table, in their order; none for anything else.
        takes_numbers: Whether an instance is nothing but numbers that have to be there.
    """

    version: int
    task: str = ""
    class_names: tuple[str, ...] = ()
    threshold: Threshold = None
    features: tuple[str, ...] = ()
    takes_numbers: bool = True

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "ModelForm":
        """Of the document of `…/metadata`."""
        known = document["metadata"]
        threshold = known.get("threshold")
        features = (known.get("instance") or {}).get("features") or ()
        return cls(
            version=int(document["model_spec"]["version"]),
            task=str(known.get("task", "")),
            class_names=tuple(map(str, known.get("class_names", ()))),
            threshold=tuple(threshold) if isinstance(threshold, list) else threshold,
            features=tuple(str(one["name"]) for one in features),
            takes_numbers=all(one["kind"] in NUMERIC_KINDS and not one.get("form") for one in features),
        )
