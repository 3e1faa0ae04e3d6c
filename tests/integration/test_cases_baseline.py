"""A network that always answers the majority is published with a warning, wherever a person reads of it."""

import json

import numpy as np
import pytest

from models.settings import Settings
from models.spec import load_spec
from models.store.store import Store
from onehot.following import print_outcome
from onehot.report_page import report_page
from trainer.backends.choice import choose_backend

assert choose_backend("tensorflow")

from trainer.training import train  # noqa: E402 -- it imports Keras, whose backend had to be chosen before

pytestmark = pytest.mark.timeout(120)


def test_an_always_majority_model_is_told(tmp_path, capsys) -> None:
    """In its manifest, its report, the job's result, the command's output and the report's page."""
    rng = np.random.default_rng(1)
    np.savez(tmp_path / "rare.npz", x=rng.normal(size=(200, 3)), y=(np.arange(200) % 20 == 0).astype(int))
    document = {
        "model": "rare", "data": {"source": "rare.npz", "class_names": ["usual", "rare"]},
        "layers": [{"Dense": {"units": 1, "activation": "sigmoid"}}],
        "compile": {"optimizer": {"SGD": {"learning_rate": 0.05}}, "loss": "bce", "metrics": ["accuracy"]},
        "fit": {"epochs": 30},
    }  # fmt: skip
    store = Store.open(tmp_path / "store")
    manifest = train(load_spec(document), store=store, settings=Settings(data_roots=(str(tmp_path),)), job_id="job")
    majority, missed = manifest.warnings
    assert majority.startswith("not better than the majority class usual: test accuracy")
    assert missed.startswith("never predicted rightly (recall 0): rare (")
    assert manifest.summary["warnings"] == [majority, missed]
    assert store.manifest("rare", 1).warnings == manifest.warnings
    report = json.loads(store.read(manifest, "report.json"))
    assert report["warnings"] == [majority, missed]
    assert report["baseline"]["model"] == report["baseline"]["majority"]
    assert report["baseline"]["model"] == pytest.approx(manifest.metrics["accuracy"])
    assert report["baseline"]["linear"]["method"] == "logistic regression"
    print_outcome(manifest.summary)
    assert f"Warning: {majority}" in capsys.readouterr().out
    page = report_page(json.loads(manifest.to_json()), report)
    assert "<h2>Warnings</h2>" in page
    assert "Without a network" in page
