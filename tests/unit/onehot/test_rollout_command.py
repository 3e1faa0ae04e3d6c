import json

import pytest

from models.rollout.decision import decided, decision
from models.rollout.figures import RolloutFigures, SideFigures
from models.rollout.rollout import PROMOTED, ROLLED_BACK, begun
from models.rollout.shown_rollout import rollout_document
from models.spec.rollout.rollout_plan import read_plan
from onehot.releasing import following_rollout

PATH = "/v1/models/iris/rollout"
AT = "2026-01-01T00:00:00.000+00:00"
PLAN = read_plan({"steps": [{"shadow": 100}, {"canary": 5}], "hold_s": 0, "minimum_rows": 1})
NEW = begun("iris", 2, PLAN, baseline=1, by="a test", now=AT)
WELL = RolloutFigures(3.0, SideFigures(requests=900, rows=900), SideFigures(requests=800, rows=800))
MOVED = decided(NEW, decision(NEW, WELL), now=AT)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(following_rollout, "LOOK_S", 0.0)


def sent(stand_in):
    return json.loads(next(body for method, _, _, body in stand_in.received if method == "PUT"))


def test_a_rollout_is_started_with_the_usual_steps(against, stand_in):
    """And says what comes next."""
    stand_in.on("PUT", PATH, (200, rollout_document(NEW)))
    result = against("rollout", "start", "iris", "2")
    assert result.exit_code == 0, result.output
    assert sent(stand_in) == {
        "candidate": 2, "steps": [{"shadow": 100}, {"canary": 5}, {"canary": 25}, {"canary": 100}],
    }  # fmt: skip
    assert "Next: onehot rollout follow iris" in result.stdout


def test_a_plan_comes_from_a_file_and_from_options(against, stand_in, tmp_path):
    """Options win; what the file says else stays."""
    (tmp_path / "plan.yaml").write_text("steps: [{canary: 50}]\nhold_s: 9\nguards: {agreement: 0.9}\nsticky: X-Who\n")
    stand_in.on("PUT", PATH, (200, rollout_document(NEW)))
    options = ("--shadow", "10", "--canary", "1", "--canary", "100", "--hold", "30", "--guard", "p99_ratio=2")
    assert against("rollout", "start", "iris", "2", "--plan", "plan.yaml", *options, "--json").exit_code == 0
    assert sent(stand_in) == {
        "candidate": 2, "steps": [{"shadow": 10.0}, {"canary": 1.0}, {"canary": 100.0}], "hold_s": 30.0,
        "guards": {"agreement": 0.9, "p99_ratio": 2.0}, "sticky": "X-Who",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--guard", "speed=3"), "expected NAME=LIMIT with one of error_rate, p99_ratio"),
        (("--canary", "5", "--canary", "5"), "steps.1.canary: expected more than the 5 of the step before"),
        (("--plan", "none.yaml"), "none.yaml: No such file"),
    ],
)
def test_a_wrong_plan_is_wrong_usage(against, stand_in, arguments, words):
    """Nothing is sent."""
    result = against("rollout", "start", "iris", "2", *arguments)
    assert result.exit_code == 2
    assert words in result.output
    assert stand_in.received == []


def test_a_rollout_is_shown(against, stand_in):
    """Its step, the figures of both versions, the guards, the story."""
    stand_in.on("GET", PATH, (200, rollout_document(MOVED, WELL, frozen="the queue is away")))
    result = against("rollout", "show", "iris")
    assert result.exit_code == 0, result.output
    for words in (
        "step       2 of 2: canary 5 %",
        "frozen     the queue is away",
        "candidate       800",
        "error_rate",
        "kept",
    ):
        assert words in result.stdout
    assert "2026-01-01T00:00:00  step        canary 5 %: 800 rows in 3 s at shadow 100 %" in result.stdout
    shown = json.loads(against("rollout", "show", "iris", "--json").stdout)
    assert (shown["id"], shown["waits_for"]) == (NEW.id, "800 rows in 3 s at canary 5 %, no guard breached")


@pytest.mark.parametrize(("state", "status"), [(PROMOTED, 0), (ROLLED_BACK, 1)])
def test_a_rollout_is_followed_to_its_end(against, stand_in, state, status):
    """Each event once; the exit status says whether the version was promoted."""
    ended = MOVED.moved(state, "error_rate: 9 % failed", now=AT)
    stand_in.on("GET", PATH, *((200, rollout_document(one)) for one in (NEW, MOVED, MOVED, ended)))
    result = against("rollout", "follow", "iris")
    assert result.exit_code == status, result.output
    lines = [line.split()[1] for line in result.stdout.splitlines()]
    assert lines == ["begun", "step", state]
    reason = "version 2 of iris was not promoted: rolled back, error_rate: 9 % failed"
    assert (reason in result.output) == (status == 1)


def test_a_followed_rollout_that_was_taken_away_is_told_by_its_record(against, stand_in):
    """Another one may have begun meanwhile."""
    stopped = NEW.moved("stopped", "stopped by key anna", now=AT)
    stand_in.on("GET", PATH, (200, rollout_document(NEW)), (404, {"error": "no rollout"}))
    stand_in.on("GET", f"/v1/models/iris/rollouts/{NEW.id}", (200, rollout_document(stopped)))
    result = against("rollout", "follow", "iris", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["state"] == "stopped"


@pytest.mark.parametrize("verb", ["promote", "rollback", "pause", "resume"])
def test_a_person_steers_it(against, stand_in, verb):
    """One request, one sentence."""
    stand_in.on("POST", f"{PATH}/{verb}", (200, rollout_document(NEW.moved("paused", "paused by key anna", now=AT))))
    result = against("rollout", verb, "iris")
    assert (result.exit_code, result.stdout) == (0, "version 2 of iris: paused, paused by key anna\n")


def test_records_are_listed(against, stand_in):
    """Those that have ended."""
    ended = rollout_document(MOVED.moved(PROMOTED, "all well", now=AT))
    stand_in.on("GET", "/v1/models/iris/rollouts", (200, {"rollouts": [ended]}))
    result = against("rollout", "list", "iris")
    assert result.exit_code == 0, result.output
    assert "promoted" in result.stdout
