"""The layers of most networks, proved one by one; `python -m trainer.keras_catalog.proving` proves all of Keras."""

import json
import re

import pytest

from models.keras_catalog.objects import families, keras_version, known_names
from models.keras_catalog.proofs import PROOFS
from trainer.backends.choice import choose_backend
from trainer.keras_catalog.proof_cases import Case, all_cases, split_case
from trainer.keras_catalog.proving import Proof, Unproved, proofs_document, prove, run_cases
from trainer.keras_catalog.signatures import json_text

assert choose_backend("tensorflow")

pytestmark = [pytest.mark.timeout(120), pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")]

LAYERS = re.compile(
    r"Dense|Conv[123]D|(Max|Average)Pooling[12]D|Global(Max|Average)Pooling[12]D|Dropout|SpatialDropout2D|GaussianNoise|"
    r"Flatten|Reshape|BatchNormalization|LayerNormalization|Embedding|LSTM|GRU|Bidirectional|SeparableConv[12]D|"
    r"DepthwiseConv2D|Conv2DTranspose|Conv1DTranspose|ZeroPadding2D|Rescaling|Normalization|Discretization|"
    r"Random(Flip|Rotation|Zoom|Translation|Contrast|Brightness|Hue)|ReversibleEmbedding|Activation|Softmax|ReLU"
)
LOSSES = re.compile(r"MeanSquaredError|(Sparse)?CategoricalCrossentropy|(Binary|CategoricalFocal)Crossentropy|Poisson")
OPTIMIZERS = re.compile(r"SGD|RMSprop|Adam|AdamW|Nadam|Lion|Muon")
NAMED = {"layers": LAYERS, "losses": LOSSES, "optimizers": OPTIMIZERS}


def is_named(case: Case) -> bool:
    """Whether most networks have it, or the exporter once failed at it; other families are proved whole."""
    pattern = NAMED.get(case.family)
    return pattern is None or any(pattern.fullmatch(name) for name in case.names)


@pytest.mark.parametrize("case", [case for case in all_cases() if is_named(case)], ids=lambda case: case.title[:80])
def test_it_is_trained_and_served_as_keras_computes_it(case) -> None:
    """Built, two epochs, exported, compared for 1, 7 and 64 rows."""
    assert prove(case).largest_difference <= 1e-5


def test_every_name_has_a_case() -> None:
    """A name that a new Keras brings has none until one is written."""
    proved = {(case.family, name) for case in all_cases() for name in case.names}
    known = {(family, name) for family in families() for name in known_names(family)}
    assert known <= proved


def test_the_committed_proofs_are_of_the_cases_and_of_the_installed_keras() -> None:
    """When they are not: python -m trainer.keras_catalog.proving."""
    committed = json.loads(PROOFS.read_text("utf-8"))
    expected = proofs_document((Proof(case, 0.0, 0.0) for case in all_cases()), keras_version())
    assert committed["keras"] == expected["keras"]
    counts = [
        {
            family: {name: entry["cases"] for name, entry in names.items()}
            for family, names in document["served"].items()
        }
        for document in (committed, expected)
    ]
    assert counts[0] == counts[1]
    assert PROOFS.read_text("utf-8") == json_text(committed) + "\n"


def test_a_case_that_fails_says_which_name_it_is() -> None:
    """Of several in one network, each is tried alone."""
    stack = next(case for case in all_cases() if case.family == "regularizers")
    broken = Case("regularizers", ("L1", "L2"), {"layers": [*stack.spec["layers"][:1], {"Dense": {"units": 0}}]})
    with pytest.raises(Unproved, match=r"regularizers: L1, L2: SpecError"):
        prove(broken)
    assert [case.names for case in split_case(broken)] == [("L1",), ("L2",)]
    proofs, failures = run_cases([broken])
    assert [proof.case.names for proof in proofs] == [("L1",)]
    assert [failure.case.names for failure in failures] == [("L2",)]
