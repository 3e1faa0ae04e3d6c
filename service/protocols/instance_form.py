"""What a form for one instance needs to know: how it is a picture or a row, and what its values usually are."""

from math import prod
from typing import Any

from models.preprocessing.instances import InstanceSpec
from models.preprocessing.pipeline import Preprocessing
from models.preprocessing.steps import DateParts, OneHot, Rescale, Standardize
from models.store.manifest import Manifest

__all__ = ["instance_form"]

CHANNELS = (1, 3)
SMALLEST_SIDE = 4
FULL = 255.0
"""What full ink is where no step says it."""


def instance_form(manifest: Manifest) -> dict[str, Any]:
    """Describe one raw instance.

    Returns:
        `shape`; `image` (height, width, channels, full) or None; `features` (name, kind, …) or None.
    """
    spec, preprocessing = manifest.instance, manifest.fitted_preprocessing
    return {
        "shape": list(spec.shape),
        "image": _image(spec, preprocessing),
        "features": _features(spec, preprocessing) if spec.features else None,
    }


def _image(spec: InstanceSpec, preprocessing: Preprocessing) -> dict[str, Any] | None:
    """Where the raw shape, or the network's, is that of a picture."""
    for shape in () if spec.features else (spec.shape, spec.model_shape or ()):
        size = (*shape, 1) if len(shape) == 2 else shape
        if len(size) == 3 and prod(size) == spec.size and size[2] in CHANNELS and min(size[:2]) >= SMALLEST_SIDE:
            return {"height": size[0], "width": size[1], "channels": size[2], "full": _full(preprocessing)}
    return None


def _full(preprocessing: Preprocessing) -> float:
    """The value that the first `rescale` brings to one."""
    scales = [step.scale for step in preprocessing.steps if isinstance(step, Rescale) and step.scale > 0]
    return round(1 / scales[0], 3) if scales else FULL


def _features(spec: InstanceSpec, preprocessing: Preprocessing) -> list[dict[str, Any]]:
    categories = _categories(preprocessing)
    means = _means(spec, preprocessing)
    return [
        {
            "name": feature.name,
            "kind": feature.kind,
            "optional": feature.optional,
            "categories": categories.get(feature.name),
            "typical": means.get(feature.name),
        }
        | ({} if feature.form is None else {"form": feature.form})
        for feature in spec.features or ()
    ]


def _categories(preprocessing: Preprocessing) -> dict[str, list[Any]]:
    return {
        column: list(known)
        for step in preprocessing.steps
        if isinstance(step, OneHot)
        for column, known in zip(step.columns, step.categories, strict=True)
    }


def _means(spec: InstanceSpec, preprocessing: Preprocessing) -> dict[str, float]:
    """The mean of each column of numbers, where standardizing is the first thing that is done to them."""
    own = [feature.name for feature in spec.features or ()]
    names = own
    for step in preprocessing.steps:
        names = step.widened(names) if isinstance(step, DateParts | OneHot) else names
    arithmetic = [step for step in preprocessing.steps if isinstance(step, Rescale | Standardize)]
    if not arithmetic or not isinstance(arithmetic[0], Standardize) or len(arithmetic[0].mean) != len(names):
        return {}
    return {name: mean for name, mean in zip(names, arithmetic[0].mean, strict=True) if name in own}
