import pytest

from models.store.store import Store
from service.errors import VersionNotLoaded
from service.registry import pending_versions
from service.registry.pending_versions import PendingVersions


class Registry:
    """Has the version at the third question."""

    def __init__(self, store) -> None:
        self.store, self.asked = store, 0

    def look_soon(self) -> None:
        """It is loaded by itself."""

    def find(self, model, *, version, label):
        """The version, at last."""
        self.asked += 1
        if self.asked < 3:
            raise VersionNotLoaded(model, version)
        return f"{model} {version} {label}"


@pytest.fixture
def registry(store_folder, publish, monkeypatch):
    """Of a store that has one version, in a process with an event loop."""
    publish()
    monkeypatch.setattr(pending_versions, "has_event_loop", lambda: True)
    return Registry(Store.open(store_folder))


def test_a_version_that_is_just_being_loaded_is_waited_for(registry) -> None:
    """A client that has been told of it may ask between the look that saw it and its end of loading."""
    missing = VersionNotLoaded("classic", None)
    found = PendingVersions(registry).find("classic", version=None, label=None, missing=missing)
    assert found == "classic None None"


def test_a_version_that_cannot_be_loaded_is_not_waited_for(registry) -> None:
    """Its reason is told at once."""
    missing = VersionNotLoaded("classic", 1, reason="model.onnx is not what was published")
    with pytest.raises(VersionNotLoaded, match="not what was published"):
        PendingVersions(registry).find("classic", version=1, label=None, missing=missing)
    assert registry.asked == 0
