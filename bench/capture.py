"""What capture costs: requests a second with 10 % captured, and p99 while the store is away, against without.

    python bench/capture.py [rate] [away] [segments]

Two services on copies of one store take turns; one of them captures. `away`: everything is captured, and the store's
folder is renamed for a minute under load; every row is then in the store or counted as dropped. `segments`: what a
month of three services with two workers each leaves in the store, and how long a first look at it takes.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from load import Call, Load, drive, generator_version

from models.capture.capture_settings import CaptureSettings, change_capture
from models.capture.compacting import compact_rows
from models.capture.quality_index import QualityIndex
from models.capture.segment_format import CapturedRows, Layout, encode
from models.capture.segments import captured_folder, list_segments, write_segment
from models.store.store import Store
from tests.conftest import _draft, wait_until
from tests.contract.live import Live, live

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS", "16"))
"""Longer than the fifteen seconds between two segments, so that each turn pays for its own writes."""
AWAY_S = float(os.environ.get("AWAY_S", "60"))
MODEL, JSON = "classic", {"Content-Type": "application/json"}
CALL = Call(f"/v1/models/{MODEL}:predict", json.dumps({"instances": [[0.1] * 8]}).encode(), JSON)
AT_LEAST, AT_MOST = 0.97, 1.1
MINUTE_SEGMENTS = 24
"""Of six workers, one every fifteen seconds."""


@contextmanager
def services(folder: Path, samples: dict[str, float]) -> Iterator[dict[str, Live]]:
    """A service for each share of captured requests, by name; each has a store of its own."""
    with ExitStack() as stack:
        started = {}
        for name, sample in samples.items():
            (folder / name).mkdir()
            store = Store.open(folder / name / "store")
            store.publish(*_draft(MODEL, "classic-a"))
            if sample:
                change_capture(store, MODEL, CaptureSettings(sample))
            started[name] = stack.enter_context(live(folder / name / "store", folder / name, ONEHOT_WORKERS="2"))
        for one in started.values():
            drive(one.port, CALL, seconds=2)
        yield started


def counter(service: Live, name: str) -> int:
    """The sum of a counter's series."""
    lines = service.ask("GET", "/metrics").body.decode().splitlines()
    return round(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"onehot_{name}_total")))


def cpu_s(service: Live) -> float:
    """Processor time of the workers so far."""
    return sum(sum(worker.cpu_times()[:2]) for worker in service.workers)


def bench_rate(folder: Path) -> None:
    """One row a request, JSON, in turns.

    Where others use the machine, processor time a request says more than requests a second.
    """
    loads: dict[str, list[Load]] = {"without": [], "with": []}
    cpu_us: dict[str, list[float]] = {"without": [], "with": []}
    with services(folder, {"without": 0.0, "with": 0.1}) as started:
        for number in range(ROUNDS):
            for name in list(started)[:: -1 if number % 2 else 1]:
                before_s = cpu_s(started[name])
                loads[name].append(drive(started[name].port, CALL, seconds=SECONDS))
                time.sleep(1)
                used_s = cpu_s(started[name]) - before_s
                cpu_us[name].append(1e6 * used_s / (loads[name][-1].requests_per_s * SECONDS))
        rows = counter(started["with"], "captured_rows")
        dropped = counter(started["with"], "captured_rows_dropped")
    pairs = zip(loads["with"], loads["without"], strict=True)
    rate = statistics.median(one.requests_per_s / other.requests_per_s for one, other in pairs)
    costs = statistics.median(one / other for one, other in zip(cpu_us["without"], cpu_us["with"], strict=True))
    print("\n| capture | requests a second | p99, ms | processor time a request, µs |\n|---|---|---|---|")
    for name, mine in loads.items():
        speed = statistics.median(load.requests_per_s for load in mine)
        p99_ms = statistics.median(load.p99_ms for load in mine)
        print(f"| {name} | {speed:,.0f} | {p99_ms:.2f} | {statistics.median(cpu_us[name]):.1f} |")
    print(f"\nof without: {verdict(rate, AT_LEAST)} of the requests a second; by processor time {costs:.3f}")
    print(f"\n{rows} rows captured, {dropped} dropped")


def is_counted(service: Live) -> bool:
    """Whether every predicted row is in the store or counted as dropped."""
    return counter(service, "captured_rows") + counter(service, "captured_rows_dropped") == counter(service, "rows")


