"""Drift of live rows: false alarms, what is found, definitions of others, memory, and what monitoring costs.

    python bench/drift.py [windows] [found] [definitions] [memory] [serve]

`definitions` compares with scipy and, where .venv-evidently is there (`make bench-drift` makes it), with Evidently.
`serve` drives two services in turns, of which one has versions without statistics. Environment: WINDOWS (200), how
often each case is simulated; SEED (20261), the first of its seeds, which others make other simulations; ROUNDS (5),
SECONDS (3).
"""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from models.preprocessing.instances import Feature, InstanceSpec
from models.statistics.divergence import chi_squared_limit, js_distance, psi
from models.statistics.drift import ALPHA, WindowDrift, compare
from models.statistics.output_columns import OutputColumns
from models.statistics.profiling import profile
from models.statistics.version_statistics import VersionStatistics
from service.monitoring.live_window import LONGEST_S, LiveWindow
from service.monitoring.recent_rows import RowBuffer
from service.monitoring.watched_version import BinnedVersion

WINDOWS = int(os.environ.get("WINDOWS", "200"))
SEED = int(os.environ.get("SEED", "20261"))
CASES = ("windows", "found", "definitions", "memory", "serve")
CLASSES = OutputColumns("softmax", ("no", "yes"), 2)
TRAINING_ROWS = 5000
KINDS = ("number",) * 5 + ("category",) * 3
MIXED = InstanceSpec((8,), tuple(Feature(f"c{place}", kind) for place, kind in enumerate(KINDS)))
RIVAL = Path(__file__).parent.parent / ".venv-evidently" / "bin" / "python"
EVIDENTLY = """
import json, sys
import pandas
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, psi_stat_test
found = []
for p, q in json.load(sys.stdin):
    one, other = (pandas.Series([str(i) for i, n in enumerate(counts) for _ in range(n)]) for counts in (p, q))
    found.append([test.func(one, other, "cat", 0.1)[0] for test in (psi_stat_test, jensenshannon_stat_test)])
json.dump([[float(a), float(b)] for a, b in found], sys.stdout)
"""


