import keras
import numpy as np
import pytest
from sklearn.inspection import permutation_importance as scikit_importance

from models.preprocessing.instances import Feature
from models.preprocessing.pipeline import fit_steps
from models.sources.class_labels import Labels
from models.spec import load_spec
from models.spec.head import REGRESSION, SIGMOID
from trainer.data import Dataset
from trainer.data.head import Head
from trainer.data.part import Part
from trainer.data.preparation import Piece
from trainer.evaluation import importance
from trainer.evaluation.importance import permutation_importance
from trainer.export.onnx_export import export_onnx
from trainer.export.parity import graph_predictor

ROWS, SHUFFLES = 400, 15
RNG = np.random.default_rng(4)
COLUMNS = (Feature("age"), Feature("city", "category"), Feature("noise"))
CITIES = RNG.choice(["Oslo", "Paris", "Rome"], ROWS)
AGES, NOISE = RNG.normal(size=(2, ROWS)).tolist()
TABLE = np.array(list(zip(AGES, CITIES.tolist(), NOISE, strict=True)), dtype=object)
VALUES = TABLE[:, 0].astype(np.float64) + 2 * (CITIES == "Rome") + 0.3 * RNG.normal(size=ROWS)


def served(activation: str):
    """A network with known weights behind one-hot columns, as a graph."""
    spec = load_spec({"model": "m", "data": {"source": "m.csv"}, "preprocessing": [{"one_hot": {"columns": ["city"]}}],
                      "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
                      "compile": {"optimizer": "sgd", "loss": "binary_crossentropy"},
                      "fit": {"epochs": 1}})  # fmt: skip
    preprocessing = fit_steps(spec.preprocessing, TABLE, features=COLUMNS)
    network = keras.Sequential([keras.Input(preprocessing.output_shape), keras.layers.Dense(1, activation=activation)])
    weights, _ = np.linalg.lstsq(np.c_[preprocessing.apply(TABLE)], VALUES, rcond=None)[:2]
    network.layers[0].set_weights([weights.astype(np.float32)[:, None], np.array([-0.7 * (activation == "sigmoid")])])
    return preprocessing, network


@pytest.mark.parametrize(("activation", "scoring"), [("sigmoid", "accuracy"), ("linear", "r2")])
def test_importance_is_scikit_learn_s_within_sampling_error(activation, scoring, monkeypatch) -> None:
    """Of the same served graph, column by column of the raw table: a category is one column."""
    monkeypatch.setattr(importance, "REPEATS", SHUFFLES)
    preprocessing, network = served(activation)
    head = Head(SIGMOID, 1) if activation == "sigmoid" else Head(REGRESSION, 1)
    labels = Labels((VALUES > 0.7).astype(np.int64), ("no", "yes")) if head.task == SIGMOID else Labels(VALUES[:, None])
    predict = graph_predictor(export_onnx(network, head))
    test = Piece(Dataset("m.csv", TABLE, VALUES, "", COLUMNS), labels, Part(TABLE, VALUES))
    found = permutation_importance(head, test, preprocessing, predict=predict, parameters=6)

    class Served:
        """The graph as scikit-learn calls a model."""

        def fit(self) -> None:
            """It is."""

        def predict(self, table):
            """Classes, or numbers."""
            outputs = predict(preprocessing.apply(table))
            return head.predicted_classes(outputs) if head.task == SIGMOID else outputs[:, 0]

    theirs = scikit_importance(
        Served(), TABLE, labels.values.reshape(-1), scoring=_scoring(scoring), n_repeats=SHUFFLES, random_state=0
    )
    ours = {one["column"]: one for one in found["columns"]}
    for column, mean, deviation in zip(COLUMNS, theirs.importances_mean, theirs.importances_std, strict=True):
        error = 4 * np.hypot(deviation, ours[column.name]["deviation"]) / np.sqrt(SHUFFLES)
        assert ours[column.name]["mean"] == pytest.approx(mean, abs=error + 1e-9)
    assert found["columns"][-1]["column"] == "noise"


def _scoring(name: str):
    """Of what is predicted, without looking at the kind of model."""
    if name == "accuracy":
        return lambda model, table, true: float((model.predict(table) == true).mean())
    return lambda model, table, true: float(
        1 - ((model.predict(table) - true) ** 2).sum() / ((true - true.mean()) ** 2).sum()
    )


def test_rows_are_bounded_by_the_network_s_size() -> None:
    """None are left of a large one; of a table with few rows there is nothing to say."""
    preprocessing, _ = served("sigmoid")
    labels = Labels((VALUES > 0.7).astype(np.int64), ("no", "yes"))
    test = Piece(Dataset("m.csv", TABLE, VALUES, "", COLUMNS), labels, Part(TABLE, VALUES))
    computed = []

    def predict(inputs):
        computed.append(len(inputs))
        return np.zeros((len(inputs), 1), np.float32)

    found = permutation_importance(Head(SIGMOID, 1), test, preprocessing, predict=predict, parameters=10**6)
    assert found["rows"] == 66
    assert computed == [66, *[66 * 5] * 3]
    assert permutation_importance(Head(SIGMOID, 1), test, preprocessing, predict=predict, parameters=10**8) is None
