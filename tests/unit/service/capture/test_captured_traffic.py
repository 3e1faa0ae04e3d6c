"""Rows on their way to the store: never waited for, written when they can be, counted to the row."""

import numpy as np
import pytest

from models.capture.capture_settings import CaptureSettings
from models.capture.quality_index import QualityIndex
from models.capture.segment_format import decode
from models.capture.segments import captured_folder, list_segments, read_segment
from models.errors import StoreFull, StoreUnavailable
from models.store.store import Store
from service.capture import segment_writer
from service.capture.captured_traffic import CapturedTraffic
from service.telemetry.metrics import Metrics
from service.traffic.observed_prediction import ObservedPrediction

ROWS = np.arange(24, dtype=np.float32).reshape(3, 8)


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def predictor(publish, registry, predictor_of):
    """A version whose model's predictions are captured, all of them."""
    publish()
    registry.refresh()
    registry.capture_of = lambda _: {"sample": 1.0, "keep_days": 30, "drop": []}
    return predictor_of()


@pytest.fixture
def traffic(registry, metrics, predictor) -> CapturedTraffic:  # noqa: ARG001 -- it is published
    """With room for ten requests."""
    return CapturedTraffic(registry, metrics, most_rows_bytes=10 * (ROWS.nbytes + 36))


def observe(traffic, predictor, count: int, *, first: int = 0, rows=ROWS) -> None:
    """Requests of three rows."""
    for number in range(first, first + count):
        outputs = np.full((len(rows), 3), 1 / 3, np.float32)
        traffic.observer.observe(ObservedPrediction(f"r{number}", None, True, predictor, rows, outputs, 0.001))


def counted(metrics, name: str) -> float:
    lines = metrics.page().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"onehot_{name}_total{{"))


def stored(folder) -> int:
    store = Store.open(folder)
    return len(QualityIndex(lambda: store.objects).look("classic").joined.at_s)


@pytest.mark.parametrize("error", [StoreUnavailable("away"), StoreFull("No space left on device")])
def test_what_finds_no_room_while_the_store_is_away_is_counted(
    traffic, predictor, metrics, monkeypatch, store_folder, error
) -> None:
    """To the row; what waited is written once, when the store is back."""

    def away(*_) -> None:
        raise error

    write = segment_writer.write_segment
    monkeypatch.setattr(segment_writer, "write_segment", away)
    observe(traffic, predictor, 6)
    traffic.flush()
    observe(traffic, predictor, 20, first=6)
    traffic.flush()
    assert (counted(metrics, "captured_rows"), counted(metrics, "captured_rows_dropped")) == (0, 48)
    monkeypatch.setattr(segment_writer, "write_segment", write)
    traffic.flush()
    observe(traffic, predictor, 2, first=30)
    traffic.flush()
    assert (counted(metrics, "captured_rows"), counted(metrics, "captured_rows_dropped")) == (36, 48)
    assert stored(store_folder) == 36


def test_a_write_that_was_done_and_failed_leaves_its_rows_once(
    traffic, predictor, metrics, monkeypatch, store_folder
) -> None:
    """An answer that was lost on its way."""
    write = segment_writer.write_segment

    def half(*given) -> None:
        write(*given)
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(segment_writer, "write_segment", half)
    observe(traffic, predictor, 3)
    traffic.flush()
    monkeypatch.setattr(segment_writer, "write_segment", write)
    traffic.flush()
    assert len(list(store_folder.rglob("*.npz"))) == 1
    assert counted(metrics, "captured_rows") == stored(store_folder) == 9


def test_rows_that_cannot_be_written_are_no_more_than_lost(traffic, predictor, metrics, capsys, store_folder) -> None:
    """Those of others are written; nothing of them is in the log."""
    secret = np.array([["Ann Secret", object()]], dtype=object)
    observe(traffic, predictor, 1, rows=secret)
    observe(traffic, predictor, 2, first=1)
    traffic.flush()
    assert (counted(metrics, "captured_rows"), counted(metrics, "captured_rows_dropped")) == (6, 1)
    assert stored(store_folder) == 6
    assert "Secret" not in "".join(capsys.readouterr())


def test_a_segment_is_written_now_and_then_and_not_for_each_row(traffic, predictor, monkeypatch) -> None:
    """Half a second after the first one; then every fifteen seconds; at once when much waits."""
    now_s = 100.0
    writer = traffic._rows_writer
    monkeypatch.setattr(writer, "_clock", lambda: now_s)
    assert not writer.is_due()
    observe(traffic, predictor, 1)
    assert not writer.is_due()
    now_s += 0.6
    assert writer.is_due()
    writer.write()
    observe(traffic, predictor, 1)
    now_s += 14
    assert not writer.is_due()
    now_s += 1.1
    assert writer.is_due()


def test_what_waits_when_a_process_ends_is_written(traffic, predictor, metrics, store_folder, monkeypatch) -> None:
    """Or counted as lost."""
    observe(traffic, predictor, 2)
    traffic.stop()
    assert counted(metrics, "captured_rows") == stored(store_folder) == 6
    monkeypatch.setattr(segment_writer, "write_segment", lambda *_: (_ for _ in ()).throw(StoreUnavailable("away")))
    observe(traffic, predictor, 2, first=2)
    traffic.stop()
    assert counted(metrics, "captured_rows_dropped") == 6


def test_a_copy_is_kept(traffic, predictor, store_folder) -> None:
    """What the request does with its arrays afterwards changes nothing."""
    rows = ROWS.copy()
    observe(traffic, predictor, 1, rows=rows)
    rows[:] = -1
    traffic.flush()
    store = Store.open(store_folder)
    (segment,) = list_segments(store.objects, captured_folder("classic"))
    assert np.array_equal(decode(read_segment(store.objects, segment.path)).inputs, ROWS)


def test_a_sample_follows_from_the_id() -> None:
    """The share of ids; a larger sample holds every smaller one."""
    ids = [f"{number:032x}" for number in range(20_000)]
    small = {one for one in ids if CaptureSettings(0.1).takes(one)}
    large = {one for one in ids if CaptureSettings(0.2).takes(one)}
    assert small < large
    assert len(small) == pytest.approx(2000, abs=150)
    assert all(CaptureSettings(1.0).takes(one) for one in ids)
    assert not any(CaptureSettings(0.0).takes(one) for one in ids)
