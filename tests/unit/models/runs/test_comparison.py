import base64
from typing import Any

import numpy as np
import pytest

from models.runs.comparison import compare_runs
from models.runs.record import make_record
from models.runs.statistics import mcnemar

ROWS = 300
RNG = np.random.default_rng(5)


def run(number: int, right: Any = None, *, rows: str = "9f", history: Any = None, **spec: Any) -> dict[str, Any]:
    """A finished run; `right` says of each test row whether its class was predicted."""
    right = RNG.random(ROWS) < 0.8 if right is None else right
    share = float(np.mean(right))
    test = {
        "sha256": rows, "rows": ROWS, "right": base64.b64encode(np.packbits(right)).decode(),
        "class_names": ["a", "b"], "confusion": [[150 - number, number], [9, 141]],
        "intervals": {"accuracy": [share - 0.05, share + 0.05]},
    }  # fmt: skip
    facts = {"test": test, "metrics": {"test": {"accuracy": share, "loss": number / 10}}, "data": {"sha256": "d" * 64}}
    job = {"id": f"{number:032x}", "status": "finished", "model": "m", "queue": "train"}
    return make_record(job, {"model": "m", "seed": 1} | spec, facts, first_epoch=1, history=history or {"loss": [1.0]})


def test_only_what_differs_is_said_of_the_specs() -> None:
    """And of the data, where its digest is another one."""
    one, other = run(1, fit={"epochs": 3}), run(2, fit={"epochs": 4})
    other["data"] = {"sha256": "e" * 64}
    assert compare_runs([one, other])["spec"] == [
        {"path": "fit.epochs", "values": [3, 4]},
        {"path": "data.sha256", "values": ["d" * 64, "e" * 64]},
    ]


def test_metrics_stand_beside_each_other_and_the_best_is_marked() -> None:
    """Less is better of a loss; a run without a metric has none."""
    runs = [run(1), run(2), run(3)]
    runs[2]["metrics"] = {"test": {"loss": 0.3}}
    accuracy, loss = compare_runs(runs)["metrics"]
    assert (accuracy["higher_is_better"], loss["higher_is_better"]) == (True, False)
    assert accuracy["values"][2] is None
    assert accuracy["best"][2] is False
    assert loss["best"] == [True, False, False]
    assert loss["intervals"] == [None, None, None]
    assert accuracy["intervals"][0][0] < accuracy["values"][0] < accuracy["intervals"][0][1]


def test_mcnemar_counts_the_rows_that_only_one_is_right_on() -> None:
    """Each pair once, and corrected for their number."""
    rights = [RNG.random(ROWS) < share for share in (0.7, 0.8, 0.9)]
    pairs = compare_runs([run(number, right) for number, right in enumerate(rights)])["mcnemar"]
    assert [pair["runs"] for pair in pairs] == [[f"{i:032x}", f"{j:032x}"] for i, j in ((0, 1), (0, 2), (1, 2))]
    for pair, (i, j) in zip(pairs, ((0, 1), (0, 2), (1, 2)), strict=True):
        only_first = int((rights[i] & ~rights[j]).sum())
        only_second = int((rights[j] & ~rights[i]).sum())
        assert (pair["only_first"], pair["only_second"]) == (only_first, only_second)
        assert pair["both"] == int((rights[i] & rights[j]).sum())
        assert pair["p_value"] == mcnemar(only_first, only_second) <= pair["p_value_holm"]


def test_runs_of_other_test_rows_are_not_tested_against_each_other() -> None:
    """A digest says which rows were held out; without one nothing is known."""
    runs = [run(1), run(2, rows="other"), run(3)]
    found = compare_runs(runs)
    assert found["test_rows"]["same"] is False
    assert [pair["runs"] for pair in found["mcnemar"]] == [[runs[0]["id"], runs[2]["id"]]]
    assert [one["runs"] for one in found["confusion"]] == [[runs[0]["id"], runs[2]["id"]]]
    del runs[0]["test"]
    assert compare_runs(runs[::2])["mcnemar"] == []


def test_the_confusion_tells_where_it_changed() -> None:
    """The cells that differ, the largest difference first."""
    found = compare_runs([run(1), run(5)])["confusion"]
    assert found[0]["cells"] == [
        {"true": "a", "predicted": "a", "before": 149, "after": 145},
        {"true": "a", "predicted": "b", "before": 1, "after": 5},
    ]


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    """200 points; a run without the metric has no curve."""
    long = run(1, history={"loss": [float(epoch) for epoch in range(1000)]})
    (curve,) = compare_runs([long | {"first_epoch": 5}, run(2, history={"other": [1.0]}) | {"history": {}}])["curves"]
    drawn, missing = curve["runs"]
    assert (curve["name"], missing, len(drawn["epochs"])) == ("loss", None, 200)
    assert (drawn["epochs"][0], drawn["epochs"][-1], drawn["values"][-1]) == (5, 1004, 999.0)


@pytest.mark.parametrize(
    "spoiled",
    [7, {}, {"rows": "x"}, {"confusion": [[1]]}, {"confusion": [[1, "x"], [1, 2]]}, {"confusion": 7},
     {"right": "!"}, {"right": 7}, {"right": "AAAA"}, {"class_names": 7}, {"intervals": []}],
)  # fmt: skip
def test_a_spoiled_field_counts_as_none(spoiled: Any) -> None:
    """It harms no comparison with others."""
    one, other = run(1), run(2)
    one["test"] = one["test"] | spoiled if isinstance(spoiled, dict) and spoiled else spoiled
    found = compare_runs([one, other])
    assert found["mcnemar"] == [] or found["confusion"] == []
