import gzip
import threading

from service.telemetry.metrics import Metrics
from service.telemetry.metrics_page import KEPT_S, PIECE_CHARACTERS, SHORT_BYTES, KeptPage

LONG = [b"x" * 1000 + b"\n"] * (SHORT_BYTES // 1000)


def kept_page():
    """One with a clock that a test sets."""
    clock = [0.0]
    return clock, KeptPage(lambda: clock[0])


def test_a_short_page_is_made_anew_for_each_who_asks() -> None:
    """It costs nothing."""
    _, kept = kept_page()
    pages = iter([b"one", b"two"])
    assert [kept.get(lambda: iter([next(pages)]), lambda: None).content for _ in range(2)] == [b"one", b"two"]


def test_a_long_page_is_shown_for_a_while() -> None:
    """Then it is made anew."""
    clock, kept = kept_page()
    made = []

    def make():
        made.append(clock[0])
        yield from LONG

    for clock[0] in (0.0, KEPT_S / 2, KEPT_S, KEPT_S + 0.1):
        assert kept.get(make, lambda: None).content == b"".join(LONG)
    assert made == [0.0, KEPT_S + 0.1]


def test_others_go_on_between_any_two_pieces() -> None:
    """While it is made, and while it is compressed, which is done once."""
    _, kept = kept_page()
    pauses = []
    page = kept.get(lambda: iter(LONG), lambda: pauses.append("made"))
    first = page.compressed(lambda: pauses.append("compressed"))
    assert page.compressed(lambda: pauses.append("twice")) is first
    assert gzip.decompress(first) == page.content
    assert [pauses.count(one) for one in ("made", "compressed", "twice")] == [len(LONG), len(LONG), 0]


def test_the_pieces_of_a_large_page_are_small() -> None:
    """Also the first time, when all names are new."""
    metrics = Metrics()
    for number in range(300):
        metrics.version_loaded(f"model-{number}", 1)
        metrics.predicted(f"model-{number}", 1, rows=1, phases_s=(0.1, 0.1, 0.1))
    pieces = list(metrics._pieces(None))
    assert max(len(piece) for piece in pieces) < PIECE_CHARACTERS + 2_000
    assert sum(len(piece) for piece in pieces) > 20 * PIECE_CHARACTERS


def test_one_page_is_made_at_a_time() -> None:
    """Those who ask meanwhile wait for it, and get it too."""
    _, kept = kept_page()
    begun, goes_on, found, made = threading.Event(), threading.Event(), [], []

    def make():
        made.append(1)
        begun.set()
        goes_on.wait(60)
        yield from LONG

    askers = [threading.Thread(target=lambda: found.append(kept.get(make, lambda: None))) for _ in range(3)]
    for asker in askers:
        asker.start()
    begun.wait(60)
    goes_on.set()
    for asker in askers:
        asker.join(60)
    assert len({id(page) for page in found}) == len(made) == 1


def test_all_who_wait_see_the_page_that_is_begun_after_they_asked() -> None:
    """A queue that is away lets each page take seconds: many who ask do not wait for one another's."""
    ticks = iter(range(1000))
    kept, makers, goes_on = KeptPage(lambda: float(next(ticks))), [], threading.Event()

    def make():
        makers.append(1)
        goes_on.wait(60)
        yield b"short"

    askers = [threading.Thread(target=kept.get, args=(make, lambda: None)) for _ in range(9)]
    for asker in askers:
        asker.start()
    while next(ticks) < len(askers) + 1:  # each has looked at the clock
        threading.Event().wait(0.01)
    goes_on.set()
    for asker in askers:
        asker.join(60)
    assert len(makers) == 2
