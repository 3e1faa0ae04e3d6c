from dataclasses import replace

import pytest

from models.errors import StoreUnavailable
from models.store.promotions import Promotion, PromotionLog
from models.store.store import Store

VERDICT = ("gate minimum: expected accuracy 0.9; received 0.5",)


def promotion(version: int = 2) -> Promotion:
    return Promotion("digits", "stable", version, previous=1, verdict=VERDICT, by="ada@lab")


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
