import pytest

from models.errors import VersionNotFound
from models.store.deletion_marks import add_mark, is_mark, names_in, require_kept


def test_a_marked_version_and_one_that_is_gone_are_not_kept(store, draft):
    """Each deletion has a mark of its own."""
    store.publish(draft, {"model.onnx": b"graph"})
    require_kept(store.objects, "iris", 1, "manifest.json")
    marks = {add_mark(store.objects, "iris/1", by="a test", force=False) for _ in range(2)}
    assert {name for name in names_in(store.objects, "iris/1") if is_mark(name)} == marks
    assert len(marks) == 2
    for version in (1, 2):
        with pytest.raises(VersionNotFound):
            require_kept(store.objects, "iris", version, "manifest.json")
