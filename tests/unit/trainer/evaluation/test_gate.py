from dataclasses import replace

import numpy as np
import pytest

from models.settings import Settings
from models.store.store import Store
from trainer.data.preparation import prepare
from trainer.evaluation.gate import pass_gate
from trainer.training import train


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return Store.open(tmp_path / "store")


def perfect(prepared):
    return prepared.test.part.targets


def flawed(prepared, wrong: int):
    """Predictions of which so many are wrong."""
    predictions = prepared.test.part.targets.copy()
    predictions[:wrong] = np.roll(predictions[:wrong], 1, axis=1)
    return predictions


def gate_spec(make_spec, **gate):
    return make_spec(gate={"metric": "accuracy", **gate}, fit={"epochs": 1})


def test_without_a_gate_there_is_no_outcome(make_spec, data_root, store) -> None:
    """And every version is promoted."""
    prepared = prepare(make_spec(), roots=(str(data_root),))
    assert pass_gate(make_spec(), prepared, perfect(prepared), store=store) is None


def test_a_minimum_holds_or_not(make_spec, data_root, store) -> None:
    """The outcome has the numbers."""
    spec = gate_spec(make_spec, minimum=0.9)
    prepared = prepare(spec, roots=(str(data_root),))
    good = pass_gate(spec, prepared, perfect(prepared), store=store)
    bad = pass_gate(spec, prepared, flawed(prepared, 6), store=store)
    assert good is not None
    assert bad is not None
    assert good.holds
    assert not bad.holds
    assert bad.document["checks"][0] == {"rule": "minimum", "expected": 0.9, "received": 0.5, "holds": False}


def test_each_class_is_checked_when_asked(make_spec, data_root, store) -> None:
    """One bad class fails a gate that the mean passes."""
    spec = gate_spec(make_spec, minimum=0.6, per_class=True)
    prepared = prepare(spec, roots=(str(data_root),))
    predictions = perfect(prepared).copy()
    predictions[prepared.test.labels.values == 1] = [1, 0, 0]
    outcome = pass_gate(spec, prepared, predictions, store=store)
    assert outcome is not None
    assert [check.rule for check in outcome.checks if not check.holds] == ["minimum of class 1"]


def test_the_first_version_has_nothing_to_be_worse_than(make_spec, data_root, store) -> None:
    """And passes, with a note."""
    spec = gate_spec(make_spec, not_worse_than="stable")
    prepared = prepare(spec, roots=(str(data_root),))
    outcome = pass_gate(spec, prepared, flawed(prepared, 6), store=store)
    assert outcome is not None
    assert outcome.holds
    assert outcome.checks[0].note == "no version has this label yet"


def test_a_candidate_is_compared_on_the_same_rows(make_spec, data_root, store) -> None:
    """The labelled version predicts our held-out rows; a worse candidate does not pass, an equal one does."""
    settings = Settings(data_roots=(str(data_root),))
    train(make_spec(fit={"epochs": 40}), store=store, settings=settings, job_id="first")
    spec = gate_spec(make_spec, not_worse_than="stable")
    prepared = prepare(spec, roots=settings.data_roots)
    better = pass_gate(spec, prepared, perfect(prepared), store=store)
    worse = pass_gate(spec, prepared, flawed(prepared, 9), store=store)
    assert better is not None
    assert worse is not None
    assert better.holds
    assert not worse.holds
    assert worse.checks[0].rule == "not_worse_than stable (version 1)"
    assert worse.checks[0].note == ""
    assert worse.document["rows_sha256"] == store.manifest("blobs", 1).data["test_sha256"]
    foreign = replace(prepared, instance=replace(prepared.instance, shape=(5,)))
    incomparable = pass_gate(spec, foreign, perfect(prepared), store=store)
    assert incomparable is not None
    assert "cannot be compared" in incomparable.checks[0].note


def test_rows_that_a_rival_may_have_been_trained_on_are_noted(make_spec, data_root, store) -> None:
    """Another seed splits otherwise; the comparison is on our rows all the same."""
    settings = Settings(data_roots=(str(data_root),))
    train(make_spec(fit={"epochs": 2}, seed=1), store=store, settings=settings, job_id="first")
    spec = gate_spec(make_spec, not_worse_than="stable", tolerance=1.0)
    prepared = prepare(spec, roots=settings.data_roots)
    outcome = pass_gate(spec, prepared, perfect(prepared), store=store)
    assert outcome is not None
    assert outcome.checks[0].note == "version 1 had other held-out rows, and may have been trained on some of these"


def test_a_loss_that_grew_is_worse(make_spec, data_root, store) -> None:
    """Less is better; the tolerance counts the same way."""
    settings = Settings(data_roots=(str(data_root),))
    train(make_spec(fit={"epochs": 40}), store=store, settings=settings, job_id="first")
    spec = make_spec(gate={"metric": "loss", "not_worse_than": "stable", "tolerance": 0.01}, fit={"epochs": 1})
    prepared = prepare(spec, roots=settings.data_roots)
    worse = pass_gate(spec, prepared, np.full_like(perfect(prepared), 1 / 3), store=store)
    better = pass_gate(spec, prepared, perfect(prepared), store=store)
    assert worse is not None
    assert better is not None
    assert not worse.holds
    assert better.holds


def test_a_version_whose_gate_fails_is_published_and_not_promoted(make_spec, data_root, store) -> None:
    """The label stays where it was."""
    settings = Settings(data_roots=(str(data_root),))
    train(make_spec(), store=store, settings=settings, job_id="first")
    failed = train(gate_spec(make_spec, minimum=1.1), store=store, settings=settings, job_id="second")
    assert store.versions("blobs") == [1, 2]
    assert store.labels("blobs") == {"stable": 1}
    assert failed.gate is not None
    assert failed.gate["holds"] is False


def write_fruit(folder, *, colours: str, columns: str = "weight,colour,size") -> None:
    """A table whose class follows from the weight, its columns in any order."""
    rows = [
        {"weight": row, "colour": colours[row % len(colours)], "size": row % 7, "fruit": row // 20} for row in range(40)
    ]
    names = [*columns.split(","), "fruit"]
    lines = [",".join(str(row[name]) for name in names) for row in rows]
    (folder / "fruit.csv").write_text("\n".join([",".join(names), *lines]))


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"colours": "rgb"}, "cannot be compared: "),
        ({"colours": "rg", "columns": "size,colour,weight"}, "cannot be compared: its instances or classes are others"),
    ],
)
def test_rows_that_a_rival_does_not_take_do_not_end_the_training(make_spec, data_root, store, changed, note) -> None:
    """A category that it did not see, columns in another order: the label stays where it is, and the check says why."""
    settings = Settings(data_roots=(str(data_root),))
    spec = make_spec(
        gate={"metric": "accuracy", "not_worse_than": "stable"}, fit={"epochs": 1},
        data={"source": "fruit.csv", "target": "fruit"}, preprocessing=[{"one_hot": {"columns": ["colour"]}}],
        layers=[{"Dense": {"units": 2, "activation": "softmax"}}],
    )  # fmt: skip
    write_fruit(data_root, colours="rg")
    train(spec, store=store, settings=settings, job_id="first")
    write_fruit(data_root, **changed)
    manifest = train(spec, store=store, settings=settings, job_id="second")
    (check,) = manifest.gate["checks"]
    assert not check["holds"]
    assert check["note"].startswith(note)
    assert store.labels("blobs")["stable"] == 1
