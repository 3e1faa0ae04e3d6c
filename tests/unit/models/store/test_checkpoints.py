import pytest

from models.store.checkpoints import JobCheckpoints
from models.store.store import Store


@pytest.fixture
def checkpoints(tmp_path) -> JobCheckpoints:
    """The checkpoints of one job in an empty store."""
    return JobCheckpoints(Store.open(tmp_path), "digits", "job-1")


def files(checkpoints: JobCheckpoints) -> list[str]:
    return sorted(path.name for path in (checkpoints.store.folder / checkpoints.folder).glob("*"))


def test_the_newest_comes_back_and_the_last_two_are_kept(checkpoints) -> None:
    """One to go on from, one in case that it is damaged."""
    assert checkpoints.newest() is None
    for number in range(4):
        checkpoints.save(b"state %d" % number)
    assert checkpoints.newest() == b"state 3"
    assert files(checkpoints) == ["00000003.checkpoint", "00000004.checkpoint"]


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-1], lambda raw: raw[:-1] + b"!", lambda raw: raw[10:], lambda raw: raw[:0]]
)
def test_a_damaged_one_is_passed_over(checkpoints, damage) -> None:
    """Cut off, changed, without its first line, empty: then the one before counts."""
    checkpoints.save(b"first")
    checkpoints.save(b"second")
    newest = checkpoints.store.folder / checkpoints.folder / "00000002.checkpoint"
    newest.write_bytes(damage(newest.read_bytes()))
    assert checkpoints.newest() == b"first"
    checkpoints.save(b"third")
    assert checkpoints.newest() == b"third"


def test_other_names_are_passed_over(checkpoints) -> None:
    """As of a copy made by hand."""
    checkpoints.save(b"state")
    (checkpoints.store.folder / checkpoints.folder / "copy.checkpoint").write_bytes(b"")
    (checkpoints.store.folder / checkpoints.folder / "notes.txt").write_bytes(b"")
    assert checkpoints.newest() == b"state"


def test_removing_leaves_nothing_behind(checkpoints) -> None:
    """No empty folders either, and nothing of another job is touched."""
    other = JobCheckpoints(checkpoints.store, "digits", "job-2")
    checkpoints.save(b"state")
    other.save(b"other")
    checkpoints.remove()
    assert not (checkpoints.store.folder / checkpoints.folder).exists()
    assert other.newest() == b"other"
    other.remove()
    other.remove()
    assert not (checkpoints.store.folder / "digits" / "checkpoints").exists()
    assert checkpoints.store.models() == []
