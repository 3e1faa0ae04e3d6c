import json
import os
import shutil
from collections import Counter
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore
from structlog.testing import capture_logs

from models.errors import StoreUnavailable
from models.store.label_moves import roll_back
from models.store.store import Store
from service.registry import store_listing
from service.registry.store_listing import observe_store
from service.registry.store_watch import StoreWatch


def test_published_versions_are_found_in_one_look(publish, store_folder) -> None:
    """Models, their versions ascending, and whether there are labels."""
    for _ in range(11):
        publish("classic")
    publish("digits", "digits", promote=False)
    observed = observe_store(Store.open(store_folder))
    assert list(observed) == ["classic", "digits"]
    assert list(observed["classic"].versions) == list(range(1, 12))
    assert observed["classic"].labels_tag
    assert observed["digits"].labels_tag == ""


def test_a_folder_without_a_manifest_is_no_version(publish, store_folder) -> None:
    """Half of a publish is not seen."""
    publish()
    publish()
    (store_folder / "classic" / "2" / "manifest.json").unlink()
    assert list(observe_store(Store.open(store_folder))["classic"].versions) == [1]


def test_other_names_are_passed_over(publish, store_folder) -> None:
    """Foreign files, folders that are no number, names that are no model."""
    publish()
    for path in ("classic/01", "classic/x", "classic/1/sub", "Bad Name/1", "lone"):
        (store_folder / path).mkdir(parents=True)
        (store_folder / path / "manifest.json").write_text("{}")
    observed = observe_store(Store.open(store_folder))
    assert {name: list(one.versions) for name, one in observed.items()} == {"classic": [1]}


def test_a_written_file_changes_its_versions_tag_only(publish, store_folder, flip_byte) -> None:
    """That is how a change after publishing is noticed."""
    publish()
    publish()
    before = observe_store(Store.open(store_folder))["classic"].versions
    flip_byte("classic", 2)
    after = observe_store(Store.open(store_folder))["classic"].versions
    assert before[1] == after[1]
    assert before[2] != after[2]


def test_a_folder_that_is_gone_is_no_empty_store(publish, store_folder) -> None:
    """A mount that went away must not unload everything."""
    publish()
    store = Store.open(store_folder)
    shutil.rmtree(store_folder)
    with pytest.raises(StoreUnavailable):
        observe_store(store)


def _link_in_a_circle(folder: Path) -> None:
    (folder / "circle").symlink_to("circle")


def _folder_that_is_no_text(folder: Path) -> None:
    strange = folder / os.fsdecode(b"\xff")
    strange.mkdir()
    (strange / "x").symlink_to("x")


def _folder_in_a_circle(folder: Path) -> None:
    (folder / "lost+found").mkdir()
    (folder / "lost+found" / "circle").symlink_to("circle")


@pytest.mark.parametrize("put", [_link_in_a_circle, _folder_that_is_no_text, _folder_in_a_circle])
def test_what_else_lies_in_the_folder_is_not_looked_into(publish, store_folder, put) -> None:
    """A volume has a `lost+found` that may not be read: it must not keep the models from being served."""
    publish()
    put(store_folder)
    store = Store.open(store_folder)
    assert list(observe_store(store)) == ["classic"]
    assert list(StoreWatch(store, full_every_s=0).look()) == ["classic"]


def test_a_hint_that_cannot_be_read_is_done_without(publish, store_folder, clock) -> None:
    """Each look is a full one then."""
    publish()
    hint = store_folder / "changes.json"
    hint.unlink()
    hint.symlink_to(hint)
    watch = StoreWatch(Store.open(store_folder), full_every_s=3600, clock=clock)
    assert list(watch.look()["classic"].versions) == [1]
    publish()
    assert list(watch.look()["classic"].versions) == [1, 2]


