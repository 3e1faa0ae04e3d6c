import os
import re
import shutil

import pytest

from models.errors import LabelNotFound, ModelNotFound, StoreUnavailable, VersionNotFound
from models.store.store import Store
from service.errors import VersionNotLoaded
from service.registry import verified_loading
from service.registry.coordination import planner
from service.registry.coordination.committed_state import Report
from service.registry.coordination.coordinator import REPORTS, Coordinator
from service.registry.loaded_models import LoadedModels
from service.registry.memory_budget import PEAK_BYTES, Budget, Memory
from service.registry.registry import Registry


def test_before_the_first_look_nothing_is_known(registry) -> None:
    """Not even that a model does not exist."""
    assert not registry.snapshot.is_complete
    with pytest.raises(VersionNotLoaded, match="waits for the first look at the store"):
        registry.find("classic")


def test_what_is_published_is_found(registry, publish) -> None:
    """By default, by number, by label."""
    publish()
    publish("classic", "classic-b", promote=False)
    registry.refresh()
    assert registry.snapshot.is_complete
    assert registry.find("classic").version == 1
    assert registry.find("classic", version=2).version == 2
    assert registry.find("classic", label="stable").version == 1
    assert registry.find("classic", label="latest").version == 2


def test_what_does_not_exist_is_not_found(registry, publish) -> None:
    """Model, version, label: each in its own words."""
    publish()
    registry.refresh()
    with pytest.raises(ModelNotFound):
        registry.find("other")
    with pytest.raises(VersionNotFound):
        registry.find("classic", version=7)
    with pytest.raises(LabelNotFound):
        registry.find("classic", label="canary")


def test_an_empty_store_is_complete(registry) -> None:
    """There is nothing to wait for."""
    registry.refresh()
    assert registry.snapshot.is_complete


def test_a_look_that_finds_nothing_new_costs_each_model_the_same(registry, publish, monkeypatch) -> None:
    """What all models have is put together as often for many as for one."""
    counted = []
    monkeypatch.setattr(LoadedModels, "loaded", property(lambda self: (counted.append(1), _loaded(self))[1]))

    def refresh() -> int:
        counted.clear()
        registry.refresh()
        return len(counted)

    publish("model-0")
    registry.refresh()
    of_one = refresh()
    for number in range(1, 20):
        publish(f"model-{number}")
    registry.refresh()
    assert len(registry.snapshot.models) == 20
    assert refresh() == of_one > 0


_loaded = LoadedModels.loaded.fget


def test_a_snapshot_never_changes(registry, publish) -> None:
    """A request that holds one sees one world."""
    publish()
    registry.refresh()
    before = registry.snapshot
    publish()
    registry.refresh()
    assert before.models["classic"].default_version == 1
    assert registry.snapshot.models["classic"].default_version == 2


def test_a_moved_label_is_followed(registry, publish, store_folder) -> None:
    """Also when nothing else changed."""
    publish()
    publish(promote=False)
    registry.refresh()
    Store.open(store_folder).set_label("classic", "stable", 2)
    registry.refresh()
    assert registry.find("classic").version == 2


def test_one_flipped_byte_takes_a_version_out(registry, publish, flip_byte) -> None:
    """Whether it was loaded before or not; the previous version answers and the status says why."""
    publish()
    publish("classic", "classic-b")
    registry.refresh()
    assert registry.find("classic").version == 2
    flip_byte("classic", 2)
    registry.refresh()
    assert registry.find("classic").version == 1
    with pytest.raises(VersionNotLoaded, match=r"model\.onnx of version 2"):
        registry.find("classic", version=2)


def test_one_broken_model_does_not_hold_up_another(registry, publish, flip_byte) -> None:
    """The service is ready with what it has."""
    publish("broken")
    publish("classic")
    flip_byte("broken", 1)
    registry.refresh()
    assert registry.snapshot.is_complete
    assert registry.find("classic").version == 1
    with pytest.raises(VersionNotLoaded, match=r"model 'broken' is not loaded: model.onnx of version 1"):
        registry.find("broken")


