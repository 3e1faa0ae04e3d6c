import os
import tempfile
import time
from types import SimpleNamespace

import pytest

from models.errors import StoreFull
from service.http import uploads
from service.http.uploads import UploadSpace


def test_uploads_together_take_no_more_than_their_bound() -> None:
    """What one has borrowed is there again when it ends, however it ends."""
    space = UploadSpace(100)
    with space.borrowed() as take, space.borrowed() as take_too:
        take(60)
        take_too(40)
        with pytest.raises(StoreFull, match="uploads under way take 100 of 100 bytes"):
            take(1)
    with pytest.raises(StoreFull), space.borrowed() as take:
        take(101)
    with space.borrowed() as take:
        take(100)


@pytest.mark.parametrize(
    ("free", "whole", "fits"),
    [(1000, 9000, True), (1000, 11_000, False), (2**26 + 10, 2**40, True), (2**26, 2**40, False)],
)
def test_an_upload_leaves_room_for_others(tmp_path, monkeypatch, free, whole, fits) -> None:
    """A tenth of a small disk, 64 MiB of a large one."""
    disk = SimpleNamespace(f_bavail=free, f_blocks=whole, f_frsize=1)
    monkeypatch.setattr(os, "fstatvfs", lambda _: disk)
    with (tmp_path / "file").open("wb", buffering=0) as file:
        if fits:
            uploads._write(file, b"0123456789")
        else:
            with pytest.raises(StoreFull, match=f"the last {free} of {whole} bytes"):
                uploads._write(file, b"0123456789")
    assert (tmp_path / "file").stat().st_size == 10 * fits


def test_all_of_a_piece_is_written_whatever_the_disk_takes_at_once() -> None:
    """A file without a buffer can take less than it is given."""
    taken: list[bytes] = []

    def take_three(piece: memoryview) -> int:
        taken.append(bytes(piece[:3]))
        return len(taken[-1])

    with open(os.devnull, "rb") as device:  # noqa: PTH123
        uploads._write(SimpleNamespace(write=take_three, fileno=device.fileno), b"0123456789")
    assert taken == [b"012", b"345", b"678", b"9"]


def test_what_a_killed_process_has_left_is_removed(tmp_path, monkeypatch) -> None:
    """An upload that is under way is not, and nothing of others."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old_s = time.time() - uploads.LEFT_S - 1
    for name in ("onehot-upload-old.csv", "onehot-upload-new.csv", "other.csv"):
        (tmp_path / name).write_bytes(b"a,b")
    (tmp_path / "onehot-upload-form").mkdir()
    (tmp_path / "onehot-upload-form" / "file").write_bytes(b"a,b")
    for name in ("onehot-upload-old.csv", "onehot-upload-form", "other.csv"):
        os.utime(tmp_path / name, (old_s, old_s))
    uploads.remove_leftovers()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["onehot-upload-new.csv", "other.csv"]
