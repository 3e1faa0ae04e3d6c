"""The value objects of a spec, beside the type of each field what reads it; `models.spec.load_spec` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any

from models.keras_catalog import argument_kinds as kinds
from models.keras_catalog.objects import ObjectSpec
from models.names import BACKENDS
from models.preprocessing.pipeline import StepSpec
from models.queue.names import CPU_QUEUE, GPU_QUEUE
from models.spec.data_parts import CsvSpec, DataSpec, TargetSpec
from models.spec.fields import Meaning, checked, each_of, keras_object, keras_objects, part
from models.spec.rollout.rollout_plan import RolloutPlan
from models.spec.search.search_spec import SearchSpec
from models.spec.steps import STEPS, check_step, step_document
from models.spec.value_kinds import FRACTION, SHAPE, class_weights, label_name, model_name

__all__ = ["CompileSpec", "CsvSpec", "DataSpec", "FitSpec", "Gate", "Resources", "Spec", "TargetSpec"]

RMSPROP = ObjectSpec("RMSprop")
"""What Keras takes where no optimizer is named."""
THRESHOLD = kinds.either(FRACTION, kinds.listing(FRACTION))
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileSpec:
    """The arguments of `Sequential.compile`."""

    optimizer: Annotated[
        ObjectSpec,
        keras_object("optimizers"),
        Meaning("What changes the weights, as Keras names it", {"Adam": {"learning_rate": 0.001}}),
    ] = RMSPROP
    loss: Annotated[
        ObjectSpec, keras_object("losses"), Meaning("What is made small, as Keras names it", "categorical_crossentropy")
    ]
    metrics: Annotated[
        tuple[ObjectSpec, ...],
        keras_objects("metrics"),
        Meaning("What is measured in each epoch and at the end, as Keras names it", ["accuracy"]),
    ] = ()


@dataclass(frozen=True, slots=True)
class FitSpec:
    """The arguments of `Sequential.fit`, and how long it may take."""

    epochs: Annotated[
        int, checked(kinds.integer(1, 1_000_000)), Meaning("How often all training rows are gone through", 150)
    ] = 1
    batch_size: Annotated[int, checked(kinds.integer(1, 2**20)), Meaning("Rows in one step of the optimizer", 10)] = 32
    callbacks: Annotated[
        tuple[ObjectSpec, ...],
        keras_objects("callbacks"),
        Meaning(
            "Keras' callbacks that end a training early or change its learning rate",
            [{"EarlyStopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}}],
        ),
    ] = ()
    class_weight: Annotated[
        str | Mapping[str, float] | None,
        checked(class_weights),
        Meaning(
            "How much a row of each class counts: `balanced`, as rare classes are rare, or a weight by class",
            "balanced",
        ),
    ] = None
    precision: Annotated[
        str,
        checked(kinds.choice(*PRECISIONS)),
        Meaning("In what the training computes; what is served computes in float32", "mixed_float16"),
    ] = "float32"
    shuffle: Annotated[
        bool, checked(kinds.boolean), Meaning("Whether each epoch has its rows in another order", example=True)
    ] = True
    timeout_s: Annotated[
        float | None,
        checked(kinds.number(0, above=True)),
        Meaning("Seconds after which the training fails; no limit where it is left out", 3600),
    ] = None
    folds: Annotated[
        int | None,
        checked(kinds.integer(2, 100)),
        Meaning(
            "Cross-validation: all rows but the held-out ones are cut into so many parts, and each is measured by a "
            "network of its own that was trained on the others; the published version is trained as without it",
            5,
        ),
    ] = None
    repeats: Annotated[
        int | None,
        checked(kinds.integer(1, 100)),
        Meaning(
            "How often that is done, each time with another seed; without `folds`, how many networks are trained on "
            "the same rows and measured on the validation rows",
            3,
        ),
    ] = None

    @property
    def is_cross_validated(self) -> bool:
        """Whether more networks are trained than the one that is published."""
        return self.folds is not None or (self.repeats or 1) > 1


@dataclass(frozen=True, slots=True)
class Resources:
    """What a training needs of its node."""

    gpus: Annotated[
        int,
        checked(kinds.integer(0, 64)),
        Meaning("GPUs of one worker: 0 goes to the queue `train`, 1 or more to `train-gpu`", 1),
    ] = 0

    @property
    def queue(self) -> str:
        """The queue whose workers have it."""
        return GPU_QUEUE if self.gpus else CPU_QUEUE


@dataclass(frozen=True, slots=True)
class Gate:
    """What a new version must reach before the label `stable` moves to it."""

    metric: Annotated[
        str,
        checked(kinds.text),
        Meaning("What is compared on the held-out rows: `loss`, or a metric of `compile.metrics`", "accuracy"),
    ]
    minimum: Annotated[float | None, checked(kinds.number()), Meaning("What the metric must reach at least", 0.9)] = (
        None
    )
    not_worse_than: Annotated[
        str | None,
        checked(label_name),
        Meaning("A label: the version that it names is measured on the same rows, and must not be better", "stable"),
    ] = None
    tolerance: Annotated[
        float, checked(kinds.number(0)), Meaning("By how much the new version may be worse than that one", 0.005)
    ] = 0.0
    per_class: Annotated[
        bool,
        checked(kinds.boolean),
        Meaning("Whether the comparison holds for each class by itself, too", example=True),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One training."""

    model: Annotated[
        str, checked(model_name), Meaning("Name of the model; each training publishes its next version", "iris")
    ]
    backend: Annotated[str, checked(kinds.choice(*BACKENDS)), Meaning("What Keras computes with", "jax")] = "tensorflow"
    seed: Annotated[
        int,
        checked(kinds.SEED),
        Meaning("Where all that is random begins: the split, the first weights, the order of rows", 7),
    ] = 0
    data: Annotated[
        DataSpec, part(DataSpec), Meaning("Where the data comes from and how it is split", {"source": "sklearn://iris"})
    ]
    target: Annotated[
        TargetSpec | None,
        part(TargetSpec),
        Meaning("What is done to the numbers that a regression predicts", {"standardize": True}),
    ] = None
    threshold: Annotated[
        float | tuple[float, ...] | None,
        checked(THRESHOLD),
        Meaning(
            "The probability above which the second of two classes, or a label, is predicted; one number, "
            "or one for each label; 0.5 where it is left out",
            0.3,
        ),
    ] = None
    preprocessing: Annotated[
        tuple[StepSpec, ...],
        each_of(f"a list of the steps {', '.join(STEPS)}", check_step),
        Meaning(
            "Steps from a raw row to what the network takes; they are fitted on the training rows, kept "
            "in the version, and applied to every request",
            ["standardize"],
        ),
    ] = ()
    input_shape: Annotated[
        tuple[int, ...] | None,
        checked(SHAPE),
        Meaning(
            "The shape of one preprocessed row, without the samples axis; it follows from the data where "
            "it is left out",
            [8, 8, 1],
        ),
    ] = None
    layers: Annotated[
        tuple[ObjectSpec, ...],
        keras_objects("layers"),
        Meaning(
            "The network, layer by layer, as `Sequential` takes it", [{"Dense": {"units": 3, "activation": "softmax"}}]
        ),
    ]
    compile: Annotated[
        CompileSpec,
        part(CompileSpec),
        Meaning("The arguments of `Sequential.compile`", {"optimizer": "adam", "loss": "categorical_crossentropy"}),
    ]
    fit: Annotated[
        FitSpec,
        part(FitSpec),
        Meaning("The arguments of `Sequential.fit`, and how long it may take", {"epochs": 150, "batch_size": 10}),
    ] = FitSpec()
    resources: Annotated[Resources, part(Resources), Meaning("What a training needs of its node", {"gpus": 1})] = (
        Resources()
    )
    gate: Annotated[
        Gate | None,
        part(Gate),
        Meaning(
            "What a new version must reach before the label `stable` moves to it",
            {"metric": "accuracy", "minimum": 0.9},
        ),
    ] = None
    rollout: Annotated[
        RolloutPlan | None,
        part(RolloutPlan),
        Meaning(
            "How a version whose gate holds comes to be `stable`: step by step, watched by guards, instead of at once",
            {"steps": [{"shadow": 100}, {"canary": 10}, {"canary": 100}], "hold_s": 600},
        ),
    ] = None
    search: Annotated[
        SearchSpec | None,
        part(SearchSpec),
        Meaning(
            "A search for hyperparameters; its winner is the version that is published",
            {
                "objective": "val_accuracy",
                "trials": 24,
                "space": {"compile.optimizer.Adam.learning_rate": {"float": [1.0e-4, 1.0e-2], "log": True}},
            },
        ),
    ] = None

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
