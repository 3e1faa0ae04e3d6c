import numpy as np
import pytest

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from service.protocols.tensorflow_serving import (
    classify_results,
    metadata_document,
    predictions_key,
    read_examples,
    read_predict,
    status_document,
)
from service.registry.snapshot import State, VersionStatus

NAMED = InstanceSpec((2,), features=(Feature("width"), Feature("height")))


@pytest.fixture
def manifest(draft_of):
    return draft_of()[0]


def test_rows_and_columns_are_told_apart(manifest) -> None:
    """And so are the names of their answers."""
    row, column = read_predict({"instances": [1]}, manifest), read_predict({"inputs": [1]}, manifest)
    assert (row.key, row.values, predictions_key(row.key)) == ("instances", [1], "predictions")
    assert (column.key, column.values, predictions_key(column.key)) == ("inputs", [1], "outputs")


def test_the_only_input_may_be_named(manifest) -> None:
    """In every row, or once for the column; other names of a column are passed over."""
    assert read_predict({"instances": [{"x": [1, 2]}, [3, 4]]}, manifest).values == [[1, 2], [3, 4]]
    assert read_predict({"inputs": {"x": [[1, 2]], "other": 0}}, manifest).values == [[1, 2]]


def test_a_column_under_another_name_is_refused(manifest) -> None:
    """The right name is told."""
    with pytest.raises(InputError, match="a value for the input 'x'; received 'y'"):
        read_predict({"inputs": {"y": [[1]]}}, manifest)


@pytest.mark.parametrize("document", [{}, {"instances": [1], "inputs": [1]}, {"rows": [1]}])
def test_exactly_one_form_is_expected(manifest, document) -> None:
    """Both or none is a mistake."""
    with pytest.raises(InputError, match='either "instances" or "inputs"'):
        read_predict(document, manifest)


@pytest.mark.parametrize("name", ["other", 1, None, []])
def test_another_signature_is_refused(manifest, name) -> None:
    """There is one."""
    with pytest.raises(InputError, match="signature_name"):
        read_predict({"signature_name": name, "instances": [1]}, manifest)


def test_the_signature_may_be_named(manifest) -> None:
    """Clients of TensorFlow Serving send it."""
    assert read_predict({"signature_name": "serving_default", "instances": [1], "more": 2}, manifest).values == [1]


def test_examples_take_their_context(draft_of) -> None:
    """A feature is a value or a list of one; the example's own wins over the context's."""
    manifest = draft_of(instance=NAMED)[0]
    document = {"context": {"width": 1, "height": 0}, "examples": [{"height": [2]}, {"height": 3}]}
    assert read_examples(document, manifest).values == [{"width": 1, "height": 2}, {"width": 1, "height": 3}]


def test_examples_of_a_model_without_named_features(manifest) -> None:
    """By the input's name, or bare."""
    assert read_examples({"examples": [{"x": [1, 2]}, [3, 4]]}, manifest).values == [[1, 2], [3, 4]]
    assert read_examples({"instances": [[1, 2]]}, manifest).values == [[1, 2]]


@pytest.mark.parametrize("document", [{}, {"examples": [], "instances": []}, {"examples": {}}, {"inputs": [1]}])
def test_classify_expects_one_list(manifest, document) -> None:
    """Of examples or of instances."""
    with pytest.raises(InputError):
        read_examples(document, manifest)


def test_results_are_labels_with_scores_best_first(manifest) -> None:
    """As many as asked for."""
    predictions = np.array([[0.2, 0.5, 0.3]], np.float32)
    results = classify_results(predictions, manifest, top_k=2)
    assert [[label for label, _ in row] for row in results] == [["class 1", "class 2"]]
    assert len(classify_results(predictions, manifest, top_k=None)[0]) == 3
    assert len(classify_results(predictions, manifest, top_k=99)[0]) == 3


def test_a_sigmoid_has_a_score_for_both_classes(draft_of) -> None:
    """The one that it computes is the second."""
    manifest = draft_of(task="sigmoid", class_names=("no", "yes"))[0]
    ((first, second),) = classify_results(np.array([[0.75]], np.float32), manifest, top_k=None)
    assert first == ["yes", pytest.approx(0.75)]
    assert second == ["no", pytest.approx(0.25)]


def test_a_regression_is_not_classified(draft_of) -> None:
    """The caller is told what to use."""
    manifest = draft_of(task="regression", class_names=())[0]
    with pytest.raises(InputError, match="use :predict"):
        classify_results(np.array([[0.75]], np.float32), manifest, top_k=None)


def test_the_status_document_is_tensorflow_servings() -> None:
    """Versions are strings, the newest first; a reason stands in error_message."""
    statuses = [VersionStatus(9, State.AVAILABLE), VersionStatus(10, State.END, "DATA_LOSS", "why")]
    assert status_document(statuses) == {
        "model_version_status": [
            {"version": "10", "state": "END", "status": {"error_code": "DATA_LOSS", "error_message": "why"}},
            {"version": "9", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}},
        ]
    }


def test_the_metadata_document_is_tensorflow_servings(draft_of) -> None:
    """`signature_def` twice, sizes as strings, the shape that clients send."""
    document = metadata_document(draft_of("digits", "digits", version=3)[0])
    assert document["model_spec"] == {"name": "digits", "signature_name": "", "version": "3"}
    signature = document["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": size, "name": ""} for size in ("-1", "28", "28")], "unknown_rank": False},
        "name": "x:0",
    }
    assert [dim["size"] for dim in signature["outputs"]["probabilities"]["tensor_shape"]["dim"]] == ["-1", "10"]
    assert document["metadata"]["class_names"][0] == "class 0"