def test_an_old_version_is_loaded_on_demand(registry, publish) -> None:
    """The first to name it waits for a moment; then it answers."""
    for _ in range(3):
        publish()
    registry.refresh()
    with pytest.raises(VersionNotLoaded):
        registry.find("classic", version=1)
    registry.refresh()
    assert registry.find("classic", version=1).version == 1


def test_a_version_on_demand_goes_when_nobody_asks(publish, store_folder) -> None:
    """Memory is not filled by curiosity."""
    now_s = [0.0]
    registry = Registry(lambda: Store.open(store_folder), keep_versions=1, clock=lambda: now_s[0])
    publish()
    publish()
    registry.refresh()
    with pytest.raises(VersionNotLoaded):
        registry.find("classic", version=1)
    registry.refresh()
    assert registry.find("classic", version=1)
    now_s[0] = planner.IDLE_S + 1
    registry.refresh()
    with pytest.raises(VersionNotLoaded):
        registry.find("classic", version=1)


def test_only_so_many_are_loaded_on_demand(registry, publish) -> None:
    """Those that were named last."""
    for _ in range(8):
        publish()
    registry.refresh()
    for version in range(1, 7):
        with pytest.raises(VersionNotLoaded):
            registry.find("classic", version=version)
    registry.refresh()
    versions = registry.snapshot.model("classic").versions.values()
    assert [one.version for one in versions if one.predictor] == [3, 4, 5, 6, 7, 8]


def test_a_store_that_goes_away_takes_nothing_away(registry, publish, store_folder) -> None:
    """Its folder is gone, or it is empty where it was not: both look like a lost mount."""
    publish()
    registry.refresh()
    shutil.move(store_folder, f"{store_folder}-away")
    registry.refresh()
    assert registry.find("classic").version == 1
    assert registry.coordinator.desired_state().store_error
    store_folder.mkdir()
    registry.refresh()
    assert registry.find("classic").version == 1
    assert "empty" in registry.coordinator.desired_state().store_error
    store_folder.rmdir()
    shutil.move(f"{store_folder}-away", store_folder)
    publish()
    registry.refresh()
    assert registry.find("classic").version == 2
    assert registry.coordinator.desired_state().store_error == ""


def test_a_store_that_never_answered_is_waited_for() -> None:
    """The service is not ready, and says what it waits for."""

    def no_store() -> Store:
        raise StoreUnavailable("connection refused")

    registry = Registry(no_store, keep_versions=2)
    registry.refresh()
    assert not registry.snapshot.is_complete
    assert "the store does not answer" in registry.snapshot.waiting_for


def test_labels_that_cannot_be_read_stay_as_they_were(registry, publish, store_folder) -> None:
    """A file that was damaged by hand."""
    publish()
    publish(promote=False)
    registry.refresh()
    (store_folder / "classic" / "labels.json").write_text("{")
    registry.refresh()
    assert registry.find("classic").version == 1


def test_a_store_none_of_whose_versions_is_loaded_is_not_ready(registry, publish, flip_byte) -> None:
    """It says how many there are and why; one that answers is enough, and what was ready stays so."""
    publish("broken")
    flip_byte("broken", 1)
    registry.refresh()
    assert re.search("none of 1 versions is loaded: .*model.onnx of version 1", registry.why_not_ready)
    publish("classic")
    registry.refresh()
    assert registry.why_not_ready is None
    flip_byte("classic", 1)
    registry.refresh()
    assert registry.why_not_ready is None


def test_a_store_that_fails_for_a_moment_while_versions_are_loaded_is_asked_again(
    publish, store_folder, monkeypatch
) -> None:
    """It is not ready without the version; when the store never gives it, it is, a little later."""
    now_s, failing = [0.0], {"classic", "never"}
    load_version = verified_loading.load_version

    def load(store: Store, model: str, version: int) -> object:
        if model in failing:
            raise StoreUnavailable("connection reset")
        return load_version(store, model, version)

    monkeypatch.setattr(verified_loading, "load_version", load)
    for name in ("classic", "never", "other"):
        publish(name)
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2, clock=lambda: now_s[0])
    registry.refresh()
    assert "waiting for" in registry.why_not_ready
    failing.remove("classic")
    for now_s[0] in (1.0, 3.0):
        assert registry.why_not_ready is not None
        registry.refresh()
    assert registry.why_not_ready is None
    assert registry.find("classic").version == 1


