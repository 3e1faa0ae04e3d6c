"""A store that has less than before, and one that is another folder than it should be."""

import obstore
import pytest
from obstore.store import MemoryStore

from models.store.change_hint import leave_hint
from models.store.store import Store
from service.registry.missing_parts import MisplacedVersions
from service.registry.store_watch import StoreWatch


def test_what_is_missing_stays_until_another_full_look_finds_it_missing_too(any_store, draft_of, clock) -> None:
    """Models, versions and labels of a store that is being restored; what is back meanwhile was never away."""
    for name in ("back", "gone", "less"):
        any_store.publish(*draft_of(name))
    any_store.publish(*draft_of("less"))
    watch = StoreWatch(any_store, full_every_s=300, confirm_s=10, clock=clock)
    before = dict(watch.look())
    away = {path: bytes(obstore.get(any_store.objects, path).bytes()) for path in paths_of(any_store, "back")}
    for path in (*away, *paths_of(any_store, "gone"), *paths_of(any_store, "less/2"), "less/labels.json"):
        obstore.delete(any_store.objects, path)
    clock.now_s = 300.0
    assert dict(watch.look()) == before
    for path, content in away.items():
        obstore.put(any_store.objects, path, content)
    clock.now_s = 309.0
    assert dict(watch.look()) == before
    clock.now_s = 310.0
    after = watch.look()
    assert {name: list(one.versions) for name, one in after.items()} == {"back": [1], "less": [1]}
    assert after["less"].labels_tag == ""


def paths_of(store: Store, prefix: str) -> list[str]:
    """All that lies there."""
    return [meta["path"] for batch in obstore.list(store.objects, prefix=prefix) for meta in batch]


def test_what_onehot_deletes_is_gone_at_the_next_look(any_store, draft_of, clock) -> None:
    """It tells of it, so nothing has to be confirmed; also the last model of all."""
    any_store.publish(*draft_of("classic"))
    watch = StoreWatch(any_store, full_every_s=300, confirm_s=10, clock=clock)
    watch.look()
    for path in paths_of(any_store, "classic/1"):
        obstore.delete(any_store.objects, path)
    leave_hint(any_store.objects, any_store.folder, "classic")
    assert dict(watch.look()) == {}
    clock.now_s = 300.0
    assert dict(watch.look()) == {}


def test_a_hint_of_another_store_is_no_word_of_what_was_deleted(any_store, draft_of, clock) -> None:
    """A backup has an older one, or none."""
    any_store.publish(*draft_of("classic"))
    any_store.publish(*draft_of("digits", "digits"))
    watch = StoreWatch(any_store, full_every_s=300, confirm_s=10, clock=clock)
    watch.look()
    for path in (*paths_of(any_store, "classic"), "changes.json"):
        obstore.delete(any_store.objects, path)
    leave_hint(any_store.objects, any_store.folder, "digits")
    assert set(watch.look()) == {"digits", "classic"}


@pytest.mark.parametrize(("below", "seen"), [("", "store/classic/1"), ("store/classic", "1")])
def test_a_store_of_another_folder_says_so(publish, store_folder, below, seen) -> None:
    """The folder around it, or a model of it: it is not taken for an empty one."""
    publish()
    with pytest.raises(MisplacedVersions, match=f"ONEHOT_STORE.* received {seen}/manifest.json") as raised:
        StoreWatch(Store.open(store_folder.parent / below), full_every_s=0).look()
    assert "does not answer" not in str(raised.value)


@pytest.mark.parametrize("prefix", ["a", "a/deep/prefix"])
def test_a_bucket_without_its_prefix_says_so(draft_of, prefix) -> None:
    """What is there is in the message."""
    store, bucket = Store(MemoryStore()), MemoryStore()
    store.publish(*draft_of("classic"))
    for path in paths_of(store, "classic"):
        obstore.put(bucket, f"{prefix}/{path}", bytes(obstore.get(store.objects, path).bytes()))
    with pytest.raises(MisplacedVersions, match=f"received {prefix}/classic/1/manifest.json"):
        StoreWatch(Store(bucket), full_every_s=0).look()
