"""How a process follows the document of a rollout: what it loads, and where requests go."""

from datetime import UTC, datetime

import pytest

from models.rollout.rollout import PAUSED, PROMOTED, PROMOTING, ROLLED_BACK
from service.registry.coordination.traffic_split import SWITCH_S, SwitchClock

NOW = datetime.now(UTC).isoformat()
ROW = {"instances": [[0.5] * 8]}


def version_of(client, **headers) -> str:
    """The version that answers who names none."""
    answer = client.post("/v1/models/classic:predict", json=ROW, headers=headers)
    assert answer.status_code == 200, answer.json
    return answer.headers["X-Onehot-Model-Version"]


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_both_sides_are_loaded_and_stay_so(registry, publish, begin) -> None:
    """However many newer versions there are."""
    begin({"canary": 50})
    for _ in range(3):
        publish(promote=False)
    registry.refresh()
    split = registry.snapshot.splits["classic"]
    assert (split.baseline, split.candidate, split.canary) == (1, 2, 0.5)
    assert registry.loaded_versions >= {("classic", 1), ("classic", 2)}


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_the_candidate_answers_its_share_until_the_rollout_ends(client, registry, begin, change) -> None:
    """Only requests that name neither version nor label; a rolled back one answers none."""
    begin({"canary": 100})
    registry.refresh()
    assert version_of(client) == "2"
    assert client.post("/v1/models/classic/labels/stable:predict", json=ROW).headers["X-Onehot-Model-Version"] == "1"
    change(lambda rollout: rollout.moved(PAUSED, "", now=NOW))
    registry.refresh()
    assert version_of(client) == "2"
    change(lambda rollout: rollout.moved(ROLLED_BACK, "", now=NOW))
    registry.refresh()
    assert version_of(client) == "1"


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_labels_are_read_after_the_rollout_that_moved_them(client, registry, store, begin, change, monkeypatch) -> None:
    """A listing may have seen the labels before they were moved, and the rollout after: no caller goes back."""
    begin({"canary": 100})
    registry.refresh()
    from service.registry import store_watch

    listed = store_watch.observe_store

    def listed_between(*arguments, **options):
        found = listed(*arguments, **options)
        if store.labels("classic")["stable"] == 1:
            change(lambda rollout: rollout.moved(PROMOTING, "", now=NOW))
            store.set_label("classic", "stable", 2)
            change(lambda rollout: rollout.moved(PROMOTED, "", now=NOW))
        return found

    monkeypatch.setattr(store_watch, "observe_store", listed_between)
    for _ in range(3):
        registry.refresh()
        assert version_of(client) == "2"
    assert registry.snapshot.splits == {}


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_a_default_version_that_is_moved_by_hand_ends_the_split(client, registry, store, publish, begin) -> None:
    """At the same instant: all callers get the version that was chosen."""
    begin({"canary": 100})
    publish(promote=False)
    registry.refresh()
    store.set_label("classic", "stable", 3)
    registry.refresh()
    assert version_of(client) == "3"
    assert registry.snapshot.splits == {}


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_a_candidate_that_breaks_answers_no_caller(client, registry, store_folder, begin) -> None:
    """The default version answers in its place: no request fails."""
    begin({"canary": 100})
    registry.refresh()
    path = store_folder / "classic" / "2" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    registry.refresh()
    assert version_of(client) == "1"


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_a_rollout_that_cannot_be_read_stays_as_it_was(client, registry, store_folder, begin) -> None:
    """Until it is written again."""
    begin({"canary": 100})
    registry.refresh()
    (store_folder / "classic" / "rollout.json").write_text("{")
    registry.refresh()
    assert version_of(client) == "2"


@pytest.mark.usefixtures("two_versions", "begun_long_ago")
def test_a_store_that_goes_away_between_a_listing_and_its_documents(
    client, registry, store_folder, begin, monkeypatch
) -> None:
    """The rollout and the labels that were listed are read when it is back, rather than taken for none."""
    registry.refresh()
    begin({"canary": 100})
    from service.registry import store_watch

    listed = store_watch.observe_store

    def listed_at_last(*arguments, **options):
        found = listed(*arguments, **options)
        store_folder.rename(store_folder.with_suffix(".away"))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store_watch, "observe_store", listed_at_last)
        registry.refresh()
    assert version_of(client) == "1"
    registry.refresh()
    assert not store_folder.exists()
    store_folder.with_suffix(".away").rename(store_folder)
    registry.refresh()
    assert version_of(client) == "2"


@pytest.mark.usefixtures("two_versions")
def test_a_step_begins_a_moment_after_its_decision_in_all_services(begin, change, clock) -> None:
    """By the clock of the queue's server, whatever this machine's says; and never much later."""
    decided = datetime(2026, 1, 1, tzinfo=UTC)
    begin({"canary": 5}, {"canary": 25})
    rollout = change(lambda one: one.advanced({}, "", reference=one.reference, now=decided.isoformat()))
    switch = SwitchClock(clock, offset_s=100.0, wall_clock=lambda: decided.timestamp() - 99.5)
    split = switch.split_of(rollout)
    assert (split.canary_before, split.canary, split.from_s) == (0.05, 0.25, pytest.approx(SWITCH_S - 0.5))
    behind = SwitchClock(clock, wall_clock=lambda: decided.timestamp() - 3600)
    assert behind.split_of(rollout).from_s == SWITCH_S