class Operations:
    """Counts what is asked of the store, by the functions of obstore that ask."""

    def __init__(self, monkeypatch) -> None:
        self.counts: Counter[str] = Counter()
        for name in ("get", "head", "list", "list_with_delimiter", "put"):
            monkeypatch.setattr(obstore, name, self._counting(name, getattr(obstore, name)))
        # A folder is listed without obstore.
        monkeypatch.setattr(store_listing, "_observe_model", self._counting("list", store_listing._observe_model))

    def _counting(self, name, call):
        def counted(*args, **kwargs):
            self.counts[name] += 1
            return call(*args, **kwargs)

        return counted

    def of(self, work) -> dict[str, int]:
        """What some work costs."""
        self.counts.clear()
        work()
        return dict(self.counts)


@pytest.mark.parametrize("versions", [1, 100])
@pytest.mark.parametrize("models", [1, 5])
def test_a_look_is_one_small_request_whatever_there_is(
    any_store, draft_of, monkeypatch, clock, versions, models
) -> None:
    """One conditional request, with 1 and with 100 versions, with 1 and with 5 models; a full look lists no more."""
    for model in range(models):
        for _ in range(versions if model == 0 else 1):
            any_store.publish(*draft_of(f"model-{model}"))
    watch = StoreWatch(any_store, full_every_s=10, clock=clock)
    operations = Operations(monkeypatch)
    full = {"get": 1, "list": 1 if any_store.folder is None else models}
    assert operations.of(watch.look) == full
    for _ in range(9):
        clock.now_s += 1
        assert operations.of(watch.look) == {"get": 1}
    clock.now_s += 1
    assert operations.of(watch.look) == full


def test_what_is_published_is_seen_at_the_next_look(any_store, draft_of, monkeypatch, clock) -> None:
    """Only the model that changed is listed; a moved label too, a deleted one too."""
    first = any_store.publish(*draft_of("first"))
    any_store.publish(*draft_of("second"))
    watch = StoreWatch(any_store, full_every_s=1e6, clock=clock)
    before = dict(watch.look())
    any_store.publish(*draft_of("second"), promote=False)
    operations = Operations(monkeypatch)
    assert operations.of(watch.look) == {"get": 1, "list": 1}
    after = dict(watch.look())
    assert list(after["second"].versions) == [1, 2]
    assert after["first"] is before["first"]
    tags = [after["second"].labels_tag]
    for change in (
        lambda: any_store.set_label("second", "canary", 2),
        lambda: any_store.delete_label("second", "canary"),
        lambda: any_store.set_label("second", "stable", 2),
        lambda: roll_back(any_store, "second", by="a test"),
    ):
        change()
        tags.append(watch.look()["second"].labels_tag)
    assert len(set(tags)) == 5
    assert first.version == 1


def test_what_others_put_there_is_found_by_a_full_look(publish, store_folder, clock) -> None:
    """A copy by another tool leaves no hint."""
    publish("first")
    watch = StoreWatch(Store.open(store_folder), full_every_s=10, clock=clock)
    watch.look()
    shutil.copytree(store_folder / "first", store_folder / "copied")
    clock.now_s = 9.0
    assert list(watch.look()) == ["first"]
    clock.now_s = 10.0
    assert list(watch.look()) == ["copied", "first"]
    shutil.rmtree(store_folder / "copied")
    clock.now_s = 20.0
    assert list(watch.look()) == ["first"]


def test_a_full_look_that_takes_long_is_made_less_often(publish, store_folder) -> None:
    """At most a twentieth of the time goes into them."""
    publish()
    times = iter([0.0, 0.0, 5.0, 99.0, 100.0, 101.0])
    watch = StoreWatch(Store.open(store_folder), full_every_s=10, clock=lambda: next(times))
    watch.look()
    shutil.copytree(store_folder / "classic", store_folder / "copied")
    assert list(watch.look()) == ["classic"]
    assert list(watch.look()) == ["classic", "copied"]


