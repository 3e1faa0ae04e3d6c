import shutil

from models.store.store import Store
from service.registry import readiness as module
from service.registry.readiness import Readiness
from service.registry.registry import Registry


def test_models_that_must_answer_are_waited_for(publish, store_folder, flip_byte) -> None:
    """Also when others do; one that is not there any more is missed again."""
    registry = Registry(lambda: Store.open(store_folder), keep_versions=2)
    readiness = Readiness(registry, ["classic", "other"])
    publish("classic")
    registry.refresh()
    assert readiness.why_not.startswith("no model 'other'")
    publish("other")
    flip_byte("other", 1)
    registry.refresh()
    assert "model 'other' is not loaded: model.onnx of version 1" in readiness.why_not
    publish("other")
    registry.refresh()
    assert readiness.why_not is None
    shutil.rmtree(store_folder / "classic")
    registry.refresh()
    assert readiness.why_not.startswith("no model 'classic'")


def test_the_log_says_once_what_is_missing_and_once_that_nothing_is(registry, publish, monkeypatch) -> None:
    """And nothing at the end: that it ends is no news."""
    lines: list[str] = []

    def note(event: str, reason: str = "", **_: object) -> None:
        lines.append(f"{event} {reason}")

    for level in ("info", "warning"):
        monkeypatch.setattr(module.log, level, note, raising=False)
    readiness = Readiness(registry)
    for _ in range(2):
        readiness.tell()
    publish()
    registry.refresh()
    for _ in range(2):
        readiness.tell()
    registry.coordinator.note_stopping()
    readiness.tell()
    assert lines == ["not ready waiting for the first look at the store", "ready "]
