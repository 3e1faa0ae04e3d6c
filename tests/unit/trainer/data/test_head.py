import numpy as np
import pytest

from models.errors import SpecError
from models.keras_catalog.objects import ObjectSpec
from models.sources.class_labels import Labels
from models.spec.keras_metrics import metric_name
from trainer.data.head import Head, check_output, choose_head, task_of

THREE = Labels(np.array([0, 1, 2, 2]), ("a", "b", "c"))
TWO = Labels(np.array([0, 1, 1]), ("a", "b"))


def with_output(make_spec, units, activation, loss, **more):
    return make_spec(
        layers=[{"Dense": {"units": units, "activation": activation}}], compile={"loss": loss, "metrics": [], **more}
    )


@pytest.mark.parametrize(
    ("units", "activation", "loss", "task"),
    [
        (3, "softmax", "categorical_crossentropy", "softmax"),
        (1, "sigmoid", "binary_crossentropy", "sigmoid"),
        (3, "sigmoid", "binary_crossentropy", "multilabel"),
        (1, "linear", "mean_squared_error", "regression"),
    ],
)
def test_the_last_layer_tells_the_task(make_spec, units, activation, loss, task) -> None:
    """Softmax, one or several sigmoid units, numbers."""
    assert task_of(with_output(make_spec, units, activation, loss)) == task


def test_one_sigmoid_unit_tells_two_classes_apart(make_spec) -> None:
    """Not three."""
    spec = with_output(make_spec, 1, "sigmoid", "binary_crossentropy")
    assert choose_head(spec, TWO, task="sigmoid").targets(TWO).tolist() == [[0], [1], [1]]
    with pytest.raises(SpecError, match=r"3 softmax units, one for each class \(a, b, c\)"):
        choose_head(spec, THREE, task="sigmoid")


def test_targets_are_one_hot_or_indices_as_the_loss_wants(make_spec) -> None:
    """The sparse loss takes indices."""
    one_hot = choose_head(with_output(make_spec, 3, "softmax", "categorical_crossentropy"), TWO, task="softmax")
    sparse = choose_head(with_output(make_spec, 3, "softmax", "sparse_categorical_crossentropy"), TWO, task="softmax")
    assert one_hot.targets(TWO).tolist() == [[1, 0], [0, 1], [0, 1]]
    assert sparse.targets(TWO).tolist() == [[0], [1], [1]]


@pytest.mark.parametrize(
    ("head", "metric", "class_name", "name"),
    [
        (Head("softmax", 3), "Accuracy", "CategoricalAccuracy", "accuracy"),
        (Head("softmax", 3, sparse=True), "Accuracy", "SparseCategoricalAccuracy", "accuracy"),
        (Head("sigmoid", 1), "Accuracy", "BinaryAccuracy", "accuracy"),
        (Head("multilabel", 3), "Accuracy", "CategoricalAccuracy", "accuracy"),
        (Head("multilabel", 3, exclusive=False), "Accuracy", "BinaryAccuracy", "accuracy"),
        (Head("softmax", 3), "SparseCategoricalAccuracy", "CategoricalAccuracy", "sparse_categorical_accuracy"),
        (Head("softmax", 3), "AUC", "AUC", "auc"),
        (Head("softmax", 3), "F1Score", "F1Score", "f1_score"),
    ],
)
def test_a_metric_becomes_what_it_means_for_the_head(head, metric, class_name, name) -> None:
    """Under the name that the spec gives it."""
    chosen = head.metric(ObjectSpec(metric))
    assert (chosen.class_name, chosen.arguments["name"]) == (class_name, name)


def test_one_unit_s_f1_has_a_threshold() -> None:
    """Without one Keras takes the largest output for a hit, which one unit always is."""
    assert Head("sigmoid", 1).metric(ObjectSpec("F1Score")).arguments["threshold"] == 0.5
    assert "threshold" not in Head("softmax", 3).metric(ObjectSpec("F1Score")).arguments


@pytest.mark.parametrize(
    ("shape", "message"),
    [((None, 2), "3 values an instance, one for each class (a, b, c); received an output of shape [2]"),
     ((None, 4, 4, 3), "received an output of shape [4, 4, 3]; Flatten or pool it first")],
)  # fmt: skip
def test_the_output_must_have_one_value_for_each_class(make_spec, shape, message) -> None:
    """A Dense layer after an image is legal in Keras, and wrong."""
    with pytest.raises(SpecError) as error:
        check_output(make_spec(), Head("softmax", 3), shape, ("a", "b", "c"))
    assert message in str(error.value)


def test_names_are_spelled_as_keras_does() -> None:
    """The names in history and gate."""
    keras = pytest.importorskip("keras")
    for name in (
        "AUC",
        "CategoricalAccuracy",
        "TopKCategoricalAccuracy",
        "F1Score",
        "MeanIoU",
        "R2Score",
        "OneHotMeanIoU",
    ):
        assert metric_name(ObjectSpec(name)) == keras.src.utils.naming.to_snake_case(name)
