"""What capture costs: requests a second with 10 % captured, and p99 while the store is away, against without.

    python bench/capture.py [rate] [away]

Two services on copies of one store take turns; one of them captures. `away`: everything is captured, and the store's
folder is renamed for a minute under load; every row is then in the store or counted as dropped.
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from load import Call, Load, drive, generator_version

from models.capture.capture_settings import CaptureSettings, change_capture
from models.capture.quality_index import QualityIndex
from models.store.store import Store
from tests.conftest import _draft, wait_until
from tests.contract.live import Live, live

ROUNDS = int(os.environ.get("ROUNDS", "8"))
SECONDS = float(os.environ.get("SECONDS", "6"))
"""Longer than the five seconds between two segments, so that each turn pays for its own writes."""
AWAY_S = float(os.environ.get("AWAY_S", "60"))
MODEL, JSON = "classic", {"Content-Type": "application/json"}
CALL = Call(f"/v1/models/{MODEL}:predict", json.dumps({"instances": [[0.1] * 8]}).encode(), JSON)
AT_LEAST, AT_MOST = 0.97, 1.1


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


def verdict(value: float, at_least: float) -> str:
    """A figure beside its bar."""
    return f"{value:.3f} (at least {at_least}: {'yes' if value >= at_least else 'NO'})"


def main() -> None:
    """Run what is named, or all."""
    print(f"{generator_version()}, {ROUNDS} rounds of {SECONDS:g} s, 2 workers")
    for name, bench in {"rate": bench_rate, "away": bench_away}.items():
        if name in (sys.argv[1:] or ("rate", "away")):
            folder = Path(tempfile.mkdtemp(prefix="onehot-bench-"))
            try:
                bench(folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