class Shared(Coordinator):
    """Of this process and another one, whose report a test writes."""

    other = Report()

    def reports(self) -> list[Report]:
        """Its own, and that of the other one."""
        return [*super().reports(), self.other]

    def tell(self, report: Report) -> None:
        """What the other one reports from now on; a report that is written is counted."""
        self.other = report
        self._numbers[REPORTS] += 1


def test_it_is_ready_when_every_process_serves(publish, store_folder) -> None:
    """A request goes to any that accepts; one that takes the place of another accepts only when it serves."""
    publish()
    coordinator = Shared()
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2, coordinator=coordinator)
    registry.refresh()
    assert registry.why_not_ready == "waiting for the other processes of the service to load the same"
    coordinator.tell(Report({"classic": frozenset({1})}, is_serving=True))
    registry.refresh()
    assert registry.why_not_ready is None
    coordinator.tell(Report())
    registry.refresh()
    assert registry.why_not_ready is None
    assert registry.find("classic").version == 1


def test_a_model_that_is_missing_is_kept_until_it_is_missing_again_later(publish, store_folder) -> None:
    """A store that comes back with fewer models is being restored, or it is not."""
    now_s = [0.0]
    registry = Registry(lambda: Store.open(store_folder), keep_versions=1, full_look_s=1, clock=lambda: now_s[0])
    for name in ("classic", "other"):
        publish(name)
    registry.refresh()
    (store_folder / "classic").rename(store_folder.with_name("classic"))
    for now_s[0] in (1.0, 10.9):
        registry.refresh()
        assert registry.find("classic", label="stable").version == 1
    now_s[0] = 11.0
    registry.refresh()
    with pytest.raises(ModelNotFound):
        registry.find("classic")


class Scarce(Memory):
    """Room for so many peaks, whatever is loaded."""

    def budget(self, *, processes: int) -> Budget:
        """The same for any number of processes."""
        del processes
        return Budget(self.limit_bytes * PEAK_BYTES)


def test_many_versions_are_loaded_where_the_peak_of_a_few_fits(publish, store_folder) -> None:
    """One after the other, and it is not ready before."""
    for number in range(5):
        publish(f"model-{number}")
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2, memory=Scarce(2.5))
    registry.refresh()
    assert registry.why_not_ready is None
    assert registry.snapshot.describe() == {"models": 5, "loaded_versions": 5}


def test_what_memory_does_not_suffice_for_is_named_and_the_others_are_ready(publish, store_folder, monkeypatch) -> None:
    """In the snapshot, and in one line of the log."""
    publish("classic")
    publish("large")
    os.truncate(store_folder / "large" / "1" / "model.onnx", PEAK_BYTES)
    lines = capture_warnings(monkeypatch, planner)
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2, memory=Scarce(2.5))
    registry.refresh()
    assert registry.why_not_ready is None
    assert list(registry.snapshot.refused) == [("large", 1)]
    assert [(event, line["versions"]) for event, line in lines] == [("versions refused", ["large/1"])]


def capture_warnings(monkeypatch, module) -> list[tuple[str, dict[str, object]]]:
    """What a module warns of from now on."""
    lines: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(module.log, "warning", lambda event, **line: lines.append((event, line)), raising=False)
    return lines


def test_a_label_whose_version_cannot_be_loaded_is_named(registry, publish, store_folder, flip_byte) -> None:
    """Also one whose version is not there; not one whose version answers."""
    publish("classic")
    publish("classic", "classic-b")
    store = Store.open(store_folder)
    store.set_label("classic", "canary", 1)
    flip_byte("classic", 2)
    registry.refresh()
    assert registry.snapshot.unserved_labels == [("classic", "stable")]
    shutil.rmtree(store_folder / "classic" / "1")
    registry.refresh()
    assert registry.snapshot.unserved_labels == [("classic", "canary"), ("classic", "stable")]


