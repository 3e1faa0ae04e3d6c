"""What tests of the registry share: time that they move, and a store of either kind."""

import pytest
from obstore.store import MemoryStore

from models.store.store import Store


class Clock:
    """Time that a test moves."""

    now_s = 0.0

    def __call__(self) -> float:
        """What the test set."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["folder", "bucket"])
def any_store(request, tmp_path) -> Store:
    """A folder, and an object store: obstore's own in memory."""
    return Store.open(tmp_path / "store") if request.param == "folder" else Store(MemoryStore())
