"""The plan of a search: the same trials, promotions and winner whatever the order in which its jobs happen to end."""

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from models.searches.search_document import FAILED, OPEN, RUNNING, new_search, open_jobs
from trainer.search.planning import JobEnd, planned, with_end
from trainer.search.schedule import rungs_of

EPOCHS = 9
RATE, UNITS = "compile.optimizer.Adam.learning_rate", "layers.0.Dense.units"
SPACE = {
    RATE: {"float": [1e-4, 1.0], "log": True},
    UNITS: {"choice": [4, 8, 16]},
    "fit.batch_size": {"int": [8, 64], "log": True},
    "layers.1": {"choice": ["on", "off"]},
}


def search(**block: Any) -> dict[str, Any]:
    """A search of which nothing has happened."""
    spec = {
        "model": "m", "seed": 7, "data": {"source": "a.npz"}, "fit": {"epochs": EPOCHS},
        "layers": [{"Dense": {"units": 4}}, {"Dropout": {"rate": 0.5}},
                   {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        "search": {"objective": "val_accuracy", "space": SPACE, "trials": 9, "parallel": 2, **block},
    }  # fmt: skip
    return new_search("0" * 32, "m", spec, {})


def value_of(document: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """What a job returns: best at a learning rate of 0.01 and 8 units."""
    numbers = document["trials"][job["trial"]]["parameters"]
    value = 1 - 0.1 * (math.log10(numbers[RATE]) + 2) ** 2 - 0.1 * (numbers[UNITS] != 8) + 0.01 * job["repeat"]
    return {"value": value, "epochs": 3 ** job["rung"], "is_complete": job["rung"] == 2, "history": [value]}


def run(document: dict[str, Any], *, seed: int = 0, value: Callable[..., Any] = value_of) -> dict[str, Any]:
    """Run a search to its winner; its jobs end in a random order, and the end of some is told twice."""
    drawn, ends = random.Random(seed), []
    document = planned(document)
    while document["status"] == RUNNING and document["winner"] is None:
        jobs = {job["job_id"]: job for job in document["jobs"]}
        chosen = drawn.choice(open_jobs(document))
        result = value(document, jobs[chosen])
        end = JobEnd(chosen, "finished" if result else "failed", result, None if result else {"message": "it failed"})
        ends.append(end)
        for told in (end, drawn.choice(ends)):
            document = planned(with_end(json.loads(json.dumps(document)), told))
    return document


def outcome(document: dict[str, Any]) -> Any:
    """All of a search but when its jobs happened to end."""
    jobs = [{name: value for name, value in job.items() if name != "place"} for job in document["jobs"]]
    return document["trials"], jobs, document["winner"], document["importances"]


@pytest.mark.parametrize("block", [
    {"sampler": "tpe", "prune": "asha"}, {"sampler": "random"}, {"repeats": 2, "sampler": "tpe"},
])  # fmt: skip
def test_the_order_in_which_jobs_end_changes_nothing(block: dict[str, Any]) -> None:
    """The same seed proposes the same trials with the same values, promotes the same, and has the same winner."""
    first = run(search(**block))
    assert outcome(run(search(**block), seed=1)) == outcome(first)
    assert len({json.dumps(trial["parameters"]) for trial in first["trials"]}) == 9
    assert first["winner"]["trial"] == max(
        (trial for trial in first["trials"] if trial["status"] == "finished"), key=lambda trial: trial["value"]
    )["number"]  # fmt: skip


def test_no_more_jobs_are_open_at_one_time_than_the_search_says() -> None:
    """And every trial is trained once to each of its rungs."""
    document = planned(search())
    assert len(open_jobs(document)) == 2
    ended = run(search(prune="asha"))
    steps = [(job["trial"], job["rung"]) for job in ended["jobs"]]
    assert len(steps) == len(set(steps))
    assert all(job["status"] != OPEN for job in ended["jobs"])


def test_halving_spends_about_a_third_of_the_epochs() -> None:
    """Also where trials become better and better, so that each is promoted at first."""
    rising = run(search(prune="asha", trials=24, sampler="random"), value=lambda _, job: {
        "value": job["trial"], "epochs": 3 ** job["rung"], "is_complete": job["rung"] == 2})  # fmt: skip
    rungs = rungs_of(EPOCHS, prunes=True)
    assert rungs == [1, 3, 9]
    spent = sum(rungs[job["rung"]] - (rungs[job["rung"] - 1] if job["rung"] else 0) for job in rising["jobs"])
    assert spent <= 0.35 * 24 * EPOCHS
    assert rising["winner"]["trial"] == 23


def test_a_failed_trial_is_no_winner_and_a_search_without_a_value_fails() -> None:
    """With the first reason."""
    some = run(search(prune="asha"), value=lambda document, job: job["trial"] % 2 and value_of(document, job))
    assert {trial["status"] for trial in some["trials"] if trial["number"] % 2 == 0} == {"failed"}
    assert some["winner"]["trial"] % 2
    none = run(search(), value=lambda *_: None)
    assert none["status"] == FAILED
    assert none["error"]["message"] == "no trial of 9 has a value: it failed"


def test_a_trial_that_a_callback_ended_early_needs_no_more_jobs() -> None:
    """Its value counts on every later rung."""
    ended = run(search(prune="asha"), value=lambda document, job: value_of(document, job) | {"is_complete": True})
    assert {job["rung"] for job in ended["jobs"]} == {0}
    assert len(ended["jobs"]) == 9


def test_a_search_that_is_out_of_time_waits_for_what_trains_and_begins_nothing_more() -> None:
    """The winner is chosen among what has come."""
    late = planned(search())
    late = {**late, "spec": {**late["spec"], "search": {**late["spec"]["search"], "timeout_s": 0.001}}}
    first, second = open_jobs(late)
    jobs = {job["job_id"]: job for job in late["jobs"]}
    late = planned(with_end(late, JobEnd(first, "finished", value_of(late, jobs[first]))))
    assert open_jobs(late) == [second]
    late = planned(with_end(late, JobEnd(second, "finished", value_of(late, jobs[second]))))
    assert late["winner"] is not None
    assert len([job for job in late["jobs"] if job["status"] == "finished"]) == 2


def test_the_end_of_a_grid_is_its_last_combination() -> None:
    """In the order of the parameters, the last changing fastest."""
    space = {UNITS: {"choice": [4, 8]}, RATE: {"float": [0.1, 0.3], "step": 0.1}}
    ended = run(search(space=space, sampler="grid", trials=None))
    assert [(trial["parameters"][UNITS], round(trial["parameters"][RATE], 3)) for trial in ended["trials"]] == [
        (4, 0.1), (4, 0.2), (4, 0.3), (8, 0.1), (8, 0.2), (8, 0.3),
    ]  # fmt: skip
