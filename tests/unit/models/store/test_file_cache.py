"""Files on the local disk: verified whenever they are used, within a bound, the least used first to go."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.store.file_cache import FileCache
from models.store.manifest import FileInfo

CONTENTS = [bytes([number]) * 1000 for number in range(20)]


class Away(Exception):
    """The store does not answer."""


def info_of(content: bytes) -> FileInfo:
    return FileInfo(hashlib.sha256(content).hexdigest(), len(content))


def fetching(content: bytes, fetched: list[bytes]) -> Callable[[], Iterator[bytes]]:
    """Fetch in pieces, and record that it was fetched."""

    def _fetch() -> Iterator[bytes]:
        fetched.append(content)
        yield content[:300]
        yield content[300:]

    return _fetch


def away() -> Iterator[bytes]:
    yield b"half"
    raise Away


def taken(folder: Path) -> int:
    """Bytes of all files there; one that is renamed while they are listed counts once."""
    sizes: dict[int, int] = {}
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            sizes[path.stat().st_ino] = path.stat().st_size
    return sum(sizes.values())


@pytest.fixture
def cache(tmp_path: Path) -> FileCache:
    """Room for five."""
    return FileCache(tmp_path / "cache", 5000)


def test_a_file_is_fetched_once(cache: FileCache) -> None:
    """The second reader gets the copy, also when it has another cache on the same folder."""
    fetched: list[bytes] = []
    content = CONTENTS[0]
    assert cache.read(info_of(content), fetching(content, fetched)) == content
    again = FileCache(cache.folder, cache.most_bytes)
    assert again.read(info_of(content), fetching(content, fetched)) == content
    again.check(info_of(content), fetching(content, fetched))
    assert len(fetched) == 1


def test_a_checked_file_is_kept(cache: FileCache) -> None:
    """The process that checks a file fetches all of it, and the next one need not."""
    fetched: list[bytes] = []
    content = CONTENTS[0]
    cache.check(info_of(content), fetching(content, fetched))
    cache.check(info_of(content), fetching(content, fetched))
    assert cache.read(info_of(content), fetching(content, fetched)) == content
    assert len(fetched) == 1


@pytest.mark.parametrize(
    "spoil", [lambda old: old[:-1] + b"x", lambda old: old[:10], lambda old: old + b"x", lambda _: b""]
)
def test_a_spoiled_copy_is_noticed_and_fetched_again(cache: FileCache, spoil: Callable[[bytes], bytes]) -> None:
    """Another byte, too short, too long, empty: it is never returned, and the copy is whole again."""
    fetched: list[bytes] = []
    content = CONTENTS[0]
    for use in (cache.read, cache.check):
        cache.read(info_of(content), fetching(content, fetched))
        copy = cache.folder / info_of(content).sha256
        copy.write_bytes(spoil(content))
        before = len(fetched)
        assert use(info_of(content), fetching(content, fetched)) in (content, None)
        assert len(fetched) == before + 1
        assert copy.read_bytes() == content


def test_the_folder_stays_within_its_bound(cache: FileCache) -> None:
    """Twenty files of 1000 bytes in room for 5000, by eight threads: never more, at any moment that is looked at."""
    seen: list[int] = []

    def _fetch(content: bytes) -> Iterator[bytes]:
        for start in range(0, 1000, 100):
            seen.append(taken(cache.folder))
            yield content[start : start + 100]

    def _read(content: bytes) -> bool:
        return cache.read(info_of(content), lambda: _fetch(content)) == content

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(_read, CONTENTS * 5))
    assert 0 < max([*seen, taken(cache.folder)]) <= cache.most_bytes


def test_what_was_not_used_for_the_longest_time_goes_first(cache: FileCache) -> None:
    """Reading counts as use."""
    fetched: list[bytes] = []
    for age, content in enumerate(CONTENTS[:5]):
        cache.read(info_of(content), fetching(content, fetched))
        os.utime(cache.folder / info_of(content).sha256, (age, age))
    cache.read(info_of(CONTENTS[0]), fetching(CONTENTS[0], fetched))
    cache.read(info_of(CONTENTS[5]), fetching(CONTENTS[5], fetched))
    kept = {path.name for path in cache.folder.iterdir() if not path.name.startswith(".")}
    assert kept == {info_of(CONTENTS[number]).sha256 for number in (0, 2, 3, 4, 5)}


def test_a_file_that_does_not_fit_is_passed_on(tmp_path: Path) -> None:
    """It is not kept, and nothing goes for it; a bound of 0 keeps nothing at all."""
    fetched: list[bytes] = []
    for most_bytes in (999, 0):
        cache = FileCache(tmp_path / str(most_bytes), most_bytes)
        for _ in range(2):
            assert cache.read(info_of(CONTENTS[0]), fetching(CONTENTS[0], fetched)) == CONTENTS[0]
    assert len(fetched) == 4


def test_nothing_is_kept_of_a_file_that_did_not_come_whole(cache: FileCache) -> None:
    """What the fetch raises is passed on, and the folder is as it was."""
    for use in (cache.read, cache.check):
        with pytest.raises(Away):
            use(info_of(CONTENTS[0]), away)
    assert [path.name for path in cache.folder.iterdir()] == [".lock"]


def test_what_a_killed_process_left_is_removed(cache: FileCache) -> None:
    """A half-written file that no process writes takes no room."""
    cache.folder.mkdir()
    left = cache.folder / ".4500.0123456789abcdef.partial"
    left.write_bytes(b"half")
    cache.read(info_of(CONTENTS[0]), fetching(CONTENTS[0], []))
    assert not left.exists()
    assert (cache.folder / info_of(CONTENTS[0]).sha256).exists()


def test_a_folder_that_cannot_be_made_is_no_reason_not_to_read(tmp_path: Path) -> None:
    """A read-only disk, or a file in its place."""
    (tmp_path / "file").write_text("")
    cache = FileCache(tmp_path / "file" / "cache", 5000)
    assert cache.read(info_of(CONTENTS[0]), fetching(CONTENTS[0], [])) == CONTENTS[0]
