"""A compiled Sequential becomes a spec whose training equals its own fit; or one sentence says what has no word.

SPEC_OF=all trains all thirty both ways (`make test-spec-of`); without it, six.
"""

import os

import keras
import numpy as np
import pytest
from onehot_client.keras import spec_of, to_yaml

from models.spec import load_spec
from models.spec.yaml_text import load_document
from tests.integration.keras_models import CASES
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.data.preparation import prepare  # noqa: E402 -- it imports Keras, whose backend had to be chosen before
from trainer.evaluation.evaluate import evaluate  # noqa: E402
from trainer.fit.epochs import fit  # noqa: E402
from trainer.fit.progress import NullObserver  # noqa: E402
from trainer.training import make_network  # noqa: E402

SEED = 7
POINT = 0.01
FEW = ("quickstart", "imdb_lstm", "multi_label", "horsepower", "exponential_decay", "imbalanced")
TRAINED = tuple(CASES) if os.environ.get("SPEC_OF") == "all" else FEW
FIT_ALONE = frozenset({"validation_split"})
"""Arguments of fit that are said of the data in a spec."""
pytestmark = [pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(autouse=True)
def _same_start():
    """Every case begins with the same seed and the usual precision."""
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(SEED)
    yield
    keras.config.set_dtype_policy("float32")


def last_rows(rows, share):
    """As Keras' `validation_split` takes them."""
    at = int(len(rows[0]) * (1 - share))
    return [array[:at] for array in rows], [array[at:] for array in rows]


def files_of(case, folder):
    """The spec's `data` for a case, with a file for each part."""
    train, validation = last_rows(case.train, case.fit.get("validation_split", 0))
    parts = {"source": train, "test": case.test, **({"validation": validation} if len(validation[0]) else {})}
    for name, (x, y) in parts.items():
        np.savez(folder / f"{name}.npz", x=x, y=y)
    return {"validation": 0, **{name: str(folder / f"{name}.npz") for name in parts}}


def spec_for(case, data):
    """Its spec, as an owner asks for it."""
    return spec_of(case.model, data=data, **{name: one for name, one in case.fit.items() if name not in FIT_ALONE})


def score(targets, predictions):
    """The accuracy; of numbers, the share of their variance that is explained."""
    targets, predictions = np.asarray(targets, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
    if predictions.shape[1] > 1 and targets.ndim == 1:
        return float(np.mean(predictions.argmax(axis=1) == targets))
    if predictions.shape[1] > 1 and (targets.sum(axis=1) == 1).all():
        return float(np.mean(predictions.argmax(axis=1) == targets.argmax(axis=1)))
    targets = targets.reshape(predictions.shape)
    if set(np.unique(targets)) <= {0, 1}:
        return float(np.mean((predictions > 0.5) == targets))
    return float(1 - np.mean((predictions - targets) ** 2) / np.var(targets))


def own_score(case):
    """Of Keras' own fit, on the rows kept aside."""
    case.model.fit(*case.train, verbose=0, **case.fit)
    predictions = case.model.predict(case.test[0], verbose=0)
    takes_logits = getattr(case.model.loss, "get_config", dict)().get("from_logits")
    if takes_logits and predictions.shape[1] == 1:
        predictions = 1 / (1 + np.exp(-predictions))
    return score(case.test[1], predictions)


def trained_score(spec, case, folder):
    """Of the trainer's training of a spec, on the same rows."""
    prepared = prepare(spec, roots=(str(folder),))
    validation = None if prepared.validation is None else prepared.validation.part
    fitted = fit(
        make_network(spec, prepared), spec, training=prepared.train.part, validation=validation, observer=NullObserver()
    )
    return score(case.test[1], evaluate(fitted.stepper, prepared).predictions)


@pytest.mark.parametrize("name", CASES)
def test_every_tutorial_is_a_spec(name, tmp_path) -> None:
    """The checker takes it, its YAML reads back equal, and it says no default."""
    case = CASES[name]()
    document = spec_for(case, files_of(case, tmp_path))
    assert load_document(to_yaml(document)) == document
    spec = load_spec(document)
    assert len(spec.layers) >= len([layer for layer in case.model.layers if layer.weights])
    assert spec.seed == SEED
    assert "glorot_uniform" not in str(document)


@pytest.mark.parametrize("name", TRAINED)
def test_a_spec_trains_as_fit_does(name, tmp_path) -> None:
    """On rows kept aside, with the same seed, to the point."""
    case = CASES[name]()
    spec = load_spec(spec_for(case, files_of(case, tmp_path)))
    own = own_score(case)
    trained = trained_score(spec, case, tmp_path)
    print(f"{name}: fit {own:.4f}, spec {trained:.4f}")
    assert abs(own - trained) <= POINT
    assert own > 0.8
