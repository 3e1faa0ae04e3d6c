import pytest

from models.store.checkpoints import JobCheckpoints
from models.store.store import Store


@pytest.fixture
def shelf(tmp_path) -> JobCheckpoints:
    """The checkpoints of one job in an empty store."""
    return JobCheckpoints(Store.open(tmp_path), "digits", "job-1")


def files(shelf: JobCheckpoints) -> list[str]:
    return sorted(path.name for path in (shelf.store.folder / shelf.place).glob("*"))


def test_the_newest_comes_back_and_the_last_two_are_kept(shelf) -> None:
    """One to go on from, one in case that it is damaged."""
    assert shelf.newest() is None
    for number in range(4):
        shelf.save(b"state %d" % number)
    assert shelf.newest() == b"state 3"
    assert files(shelf) == ["00000003.checkpoint", "00000004.checkpoint"]


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-1], lambda raw: raw[:-1] + b"!", lambda raw: raw[10:], lambda raw: raw[:0]]
)
def test_a_damaged_one_is_passed_over(shelf, damage) -> None:
    """Cut off, changed, without its first line, empty: then the one before counts."""
    shelf.save(b"first")
    shelf.save(b"second")
    newest = shelf.store.folder / shelf.place / "00000002.checkpoint"
    newest.write_bytes(damage(newest.read_bytes()))
    assert shelf.newest() == b"first"
    shelf.save(b"third")
    assert shelf.newest() == b"third"


def test_other_names_are_passed_over(shelf) -> None:
    """As of a copy that somebody made."""
    shelf.save(b"state")
    (shelf.store.folder / shelf.place / "copy.checkpoint").write_bytes(b"")
    (shelf.store.folder / shelf.place / "notes.txt").write_bytes(b"")
    assert shelf.newest() == b"state"


def test_removing_leaves_nothing_behind(shelf) -> None:
    """No empty folders either, and nothing of another job is touched."""
    other = JobCheckpoints(shelf.store, "digits", "job-2")
    shelf.save(b"state")
    other.save(b"other")
    shelf.remove()
    assert not (shelf.store.folder / shelf.place).exists()
    assert other.newest() == b"other"
    other.remove()
    other.remove()
    assert not (shelf.store.folder / "digits" / "checkpoints").exists()
    assert shelf.store.models() == []
