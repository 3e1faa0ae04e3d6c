import json
from dataclasses import replace

import pytest
from obstore.store import MemoryStore

from models.errors import StoreUnavailable
from models.store.label_moves import roll_back
from models.store.promotions import Move, Promotion, PromotionLog
from models.store.store import Store

FORCED = Move("ada@lab", verdict=("accuracy 0.5000, at least 0.9",))


def promotion(version: int = 2) -> Promotion:
    return Promotion.now("digits", "stable", version, previous=1, move=FORCED)


def test_promotions_are_kept_in_order(store_folder) -> None:
    """Who, when, from where to where, and against which verdict."""
    log = PromotionLog(Store.open(store_folder).objects, "digits")
    assert log.read() == []
    first, second = promotion(2), promotion(3)
    log.record(first)
    log.record(second)
    assert log.read() == [first, second]


def test_two_at_one_instant_are_both_kept(store_folder) -> None:
    """No record overwrites another."""
    log = PromotionLog(Store.open(store_folder).objects, "digits")
    first = promotion()
    second = replace(first, by="grace@lab")
    log.record(first)
    log.record(second)
    assert log.read() == [first, second]


def test_a_record_that_is_none_is_named(store_folder) -> None:
    """The file, and what is wrong with it."""
    log = PromotionLog(Store.open(store_folder).objects, "digits")
    log.record(promotion())
    (path,) = (store_folder / "digits" / "promotions").iterdir()
    path.write_text("[]")
    with pytest.raises(StoreUnavailable, match="expected a promotion as JSON"):
        log.read()


def test_promotions_are_no_versions(publish, store_folder) -> None:
    """The folder beside the versions is passed over."""
    publish()
    store = Store.open(store_folder)
    PromotionLog(store.objects, "classic").record(replace(promotion(), model="classic"))
    assert store.versions("classic") == [1]
    assert store.models() == ["classic"]


def moves(*steps) -> list[int]:
    """What `stable` named before it named what it names after these steps: (action, version, previous)."""
    log = PromotionLog(MemoryStore(), "digits")
    for action, version, previous in steps:
        log.record(Promotion.now("digits", "stable", version, previous=previous, move=Move("ada@lab", action)))
    return log.named("stable", current=steps[-1][1])


@pytest.mark.parametrize(
    ("steps", "before"),
    [
        ([("publish", 1, None)], []),
        ([("publish", 1, None), ("publish", 3, 1)], [1]),
        ([("publish", 1, None), ("publish", 2, 1), ("rollback", 1, 2)], []),
        ([("publish", 1, None), ("publish", 2, 1), ("publish", 3, 2), ("rollback", 2, 3)], [1]),
        ([("publish", 1, None), ("publish", 2, 1), ("rollback", 1, 2), ("publish", 3, 1)], [1]),
        ([("publish", 1, None), ("publish", 2, 1), ("move", 1, 2)], [2]),
        ([("publish", 9, 7)], [7]),
        ([("publish", 1, None), ("publish", 3, 1), ("publish", 2, 1), ("publish", 3, 2)], [2, 1, 1]),
    ],
)
def test_the_record_tells_what_a_label_named_before(steps, before) -> None:
    """What a rollback took back is not gone back to again; what was not recorded is known from the move after it."""
    assert [version for version in moves(*steps) if version != steps[-1][1]] == before


def test_a_record_without_an_action_is_a_move(store_folder) -> None:
    """Older stores have such."""
    log = PromotionLog(Store.open(store_folder).objects, "digits")
    log.record(promotion())
    (path,) = (store_folder / "digits" / "promotions").iterdir()
    document = json.loads(path.read_text())
    del document["action"]
    path.write_text(json.dumps(document))
    assert log.read()[0].action == "move"


def test_a_rollback_passes_over_a_version_that_cannot_be_read(publish, store_folder) -> None:
    """It goes to the one before, whose gate holds, too."""
    for _ in range(3):
        publish()
    for record in (store_folder / "classic" / "promotions").glob("*"):
        record.unlink()  # as where earlier moves were not recorded
    (store_folder / "classic" / "2" / "manifest.json").write_text("{}")
    moved = roll_back(Store.open(store_folder), "classic", by="ada@lab")
    assert (moved.version, moved.previous) == (1, 3)
