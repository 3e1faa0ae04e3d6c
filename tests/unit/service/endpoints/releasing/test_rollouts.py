import pytest

from models.rollout.rollout_store import RolloutStore
from models.store.store import Store

PATH = "/v1/models/classic/rollout"
PLAN = {"steps": [{"shadow": 100}, {"canary": 5}], "guards": {"agreement": 0.9}, "sticky": "X-User-Id"}
GATE = {"metric": "accuracy", "holds": False, "checks": []}


@pytest.fixture(autouse=True)
def store(publish, registry, store_folder, flip_byte) -> Store:
    """Version 1 is stable, 2 can follow it, the gate of 3 does not hold, 4 is damaged."""
    publish()
    publish(promote=False)
    publish(promote=False, gate=GATE)
    publish(promote=False)
    flip_byte("classic", 4)
    registry.refresh()
    return Store.open(store_folder)


@pytest.fixture
def begun(client):
    """The answer to the beginning of a rollout of version 2."""
    return client.put(PATH, json={"candidate": 2, **PLAN})


def test_a_rollout_begins_and_is_shown(client, begun):
    """With all that its plan says, and what was left out."""
    assert begun.status_code == 200
    shown = client.get(PATH).json
    assert shown == begun.json
    assert (shown["candidate"], shown["baseline"], shown["state"], shown["step"]) == (2, 1, "running", 0)
    assert shown["current"] == {"shadow": 100}
    assert shown["plan"]["guards"] == {
        "error_rate": 0.01,
        "agreement": 0.9,
        "p99_ratio": None,
        "quality": None,
        "drift": None,
    }
    assert (shown["plan"]["hold_s"], shown["plan"]["minimum_rows"], shown["plan"]["on_breach"]) == (60, 500, "rollback")
    assert [event["event"] for event in shown["story"]] == ["begun"]
    assert shown["by"] == "a caller without a key"


@pytest.mark.parametrize(
    ("candidate", "status", "words"),
    [
        (1, 409, "it is the default version already"),
        (3, 409, "not promoted"),
        (4, 409, "version 4 cannot be loaded"),
        (9, 404, "no version 9"),
    ],
)
def test_what_cannot_be_rolled_out_is_refused(client, store, candidate, status, words):
    """In one sentence; nothing is written."""
    answer = client.put(PATH, json={"candidate": candidate, **PLAN})
    assert answer.status_code == status
    assert words.replace("it is", f"version {candidate} is") in answer.json["error"]
    assert RolloutStore(store, "classic").read() is None


@pytest.mark.usefixtures("begun")
def test_there_is_one_at_a_time(client):
    """Of a model."""
    answer = client.put(PATH, json={"candidate": 2, **PLAN})
    assert answer.status_code == 409
    assert "one of version 2 is running: roll it back, promote or delete it first" in answer.json["error"]


def test_every_problem_of_a_plan_is_told(client):
    """With its path."""
    answer = client.put(PATH, json={"steps": [{"canary": 0}], "hold": 3, "guards": {"error_rate": 2}})
    assert answer.status_code == 400
    paths = {one["path"] for one in answer.json["details"]}
    assert paths == {"steps.0.canary", "hold", "guards.error_rate", "candidate"}


@pytest.mark.parametrize(("verb", "state", "stable"), [("promote", "promoted", 2), ("rollback", "rolled_back", 1)])
@pytest.mark.usefixtures("begun")
def test_a_person_ends_it(client, store, verb, state, stable):
    """Either way; it is shown until the next one begins, and goes nowhere any more."""
    answer = client.post(f"{PATH}/{verb}")
    assert (answer.status_code, answer.json["state"]) == (200, state)
    assert store.labels("classic") == {"stable": stable}
    assert client.get(PATH).json == answer.json
    assert client.post(f"{PATH}/pause").status_code == 409
    (record,) = client.get("/v1/models/classic/rollouts").json["rollouts"]
    assert client.get(f"/v1/models/classic/rollouts/{record['id']}").json == answer.json


@pytest.mark.usefixtures("begun")
def test_a_person_pauses_and_resumes_it(client):
    """The step begins again."""
    assert client.post(f"{PATH}/pause").json["state"] == "paused"
    resumed = client.post(f"{PATH}/resume").json
    assert (resumed["state"], resumed["stage"]) == ("running", 2)


@pytest.mark.usefixtures("begun")
def test_deleting_ends_it(client, store):
    """Its record stays."""
    assert client.delete(PATH).status_code == 204
    assert client.get(PATH).status_code == 404
    assert client.get("/v1/models/classic/rollouts").json["rollouts"][0]["state"] == "stopped"
    assert store.labels("classic") == {"stable": 1}


@pytest.mark.parametrize(
    "path", [PATH, "/v1/models/none/rollout", "/v1/models/A%20B/rollout", "/v1/models/classic/rollouts/x"]
)
def test_none_is_a_404(client, path):
    """No rollout, no model, none that could be called so."""
    assert client.get(path).status_code == 404
    if path.endswith("rollout"):
        assert client.delete(path).status_code == client.post(f"{path}/promote").status_code == 404


def test_records_come_in_pages(client):
    """The newest first."""
    for _ in range(3):
        client.put(PATH, json={"candidate": 2, **PLAN})
        client.post(f"{PATH}/rollback")
    everything = client.get("/v1/models/classic/rollouts").json
    first = client.get("/v1/models/classic/rollouts?limit=2").json
    rest = client.get(f"/v1/models/classic/rollouts?limit=2&cursor={first['next']}").json
    assert first["rollouts"] + rest["rollouts"] == everything["rollouts"]
    assert "next" not in rest
    assert "next" not in everything
    assert [one["id"] for one in everything["rollouts"]] == sorted(
        (one["id"] for one in everything["rollouts"]), reverse=True
    )
    assert client.get("/v1/models/classic/rollouts?cursor=x").status_code == 400