def predictions(rows: int, share: float, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Of two classes, of which the second has this share."""
    second = rng.beta(2, 2, rows) / 2 + 0.5
    scores = np.where(rng.random(rows) < share, second, 1 - second)
    return np.stack([1 - scores, scores], axis=1).astype(np.float32)


def trained(make: Callable[..., Any], rng: np.random.Generator, instance: InstanceSpec) -> VersionStatistics:
    """Statistics of rows that are made so."""
    rows = make(TRAINING_ROWS, rng)
    return profile(instance, CLASSES, [rows], predictions(len(rows), 0.5, rng), rows=len(rows), data={})


def normal(rows: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Eight normal features."""
    return rng.normal(size=(rows, 8)).astype(np.float32)


def pictures(rows: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Pictures of 8 by 8 in colour, of quite different brightness."""
    return rng.uniform(0.2, 1, (rows, 1, 1, 1)).astype(np.float32) * rng.random((rows, 8, 8, 3), np.float32)


def window(
    statistics: VersionStatistics, rows: np.ndarray[Any, Any], rng: np.random.Generator, *, share: float = 0.5
) -> WindowDrift:
    """A window of live rows."""
    return compare(statistics, statistics.count(CLASSES, rows, predictions(len(rows), share, rng)))


def mixed(rows: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """A table of eight columns: three of categories, of which one has rare ones, one with gaps, one skewed."""
    cells = np.empty((rows, 8), object)
    for place in range(4):
        cells[:, place] = rng.normal(size=rows).astype(np.float32)
    cells[rng.random(rows) < 0.05, 3] = None
    cells[:, 4] = rng.lognormal(0, 2, rows)
    cells[:, 5] = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    cells[:, 6] = rng.zipf(1.5, rows).clip(max=10**6).astype(str)
    cells[:, 7] = rng.choice(["yes", "no"], rows)
    return cells


def bench_windows() -> None:
    """Windows of the training's own distribution, each against a version of its own."""
    print("\n| instances | rows of a window | windows | with an alarm | bar |\n|---|---|---|---|---|")
    for title, make, instance in (
        ("8 numbers", normal, InstanceSpec((8,))),
        ("table with categories and gaps", mixed, MIXED),
        ("pictures", pictures, InstanceSpec((8, 8, 3))),
    ):
        for rows in (200, 2000, 50_000):
            alarmed = sum(bool(simulated(make, instance, rows, number).alarms) for number in range(WINDOWS))
            print(f"| {title} | {rows} | {WINDOWS} | {alarmed} ({alarmed / WINDOWS:.1%}) | at most 1 % |", flush=True)


def simulated(
    make: Callable[..., Any], instance: InstanceSpec, rows: int, number: int, *,
    change: Callable[..., Any] = lambda rows: rows, share: float = 0.5,
) -> WindowDrift:  # fmt: skip
    """The window of a simulation: a version of its own, and live rows that are changed so."""
    rng = np.random.default_rng([rows, SEED + number])
    statistics = trained(make, rng, instance)
    return window(statistics, change(make(rows, rng)), rng, share=share)


def bench_found() -> None:
    """What is found at once, in windows of so many rows."""
    print("\n| what changed | rows | simulations | found | bar |\n|---|---|---|---|---|")
    numbers, coloured = InstanceSpec((8,)), InstanceSpec((8, 8, 3))
    cases: tuple[tuple[str, int, Callable[..., Any], InstanceSpec, Callable[..., Any], float], ...] = (
        ("half a deviation in one feature of eight", 2000, normal, numbers, _shifted, 0.5),
        ("classes 60:40 instead of 50:50", 2000, normal, numbers, lambda rows: rows, 0.6),
        ("pictures 20 % darker", 500, pictures, coloured, lambda rows: 0.8 * rows, 0.5),
    )
    for title, count, make, instance, change, share in cases:
        found = sum(bool(simulated(make, instance, count, number, change=change, share=share).alarms)
                    for number in range(WINDOWS))  # fmt: skip
        print(f"| {title} | {count} | {WINDOWS} | {found} ({found / WINDOWS:.1%}) | all |", flush=True)


def _shifted(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    rows[:, 3] += 0.5
    return rows


def bench_definitions() -> None:
    """The figures beside those of others, on the same counts."""
    from scipy.spatial.distance import jensenshannon  # noqa: PLC0415 -- of the trainer's environment
    from scipy.stats import chi2  # noqa: PLC0415

    rng = np.random.default_rng(0)
    pairs = [rng.integers(0, 300, (2, bins)) for bins in (2, 3, 5, 10, 40) for _ in range(10)]
    js = max(abs(js_distance(p, q) - jensenshannon(p, q, base=2)) for p, q in pairs)
    limits = [chi_squared_limit(k, a) / chi2.isf(a, k) - 1 for k in range(1, 30) for a in (0.01, ALPHA, 1e-5)]
    print("\n| figure | of | largest difference |\n|---|---|---|")
    print(f"| Jensen-Shannon distance | scipy | {js:.1e} |")
    print(f"| limit of chi-squared | scipy | {min(limits):+.1%} to {max(limits):+.1%} |")
    if not RIVAL.exists():
        print("| PSI | Evidently: not installed | |")
        return
    asked = json.dumps([[p.tolist(), q.tolist()] for p, q in pairs])
    answer = subprocess.run([RIVAL, "-c", EVIDENTLY], input=asked, capture_output=True, text=True, check=True)
    theirs = json.loads(answer.stdout.splitlines()[-1])
    differences = [abs(psi(p, q) - one) for (p, q), (one, _) in zip(pairs, theirs, strict=True)]
    print(f"| PSI | Evidently | {max(differences):.1e} |")
    nats = math.sqrt(math.log(2))  # Evidently takes natural logarithms, as scipy does unless it is told otherwise
    differences = [abs(js_distance(p, q) * nats - one) for (p, q), (_, one) in zip(pairs, theirs, strict=True)]
    print(f"| Jensen-Shannon distance, to the base e | Evidently | {max(differences):.1e} |")


def bench_memory() -> None:
    """One version in one process, after a day of traffic, with a full buffer."""
    print("\n| version | MB |\n|---|---|")
    rng = np.random.default_rng(0)
    wide = InstanceSpec((150,), tuple(Feature(f"c{index}", "category") for index in range(150)))
    cells = rng.integers(0, 100, (3000, 150)).astype(str).astype(object)
    for title, instance, rows in (
        ("8 numbers", InstanceSpec((8,)), normal(3000, rng)),
        ("150 categories", wide, cells),
    ):
        print(f"| {title} | {_memory(instance, rows, rng) / 1e6:.2f} (at most 2) |", flush=True)


def _memory(instance: InstanceSpec, rows: np.ndarray[Any, Any], rng: np.random.Generator) -> int:
    content = profile(instance, CLASSES, [rows], predictions(len(rows), 0.5, rng), rows=len(rows), data={}).to_json()
    answers = predictions(2, 0.5, rng)
    tracemalloc.start()
    binned = BinnedVersion.__new__(BinnedVersion)
    binned.statistics = VersionStatistics.from_json(content)
    live, buffer = LiveWindow(b"0" * 16, binned.statistics.slots), RowBuffer()
    for second in range(0, LONGEST_S, 10):
        live.add(np.ones(binned.statistics.slots, np.int64), 1.8e9 + second)
    while not buffer.add(np.array(rows[:2].tolist(), rows.dtype), answers):
        pass
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used


def bench_serve() -> None:
    """Requests a second with monitoring, against a service whose versions have nothing to compare with."""
    from contestants import JSON  # noqa: PLC0415 -- they need wrk and the trainer
    from load import Call  # noqa: PLC0415
    from serve import Bench, in_turns, p99_ms, rate, ratio  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        shutil.copytree(bench.folder / "store", bench.folder / "without")
        for manifest in (bench.folder / "without").glob("*/*/manifest.json"):
            document = json.loads(manifest.read_text("utf-8"))
            document["files"].pop("statistics.json", None)
            manifest.write_text(json.dumps(document), "utf-8")
            manifest.with_name("statistics.json").unlink(missing_ok=True)
        instances = np.random.default_rng(0).random((1, 8)).round(4).tolist()
        row = Call("/v1/models/mlp:predict", json.dumps({"instances": instances}).encode(), JSON)
        sides = {"with": bench.onehot(row), "without": bench.onehot(row, "without")}
        measured = in_turns(sides, bench)
    print("\n| one row of 8-12-8-3, JSON | requests a second | p99, ms |\n|---|---|---|")
    for name, loads in measured.items():
        print(f"| {name} monitoring | {rate(loads):,.0f} | {p99_ms(loads):.1f} |")
    print(f"| ratio | {ratio(measured['with'], measured['without']):.3f} (at least 0.97) | |")


def main() -> None:
    """Run the cases that are named, or all."""
    benches = {"windows": bench_windows, "found": bench_found, "definitions": bench_definitions,
               "memory": bench_memory, "serve": bench_serve}  # fmt: skip
    for name in sys.argv[1:] or CASES:
        benches[name]()


if __name__ == "__main__":
    main()
