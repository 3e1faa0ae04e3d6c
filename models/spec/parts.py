"""The value objects of a spec, beside the type of each field what reads it; `models.spec.load_spec` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any

from models.keras_catalog import argument_kinds as kinds
from models.keras_catalog.objects import ObjectSpec
from models.names import BACKENDS
from models.preprocessing.pipeline import StepSpec
from models.queue.names import CPU_QUEUE, GPU_QUEUE
from models.spec.fields import checked, each_of, keras_object, keras_objects, part
from models.spec.search.search_spec import SearchSpec
from models.spec.steps import STEPS, check_step, step_document
from models.spec.value_kinds import (
    FRACTION,
    SHAPE,
    cell_separator,
    class_name_list,
    class_weights,
    label_name,
    model_name,
    text_encoding,
)

__all__ = ["CompileSpec", "CsvSpec", "DataSpec", "FitSpec", "Gate", "Resources", "Spec", "TargetSpec"]

RMSPROP = ObjectSpec("RMSprop")
"""What Keras takes where no optimizer is named."""
NAMES = kinds.either(kinds.text, kinds.listing(kinds.text))
THRESHOLD = kinds.either(FRACTION, kinds.listing(FRACTION))
SHARE_OR_SOURCE = kinds.either(FRACTION, kinds.text)
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvSpec:
    """How a file of text separates and writes its cells; what is not said is told from the file."""

    separator: Annotated[str | None, checked(cell_separator)] = None
    decimal: Annotated[str | None, checked(kinds.choice(".", ","))] = None
    encoding: Annotated[str | None, checked(text_encoding)] = None
    header: Annotated[bool | None, checked(kinds.boolean)] = None


@dataclass(frozen=True, slots=True)
class DataSpec:
    """Where the data comes from and how it is split."""

    source: Annotated[str, checked(kinds.text)]
    features: Annotated[str | tuple[str, ...] | None, checked(NAMES)] = None
    target: Annotated[str | None, checked(kinds.text)] = None
    validation: Annotated[float | str, checked(SHARE_OR_SOURCE)] = 0.15
    test: Annotated[float | str, checked(SHARE_OR_SOURCE)] = 0.15
    class_names: Annotated[tuple[str, ...] | None, checked(class_name_list)] = None
    csv: Annotated[CsvSpec | None, part(CsvSpec)] = None
    drop_missing_target: Annotated[bool | None, checked(kinds.boolean)] = None

    @property
    def dialect(self) -> CsvSpec:
        """What is said about files of text."""
        return self.csv or CsvSpec()


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """What is done to the numbers that a regression predicts."""

    standardize: Annotated[bool, checked(kinds.boolean)] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSpec:
    """The arguments of `Sequential.compile`."""

    optimizer: Annotated[ObjectSpec, keras_object("optimizers")] = RMSPROP
    loss: Annotated[ObjectSpec, keras_object("losses")]
    metrics: Annotated[tuple[ObjectSpec, ...], keras_objects("metrics")] = ()


@dataclass(frozen=True, slots=True)
class FitSpec:
    """The arguments of `Sequential.fit`, and how long it may take."""

    epochs: Annotated[int, checked(kinds.integer(1, 1_000_000))] = 1
    batch_size: Annotated[int, checked(kinds.integer(1, 2**20))] = 32
    callbacks: Annotated[tuple[ObjectSpec, ...], keras_objects("callbacks")] = ()
    class_weight: Annotated[str | Mapping[str, float] | None, checked(class_weights)] = None
    precision: Annotated[str, checked(kinds.choice(*PRECISIONS))] = "float32"
    shuffle: Annotated[bool, checked(kinds.boolean)] = True
    timeout_s: Annotated[float | None, checked(kinds.number(0, above=True))] = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What a training needs of its node."""

    gpus: Annotated[int, checked(kinds.integer(0, 64))] = 0

    @property
    def queue(self) -> str:
        """The queue whose workers have it."""
        return GPU_QUEUE if self.gpus else CPU_QUEUE


@dataclass(frozen=True, slots=True)
class Gate:
    """What a new version must reach before the label `stable` moves to it."""

    metric: Annotated[str, checked(kinds.text)]
    minimum: Annotated[float | None, checked(kinds.number())] = None
    not_worse_than: Annotated[str | None, checked(label_name)] = None
    tolerance: Annotated[float, checked(kinds.number(0))] = 0.0
    per_class: Annotated[bool, checked(kinds.boolean)] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One training."""

    model: Annotated[str, checked(model_name)]
    backend: Annotated[str, checked(kinds.choice(*BACKENDS))] = "tensorflow"
    seed: Annotated[int, checked(kinds.SEED)] = 0
    data: Annotated[DataSpec, part(DataSpec)]
    target: Annotated[TargetSpec | None, part(TargetSpec)] = None
    threshold: Annotated[float | tuple[float, ...] | None, checked(THRESHOLD)] = None
    preprocessing: Annotated[tuple[StepSpec, ...], each_of(f"a list of the steps {', '.join(STEPS)}", check_step)] = ()
    input_shape: Annotated[tuple[int, ...] | None, checked(SHAPE)] = None
    layers: Annotated[tuple[ObjectSpec, ...], keras_objects("layers")]
    compile: Annotated[CompileSpec, part(CompileSpec)]
    fit: Annotated[FitSpec, part(FitSpec)] = FitSpec()
    resources: Annotated[Resources, part(Resources)] = Resources()
    gate: Annotated[Gate | None, part(Gate)] = None
    search: Annotated[SearchSpec | None, part(SearchSpec)] = None

    @property
    def standardizes_target(self) -> bool:
        """Whether the loss is one of standardized targets."""
        return self.target is not None and self.target.standardize

    @property
    def document(self) -> dict[str, Any]:
        """The training as plain JSON values, without `search`; `load_spec` reads it back equal."""
        return {name: value for name, value in _set_values(self).items() if name != "search"}


def _set_values(part: Any) -> dict[str, Any]:
    values = {name: _plain(getattr(part, name)) for name in part.__dataclass_fields__}
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, ObjectSpec):
        return value.document
    if isinstance(value, StepSpec):
        return step_document(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return _set_values(value)
    return dict(value) if isinstance(value, Mapping) else value
