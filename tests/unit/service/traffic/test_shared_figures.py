import subprocess
import sys

from service.traffic.shared_figures import SharedFigures

PROCESSES = """
import os, signal, sys
from pathlib import Path
from service.traffic.shared_figures import SharedFigures

figures = SharedFigures(Path(sys.argv[1]))
figures.post("a/b", b"parent")
figures.share()

def child(blob):
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        figures.post("a/b", b"older")
        figures.share()
        figures.post("a/b", blob)
        figures.share()
        figures.post("short", blob, kept_s=0.0)
        figures.share()
        os.write(write, b".")
        signal.pause()
    os.read(read, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

child(b"first")
child(b"second")
print(sorted(figures.of("a/b")), figures.of("short"), figures.of("other"))
figures.forget("a/b")
print(figures.of("a/b"))
"""


def test_a_process_alone_has_its_newest_blob() -> None:
    """Until it forgets the topic."""
    figures = SharedFigures()
    figures.post("topic", b"1")
    figures.post("topic", b"2")
    assert figures.of("topic") == [b"2"]
    assert figures.of("topic").is_complete
    figures.forget("topic")
    assert figures.of("topic") == []


def test_processes_of_a_service_see_each_other_even_when_killed(tmp_path) -> None:
    """Each counts once, with its newest blob; one that is kept for a time is gone after it."""
    script = [sys.executable, "-c", PROCESSES, str(tmp_path / "figures")]
    result = subprocess.run(script, capture_output=True, text=True, check=True, timeout=30)
    assert result.stdout == "[b'first', b'parent', b'second'] [] []\n[]\n"


def test_sources_post_each_turn_and_one_that_fails_stops_no_other(tmp_path) -> None:
    """What they post is shared in the same turn, and at the end."""
    figures, numbers = SharedFigures(tmp_path), iter(range(9))
    figures.sources += [lambda: 1 / 0, lambda: figures.post("topic", b"%d" % next(numbers))]
    figures.share()
    assert figures.of("topic") == [b"0"]
    figures.stop()
    (file,) = (tmp_path / "topic").iterdir()
    assert file.read_bytes().endswith(b"1")


def test_a_full_disk_loses_nothing_for_good(tmp_path, monkeypatch) -> None:
    """This process goes on with what it has; the others see it when there is room."""
    figures = SharedFigures(tmp_path)
    figures.post("topic", b"1")
    with monkeypatch.context() as full:
        full.setattr("pathlib.Path.write_bytes", _no_room)
        figures.share()
    assert figures.of("topic") == [b"1"]
    figures.share()
    assert len([*(tmp_path / "topic").iterdir()]) == 1


def _no_room(*_) -> None:
    raise OSError(28, "No space left on device")