def test_an_unforeseen_error_in_one_version_stops_nothing(registry, publish, monkeypatch) -> None:
    """It is that version's reason, without anything of the inside."""
    publish("broken")
    publish("classic")
    load_version = verified_loading.load_version

    def load(store: Store, model: str, version: int) -> object:
        if model == "broken":
            raise MemoryError("secret")
        return load_version(store, model, version)

    monkeypatch.setattr(verified_loading, "load_version", load)
    registry.refresh()
    assert registry.find("classic").version == 1
    with pytest.raises(VersionNotLoaded, match="MemoryError") as raised:
        registry.find("broken")
    assert "secret" not in str(raised.value)


def test_a_model_that_is_gone_is_gone(registry, publish, store_folder) -> None:
    """Others are still there, so this was no outage."""
    publish("classic")
    publish("digits", "digits")
    registry.refresh()
    shutil.rmtree(store_folder / "classic")
    registry.refresh()
    with pytest.raises(ModelNotFound):
        registry.find("classic")


def test_a_look_that_finds_nothing_new_plans_and_loads_nothing(store_folder, publish, monkeypatch, clock) -> None:
    """But for a review now and then, and the next try of what failed."""
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2, clock=clock)
    publish()
    registry.refresh()
    rounds: list[float] = []
    reconcile = Registry._reconcile
    monkeypatch.setattr(
        Registry, "_reconcile", lambda self, **kwargs: (rounds.append(clock.now_s), reconcile(self, **kwargs))
    )
    for second in range(1, 12):
        clock.now_s = second
        registry.refresh()
    assert set(rounds) == {5.0, 10.0}
    publish()
    registry.refresh()
    assert registry.find("classic").version == 2
    assert set(rounds) == {5.0, 10.0, 11.0}


def test_a_version_that_failed_is_tried_again_in_time(store_folder, publish, monkeypatch, clock) -> None:
    """After one second, two, four: not only with the reviews."""
    tries = []
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2, clock=clock)
    publish()

    def load(*_: object) -> object:
        tries.append(clock.now_s)
        raise StoreUnavailable("away")

    monkeypatch.setattr(verified_loading, "load_version", load)
    while clock.now_s < 8:
        registry.refresh()
        clock.now_s += 0.5
    assert tries == [0.0, 1.0, 3.0, 7.0]


def test_the_store_is_seen_or_not(registry, publish, store_folder) -> None:
    """As the last look at it says."""
    assert not registry.sees_store
    publish()
    registry.refresh()
    assert registry.sees_store
    store_folder.rename(f"{store_folder}-away")
    registry.refresh()
    assert not registry.sees_store


def test_what_requests_wait_for_is_loaded_first_and_answers_while_others_are_being_loaded(
    registry, publish, monkeypatch
) -> None:
    """A service of a thousand models is of use long before it has all of them."""
    names = [f"model-{number}" for number in range(5)]
    for name in names:
        publish(name)
    monkeypatch.setattr("service.registry.registry.COMMIT_S", 0.0)
    order, answered = [], []
    load_version = verified_loading.load_version

    def load(store: Store, model: str, version: int) -> object:
        order.append(model)
        for name in names:
            try:
                answered.append((len(order), registry.find(name).manifest.model))
            except VersionNotLoaded:
                if name != "model-3":
                    registry._waited_for.discard(name)
        return load_version(store, model, version)

    monkeypatch.setattr(verified_loading, "load_version", load)
    registry.refresh()
    assert order == ["model-0", "model-3", "model-1", "model-2", "model-4"]
    assert (2, "model-0") in answered
    assert (3, "model-3") in answered


def test_what_requests_see_is_put_together_anew_where_it_changed(registry, publish) -> None:
    """Of a thousand models, one publish changes one."""
    publish("first")
    publish("second")
    registry.refresh()
    before = registry.snapshot
    publish("second")
    registry.refresh()
    after = registry.snapshot
    assert after.models["first"] is before.models["first"]
    assert after.models["second"] is not before.models["second"]