def test_a_look_that_failed_is_made_good_by_a_full_one(publish, store_folder, clock) -> None:
    """What was told meanwhile may have been lost."""
    publish()
    watch = StoreWatch(Store.open(store_folder), full_every_s=1e6, clock=clock)
    watch.look()
    store_folder.rename(f"{store_folder}-away")
    with pytest.raises(StoreUnavailable):
        watch.look()
    (store_folder.parent / "store-away").rename(store_folder)
    shutil.copytree(store_folder / "classic", store_folder / "copied")
    assert list(watch.look()) == ["classic", "copied"]


def test_a_hint_that_somebody_broke_holds_nothing_up(publish, store_folder, clock) -> None:
    """Full looks go on, and the next publish puts it right."""
    publish()
    watch = StoreWatch(Store.open(store_folder), full_every_s=10, clock=clock)
    watch.look()
    (store_folder / "changes.json").write_text("[")
    shutil.copytree(store_folder / "classic", store_folder / "copied")
    clock.now_s = 10.0
    assert list(watch.look()) == ["classic", "copied"]
    publish()
    assert list(watch.look()["classic"].versions) == [1, 2]


def test_a_hint_that_cannot_be_written_does_not_fail_a_publish(publish, store_folder, clock) -> None:
    """A full look finds the version."""
    publish()
    (store_folder / "changes.json").unlink()
    (store_folder / "changes.json").mkdir()
    (store_folder / "changes.json" / "file").touch()
    watch = StoreWatch(Store.open(store_folder), full_every_s=10, clock=clock)
    watch.look()
    publish()
    clock.now_s = 10.0
    assert list(watch.look()["classic"].versions) == [1, 2]


class Folders:
    """Counts the folders of versions that are looked into."""

    def __init__(self, monkeypatch) -> None:
        self.names: list[str] = []
        scandir = os.scandir
        monkeypatch.setattr(os, "scandir", lambda path: (self.names.append(str(path)), scandir(path))[1])
        monkeypatch.setattr(store_listing, "SETTLED_NS", 0)

    def of(self, work) -> list[str]:
        """Which, by some work."""
        self.names.clear()
        work()
        return sorted(name.rsplit("/", 2)[-1] for name in self.names if name.rsplit("/", 1)[-1].isdecimal())


def test_a_full_look_at_a_folder_looks_into_what_has_changed(
    publish, store_folder, clock, monkeypatch, flip_byte
) -> None:
    """And into what is loaded: a version's folder does not say that a file in it was written over."""
    for _ in range(4):
        publish()
    folders = Folders(monkeypatch)
    watch = StoreWatch(Store.open(store_folder), full_every_s=0, clock=clock)
    assert folders.of(watch.look) == ["1", "2", "3", "4"]
    before = watch.look()
    assert folders.of(watch.look) == []
    assert watch.look() is before
    flip_byte("classic", 4)
    assert folders.of(lambda: watch.look({"classic": (4, 9)})) == ["4"]
    assert watch.look()["classic"].versions[4] != before["classic"].versions[4]
    (store_folder / "classic" / "2" / "manifest.json").unlink()
    assert folders.of(watch.look) == ["2"]
    assert list(watch.look()["classic"].versions) == [1, 3, 4]


def test_the_times_of_folders_are_not_believed_for_ever(publish, store_folder, clock, monkeypatch) -> None:
    """Some file systems have none that say anything."""
    publish()
    folders = Folders(monkeypatch)
    watch = StoreWatch(Store.open(store_folder), full_every_s=10, clock=clock)
    watch.look()
    clock.now_s = 299.0
    assert folders.of(watch.look) == []
    clock.now_s = 600.0
    assert folders.of(watch.look) == ["1"]


def test_a_link_that_leads_out_of_a_model_is_not_followed(publish, store_folder) -> None:
    """To `/`, to the folder around it, to itself: a look is as fast as without it."""
    publish()
    for name, target in (("root", "/"), ("up", ".."), ("7", "7"), ("8", "/"), ("labels.json.bak", "/dev/zero")):
        (store_folder / "classic" / name).symlink_to(target)
    assert list(observe_store(Store.open(store_folder))["classic"].versions) == [1]


