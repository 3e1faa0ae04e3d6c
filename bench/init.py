"""`onehot init` on twelve real tables and three short series: each spec is trained, beside a linear model.

    python bench/init.py [--seeds 1 2 3] [--tables iris titanic …]

Both see the same rows after the same preprocessing; the rival also has the validation rows, which stop ours. The score
is the accuracy, or R² of a regression, on the held-out rows, in points; the median of the seeds is compared.
"""

# ruff: noqa: PLC0415 -- the trainer imports Keras, whose backend is chosen first

import argparse
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
from sklearn.linear_model import LogisticRegression, Ridge  # noqa: E402

from models.errors import OnehotError  # noqa: E402
from models.settings import Settings  # noqa: E402
from models.spec import load_spec  # noqa: E402
from models.spec.yaml_text import load_document  # noqa: E402
from models.store.store import Store  # noqa: E402
from trainer.backends.choice import import_keras  # noqa: E402
from trainer.init.__main__ import write_spec  # noqa: E402

FOLDER = ROOT / ".bench" / "tables"
WITHIN = 2.0
TABLES = {
    "iris": ("sklearn://iris", None),
    "wine": ("sklearn://wine", None),
    "breast_cancer": ("sklearn://breast_cancer", None),
    "diabetes": ("sklearn://diabetes", None),
    "penguins_raw": ("penguins_raw.csv", "Species"),
    "titanic": ("titanic.csv", "Survived"),
    "attrition": ("attrition.csv", "Attrition"),
    "credit": ("credit.csv", "Status"),
    "mlc_churn": ("mlc_churn.csv", "churn"),
    "wa_churn": ("wa_churn.csv", "churn"),
    "diamonds": ("diamonds.csv", "price"),
    "ames": ("ames.csv", "Sale_Price"),
    "gun_point": ("gun_point.npz", None),
    "italy_power_demand": ("italy_power_demand.npz", None),
    "arrow_head": ("arrow_head.npz", None),
}
"""Name → source and target; the files are those of bench/tables/write_tables.py."""


@dataclass(frozen=True)
class Outcome:
    """One table: the scores of each seed, or why it did not train."""

    name: str
    rows: int = 0
    ours: tuple[float, ...] = ()
    rival: tuple[float, ...] = ()
    error: str = ""

    @property
    def holds(self) -> bool:
        """Whether it trained, and as well as that."""
        return not self.error and statistics.median(self.ours) >= statistics.median(self.rival) - WITHIN

    def __str__(self) -> str:
        if self.error:
            return f"{self.name:18} {self.error}"
        ours, rival = statistics.median(self.ours), statistics.median(self.rival)
        verdict = "ok" if self.holds else "FAILS"
        return f"{self.name:18} {self.rows:6} {ours:8.2f} {rival:8.2f} {ours - rival:+8.2f}   {verdict}"


def score_of_table(name: str, seeds: Sequence[int]) -> Outcome:
    """Write the spec of a table, and train it with each seed."""
    source, target = TABLES[name]
    settings = Settings(data_roots=(str(FOLDER),))
    try:
        document = load_document(write_spec(source, target, settings=settings))
        scores = [scores_of_seed(document, seed, settings) for seed in seeds]
    except OnehotError as error:
        return Outcome(name, error=f"{type(error).__name__}: {error}")
    return Outcome(name, scores[0][0], tuple(one[1] for one in scores), tuple(one[2] for one in scores))


def scores_of_seed(document: dict[str, Any], seed: int, settings: Settings) -> tuple[int, float, float]:
    """Rows, our held-out score and the rival's."""
    from trainer.data.preparation import prepare
    from trainer.training import train

    spec = load_spec({**document, "seed": seed})
    prepared = prepare(spec, roots=settings.data_roots)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(folder)
        manifest = train(spec, store=store, settings=replace(settings, store=folder), job_id="job", resumes=False)
        graph = store.read(manifest, "model.onnx")
    rows = sum(piece.rows for piece in prepared.pieces.values())
    return rows, 100 * score_of_graph(graph, prepared), 100 * score_of_rival(prepared)


def score_of_graph(graph: bytes, prepared: Any) -> float:
    """Of the exported graph, as it is served."""
    from trainer.export.parity import graph_predictions

    test = prepared.test
    predictions = graph_predictions(graph, test.part.inputs)
    if not prepared.class_names:
        return explained(test.labels.values, predictions)
    return float((prepared.head.predicted_classes(predictions) == test.labels.values).mean())


def score_of_rival(prepared: Any) -> float:
    """Of logistic regression, or of ridge."""
    seen = [piece for name, piece in prepared.pieces.items() if name != "test"]
    inputs = np.concatenate([flat(piece) for piece in seen])
    targets = np.concatenate([piece.labels.values for piece in seen])
    test = prepared.test
    if not prepared.class_names:
        return explained(test.labels.values, Ridge().fit(inputs, targets).predict(flat(test)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it stops before it has converged
        rival = LogisticRegression(max_iter=2000).fit(inputs, targets)
    return float((rival.predict(flat(test)) == test.labels.values).mean())


def flat(piece: Any) -> Any:
    """The preprocessed rows of a part, `(rows, values) float32`."""
    return piece.part.inputs.reshape(piece.rows, -1)


def explained(true: Any, predicted: Any) -> float:
    """R²."""
    true, predicted = np.asarray(true, float).reshape(-1), np.asarray(predicted, float).reshape(-1)
    return float(1 - ((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum())


def main() -> int:
    """Print the table; the exit status says whether all of it holds."""
    parser = argparse.ArgumentParser(description="Specs of `onehot init` on real tables and series.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    options = parser.parse_args()
    import_keras("tensorflow")
    print(f"{'table':18} {'rows':>6} {'onehot':>8} {'linear':>8} {'points':>8}   (median of {len(options.seeds)})")
    outcomes = []
    for name in options.tables:
        outcomes.append(score_of_table(name, options.seeds))
        print(outcomes[-1], flush=True)
    held = sum(outcome.holds for outcome in outcomes)
    print(f"{held} of {len(outcomes)} train as written and are at most {WITHIN:g} points below the linear model")
    return 0 if held == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
