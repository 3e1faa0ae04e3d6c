import pytest

import trainer.fit.store_retry
from models.errors import StoreFull, StoreUnavailable
from trainer.fit.progress import NullObserver, TrainingCanceled
from trainer.fit.store_retry import retry_store


@pytest.fixture(autouse=True)
def no_waits(monkeypatch) -> None:
    """Three tries, without waiting."""
    monkeypatch.setattr(trainer.fit.store_retry, "WAITS_S", (0.001, 0.001))


class Store:
    """Fails so many times."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures = failures
        self.error = error
        self.asked = 0

    def ask(self) -> str:
        """Answer in the end."""
        self.asked += 1
        if self.asked <= self.failures:
            raise self.error
        return "answer"


def test_a_store_that_comes_back_is_waited_for() -> None:
    """Twice here."""
    store = Store(2, StoreUnavailable("away"))
    assert retry_store(store.ask, observer=NullObserver()) == "answer"
    assert store.asked == 3


def test_a_store_that_stays_away_is_told() -> None:
    """With the last error."""
    with pytest.raises(StoreUnavailable, match="away"):
        retry_store(Store(9, StoreUnavailable("away")).ask, observer=NullObserver())


def test_a_full_store_is_not_waited_for() -> None:
    """Half a minute makes no room."""
    store = Store(9, StoreFull("No space left on device"))
    with pytest.raises(StoreFull):
        retry_store(store.ask, observer=NullObserver())
    assert store.asked == 1


def test_who_waits_can_be_canceled() -> None:
    """The watcher is asked meanwhile."""

    class Cancelled(NullObserver):
        def check(self) -> None:
            """Stop."""
            raise TrainingCanceled

    with pytest.raises(TrainingCanceled):
        retry_store(Store(9, StoreUnavailable("away")).ask, observer=Cancelled())