def test_a_model_that_cannot_be_read_stays_as_it_was(publish, store_folder, clock, monkeypatch) -> None:
    """Others are seen as they are; when none can be read, the store is away."""
    publish("bad")
    publish("good")
    watch = StoreWatch(Store.open(store_folder), full_every_s=0, clock=clock)
    before = watch.look()
    unreadable = {str(store_folder / "bad")}
    scandir = os.scandir

    def refusing(path):
        if str(path) in unreadable:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    publish("good")
    after = watch.look()
    assert list(after["good"].versions) == [1, 2]
    assert after["bad"] == before["bad"]
    unreadable.add(str(store_folder / "good"))
    with pytest.raises(StoreUnavailable, match="Permission denied"):
        watch.look()


def test_a_bucket_of_very_many_files_is_listed_model_by_model(draft_of, monkeypatch) -> None:
    """Several at one time; what is found is the same."""
    store = Store(MemoryStore())
    for model in ("a", "b", "c"):
        for _ in range(3):
            store.publish(*draft_of(model))
    obstore.put(store.objects, "datasets/x/data.csv", b"1")
    once = observe_store(store)
    monkeypatch.setattr(store_listing, "PAGE", 10)
    operations = Operations(monkeypatch)
    found = {}
    assert operations.of(lambda: found.update(observe_store(store))) == {"list": 4, "list_with_delimiter": 1}
    assert found == once


def test_a_hint_that_names_very_many_models_is_one_full_look(publish, store_folder, clock, monkeypatch) -> None:
    """Made by hand, or after it was lost."""
    publish()
    store = Store.open(store_folder)
    watch = StoreWatch(store, full_every_s=1e6, clock=clock)
    watch.look()
    (store_folder / "changes.json").write_text(json.dumps({f"m-{number}": "x" for number in range(1000)}))
    operations = Operations(monkeypatch)
    assert operations.of(watch.look) == {"get": 1, "list": 1}


@pytest.mark.parametrize(
    "content", [b"[" * 200_000, b'{"classic": 1e999}', b"\xff", b"[]", b'"' + b"x" * 5 * 2**20 + b'"']
)
def test_a_hint_that_is_none_is_said_once_and_put_right_by_the_next_publish(
    publish, store_folder, clock, content
) -> None:
    """And nothing waits for it."""
    publish()
    watch = StoreWatch(Store.open(store_folder), full_every_s=1e6, clock=clock)
    watch.look()
    (store_folder / "changes.json").write_bytes(content)
    with capture_logs() as lines:
        for _ in range(3):
            assert list(watch.look()["classic"].versions) == [1]
    assert [line["event"] for line in lines] == ["change hint not read"]
    assert lines[0]["reason"].startswith("changes.json: expected {model: a token} as JSON; received")
    publish()
    assert list(watch.look()["classic"].versions) == [1, 2]


@pytest.mark.parametrize("segments", [0, 3, 2500])
def test_captured_rows_do_not_make_a_look_longer(draft_of, monkeypatch, segments) -> None:
    """However many segments there are in a bucket, a listing passes over them after one page."""
    store = Store(MemoryStore())
    for model in ("classic", "later"):
        store.publish(*draft_of(model))
        for number in range(segments):
            store.objects.put(f"{model}/captured/2026-01-01/{number:06}.npz", b"rows")
            store.objects.put(f"_feedback/2026-01-01/{number:06}.jsonl.gz", b"labels")
    listed: list[str] = []
    grouped = store_listing._files
    monkeypatch.setattr(
        store_listing, "_files", lambda page: (listed.extend(m["path"] for m in page), grouped(page))[1]
    )
    found = observe_store(store)
    assert {name: [*one.versions] for name, one in found.items()} == {"classic": [1], "later": [1]}
    assert [*observe_store(store, model="later")["later"].versions] == [1]
    assert sum("captured" in path or path.startswith("_") for path in listed) <= min(5 * segments, 4 * 1000)
