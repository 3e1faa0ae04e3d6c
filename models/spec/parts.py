"""The value objects of a spec, valid from birth: `models.spec.load_spec` is what makes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.keras_catalog.objects import ObjectSpec
from models.preprocessing.pipeline import StepSpec
from models.queue.names import CPU_QUEUE, GPU_QUEUE

__all__ = ["CompileSpec", "DataSpec", "FitSpec", "Gate", "Resources", "Spec"]


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the data comes from and how it is split."""

    source: str
    features: str | tuple[str, ...] | None = None
    target: str | None = None
    validation: float | str = 0.15
    test: float | str = 0.15
    class_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CompileSpec:
    """The arguments of `Sequential.compile`."""

    optimizer: ObjectSpec
    loss: ObjectSpec
    metrics: tuple[ObjectSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class FitSpec:
    """The arguments of `Sequential.fit`, and how long it may take."""

    epochs: int = 1
    batch_size: int = 32
    callbacks: tuple[ObjectSpec, ...] = ()
    class_weight: str | Mapping[str, float] | None = None
    precision: str = "float32"
    shuffle: bool = True
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What a training needs of its node."""

    gpus: int = 0

    @property
    def queue(self) -> str:
        """The queue whose workers have it."""
        return GPU_QUEUE if self.gpus else CPU_QUEUE


@dataclass(frozen=True, slots=True)
class Gate:
    """What a new version must reach before the label `stable` moves to it."""

    metric: str
    minimum: float | None = None
    not_worse_than: str | None = None
    tolerance: float = 0.0
    per_class: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """One training."""

    model: str
    data: DataSpec
    layers: tuple[ObjectSpec, ...]
    compile: CompileSpec
    backend: str = "tensorflow"
    seed: int = 0
    preprocessing: tuple[StepSpec, ...] = ()
    input_shape: tuple[int, ...] | None = None
    fit: FitSpec = FitSpec()
    resources: Resources = Resources()
    gate: Gate | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The spec as plain JSON values; `load_spec` reads it back equal."""
        document = {
            "model": self.model,
            "backend": self.backend,
            "seed": self.seed,
            "data": _set_values(self.data),
            "preprocessing": [_step_document(step) for step in self.preprocessing],
            "input_shape": list(self.input_shape) if self.input_shape is not None else None,
            "layers": [layer.document for layer in self.layers],
            "compile": _set_values(self.compile),
            "fit": _set_values(self.fit),
            "resources": _set_values(self.resources),
            "gate": _set_values(self.gate) if self.gate is not None else None,
        }
        return {key: value for key, value in document.items() if value is not None}


def _set_values(part: Any) -> dict[str, Any]:
    values = {name: _plain(getattr(part, name)) for name in part.__dataclass_fields__}
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, ObjectSpec):
        return value.document
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def _step_document(step: StepSpec) -> dict[str, Any] | str:
    if step.name == "astype":
        return {"astype": "float32"}
    if step.name in ("reshape", "resize"):
        return {step.name: list(*step.arguments.values())}
    return {step.name: dict(step.arguments)} if step.arguments else step.name
