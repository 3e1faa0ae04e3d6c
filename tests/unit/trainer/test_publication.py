from dataclasses import replace

import pytest

from models.rollout.rollout import RUNNING
from models.rollout.rollout_course import rolled_back
from models.rollout.rollout_store import RolloutStore
from models.spec.rollout.rollout_plan import read_plan
from models.store.store import Store
from trainer.publication import Candidate, publish

PLAN = read_plan({"steps": [{"shadow": 100}, {"canary": 100}]})
FAILED = {"metric": "accuracy", "holds": False, "checks": []}


@pytest.fixture
def store(store_folder) -> Store:
    return Store.open(store_folder)


@pytest.fixture
def published(store, draft_of):
    """Publishes a version as a training does, whose spec has a `rollout`; gives its number."""

    def made(job_id, rollout=PLAN, **changes) -> int:
        manifest, files = draft_of(**changes)
        return publish(
            Candidate(replace(manifest, job_id=""), files), store=store, job_id=job_id, rollout=rollout
        ).version

    return made


def test_a_version_is_rolled_out_instead_of_promoted(store, published):
    """The first one has nothing to be compared with, and is `stable` at once."""
    assert published("a") == 1
    assert (store.labels("classic"), RolloutStore(store, "classic").read()) == ({"stable": 1}, None)
    assert published("b") == 2
    found = RolloutStore(store, "classic").read()
    assert (found.candidate, found.baseline, found.state, found.by) == (2, 1, RUNNING, "job b")
    assert found.plan == PLAN
    assert store.labels("classic") == {"stable": 1}


def test_a_job_that_publishes_again_begins_no_second_rollout(store, published):
    """Its worker died before it could say so; also after the rollout has ended."""
    published("a")
    assert published("b") == published("b") == 2
    first = RolloutStore(store, "classic").read()
    rolled_back(store, "classic", by="anna")
    assert published("b") == 2
    assert RolloutStore(store, "classic").read().id == first.id
    assert store.labels("classic") == {"stable": 1}


def test_a_version_waits_where_another_one_is_rolled_out(store, published):
    """It is published, and is not promoted past the one under way."""
    published("a")
    published("b")
    assert published("c") == 3
    assert RolloutStore(store, "classic").read().candidate == 2
    assert store.labels("classic") == {"stable": 1}


def test_a_version_whose_gate_does_not_hold_is_not_rolled_out(store, published):
    """As it would not be promoted; one without `rollout` is promoted as ever."""
    published("a")
    published("b", gate=FAILED)
    assert RolloutStore(store, "classic").read() is None
    published("c", rollout=None)
    assert store.labels("classic") == {"stable": 3}
