import pytest

from models.keras_catalog.argument_kinds import family_of, kind_of
from models.keras_catalog.objects import check_object, families, known_names, refused_names

DECLARED = {(family, name, argument) for family in families() for name, arguments in known_names(family).items()
            for argument in arguments}  # fmt: skip
HOLD_PYTHON_OBJECTS = {"Bidirectional.weights", "Embedding.weights", "Dense.quantization_config",
                       "Embedding.quantization_config", "EinsumDense.quantization_config",
                       "EinsumDense.gptq_unpacked_column_size"}  # fmt: skip


@pytest.mark.parametrize("family", families())
def test_every_argument_of_every_class_has_a_kind(family):
    """A new argument of Keras is noticed here."""
    without = {f"{name}.{argument}" for one, name, argument in DECLARED if one == family
               and family_of(argument) is None and kind_of(name, argument) is None}  # fmt: skip
    assert without <= HOLD_PYTHON_OBJECTS


@pytest.mark.parametrize("family", families())
def test_every_default_of_keras_is_of_its_argument_s_kind(family):
    """A spec may say what Keras would take anyway."""
    wrong = []
    for name, arguments in known_names(family).items():
        for argument, described in arguments.items():
            default = described.get("default")
            problems = []
            if default is not None:
                required = {key: None for key, one in arguments.items() if one.get("required")}
                check_object(family, {name: {**required, argument: default}}, "", problems)
                wrong += [problem for problem in problems if problem.path == f"{name}.{argument}"]
    assert wrong == []


def test_an_argument_that_holds_python_objects_is_refused():
    """Weights do not come in a spec."""
    problems = []
    check_object("layers", {"Embedding": {"input_dim": 3, "output_dim": 2, "weights": [1]}}, "", problems)
    assert [problem.path for problem in problems] == ["Embedding.weights"]


@pytest.mark.parametrize("family", families())
def test_a_refused_name_is_answered_with_its_reason(family):
    """Not as an unknown one."""
    for name, reason in refused_names(family).items():
        problems = []
        assert check_object(family, name, "here", problems) is None
        assert problems[0].received == f"{name}, refused because {reason}"


@pytest.mark.parametrize(
    ("family", "written", "class_name"),
    [
        ("losses", "categorical_crossentropy", "CategoricalCrossentropy"),
        ("losses", "mse", "MeanSquaredError"),
        ("optimizers", "adam", "Adam"),
        ("optimizers", "sgd", "SGD"),
        ("optimizers", "rmsprop", "RMSprop"),
        ("metrics", "accuracy", "Accuracy"),
        ("layers", "MaxPool2D", "MaxPooling2D"),
        ("layers", "GlobalAvgPool2D", "GlobalAveragePooling2D"),
        ("initializers", "he_normal", "HeNormal"),
        ("activations", "leaky_relu", "leaky_relu"),
    ],
)
def test_a_name_may_be_written_as_keras_writes_it(family, written, class_name):
    """Class names, snake case, aliases and short names."""
    problems = []
    found = check_object(family, written, "", problems)
    assert problems == []
    assert found.class_name == class_name