def bench_away(folder: Path) -> None:
    """Everything captured; the store's folder is renamed for a minute, in turns with minutes in which it is there."""
    store = folder / "all" / "store"
    with services(folder, {"all": 1.0}) as started:
        one, rounds = started["all"], range(max(1, round(AWAY_S / SECONDS)))
        there = [drive(one.port, CALL, seconds=SECONDS) for _ in rounds]
        store.rename(store.with_name("away"))
        away = [drive(one.port, CALL, seconds=SECONDS) for _ in rounds]
        dropped_away = counter(one, "captured_rows_dropped")
        store.with_name("away").rename(store)
        wait_until(lambda: is_counted(one), what="every row is captured or counted as dropped", deadline_s=60)
        rows, captured = counter(one, "rows"), counter(one, "captured_rows")
        stored = len(QualityIndex(lambda: Store.open(store).objects).look(MODEL).joined.at_s)
    p99 = [statistics.median(load.p99_ms for load in loads) for loads in (there, away)]
    ratio = p99[1] / p99[0]
    print(f"\n| everything captured | p99, ms | of before |\n|---|---|---|\n| the store is there | {p99[0]:.2f} | |")
    print(f"| the store is away for {AWAY_S:g} s | {p99[1]:.2f} | {ratio:.2f} "
          f"(at most {AT_MOST}: {'yes' if ratio <= AT_MOST else 'NO'}) |")  # fmt: skip
    dropped = f"{rows - captured} dropped, {dropped_away} of them while it was away"
    print(f"\n{rows} rows predicted = {captured} captured + {dropped};")
    print(f"{stored} in the store: {'exact' if stored == captured else 'NOT EXACT'}")


def bench_segments(folder: Path) -> None:
    """A segment of each of six workers every fifteen seconds of a day, put together each minute; thirty such days.

    Moments are simulated: what counts is how many segments there are, and what it costs to read them.
    """
    store = Store.open(folder / "store")
    layout = Layout(MODEL, 1, "softmax", ("a", "b", "c"), None, None, (8,))
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    for minute in range(24 * 60):
        write_minute(store, layout, day + timedelta(minutes=minute))
    raw = look_at(store)
    shutil.copytree(folder / "store", folder / "kept")
    store, busiest, rewritten, began_s = Store.open(folder / "kept"), 0, 0, time.perf_counter()
    place = folder / "kept" / captured_folder(MODEL) / str(day.date())
    waiting = folder / "waiting"
    place.rename(waiting)
    place.mkdir()
    names = sorted(one.name for one in waiting.iterdir())
    for start in range(0, len(names), MINUTE_SEGMENTS):
        for name in names[start : start + MINUTE_SEGMENTS]:
            (waiting / name).rename(place / name)
        rewritten += compact_rows(store.objects, MODEL, now=day + timedelta(hours=12))
        busiest = max(busiest, len(list_segments(store.objects, captured_folder(MODEL))))
    rewritten += compact_rows(store.objects, MODEL)
    kept_s, left = time.perf_counter() - began_s, len(list_segments(store.objects, captured_folder(MODEL)))
    for number in range(1, 30):
        shutil.copytree(place, place.with_name(str(day.date() - timedelta(days=number))))
    month = look_at(store)
    print("\n| 3 services, 2 workers each | segments | first look, s |\n|---|---|---|")
    print(f"| a day as it is written | {raw[0]:,} | {raw[1]:.1f} |")
    print(f"| a day, put together each minute | {left} (at most {busiest} at one time) | |")
    print(f"| thirty such days | {month[0]:,} | {month[1]:.1f} |")
    print(f"\nputting a day together: {kept_s:.0f} s; {rewritten:,} segments went into larger ones")


def write_minute(store: Store, layout: Layout, at: datetime) -> None:
    """What six workers write in a minute, ten rows a segment."""
    rng = np.random.default_rng(at.hour * 60 + at.minute)
    for number in range(MINUTE_SEGMENTS):
        moment = at + timedelta(seconds=number * 60 / MINUTE_SEGMENTS)
        ids = np.array([uuid.uuid4().hex for _ in range(10)], "S")
        rows = CapturedRows(layout, ids, np.zeros(10, np.int32), np.full(10, moment.timestamp()),
                            rng.random((10, 3), np.float32), rng.random((10, 8), np.float32))  # fmt: skip
        name = f"{moment:%H%M%S%f}-{uuid.uuid4().hex[:12]}.npz"
        write_segment(store.objects, f"{captured_folder(MODEL)}/{moment.date()}/{name}", encode(rows))


def look_at(store: Store) -> tuple[int, float]:
    """How many segments there are, and the seconds of a first look at them."""
    began_s = time.perf_counter()
    QualityIndex(lambda: store.objects).look(MODEL)
    return len(list_segments(store.objects, captured_folder(MODEL))), time.perf_counter() - began_s


def verdict(value: float, at_least: float) -> str:
    """A figure beside its bar."""
    return f"{value:.3f} (at least {at_least}: {'yes' if value >= at_least else 'NO'})"


def main() -> None:
    """Run what is named, or all."""
    print(f"{generator_version()}, {ROUNDS} rounds of {SECONDS:g} s, 2 workers")
    for name, bench in {"rate": bench_rate, "away": bench_away, "segments": bench_segments}.items():
        if name in (sys.argv[1:] or ("rate", "away", "segments")):
            folder = Path(tempfile.mkdtemp(prefix="onehot-bench-"))
            try:
                bench(folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
