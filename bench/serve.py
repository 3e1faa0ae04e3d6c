"""The service against its rivals and against the bare session, side by side on this machine.

    python bench/serve.py [rivals] [cnn] [large] [hundred] [scrape] [publish] [start]

Everything runs beside everything else that is compared with it, in turns; the tables hold medians. Environment:
ROUNDS (5), SECONDS (3, a whole number), RIVALS (names of folders in bench/rivals; all).
"""

import io
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from cold_start import first_answer_s, proportional_set_size_mb, usual_environment
from contestants import JSON, ROOT, Contestant, Running, onehot, rivals, running
from load import Call, Load, drive, generator_version
from published import Published, publish_models
from scrapes import ask_each, scraping

from models.api_keys import ApiKeyFile
from onehot.local.server import free_port

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS", "3"))
CASES = ("rivals", "cnn", "large", "hundred", "scrape", "publish", "start")
LARGE_ROWS = 1024
SCRAPED_MODELS = 500
SCRAPE_S = 1.0
"""Fifteen times as often as Prometheus usually asks."""
BINARY = {"Content-Type": "application/octet-stream"}
PATIENCE_S = 30.0
SETTLED_S = 0.25
SETTLED_SHARE = 0.2
"""Of one core, that a server may use when nobody asks it for anything."""


class Bench:
    """The published models, the keys, and what was measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.published: Published = publish_models(folder)
        self._keys = ApiKeyFile(folder / "keys.json")
        _, self._key = self._keys.add(["predict"])

    def onehot(self, call: Call, store: str = "store", **settings: str) -> Contestant:
        """The service, asked in one way."""
        return onehot(self.folder / store, call, key=self._key, keys_file=self._keys.path, **settings)

    def rivals(self, model: str, instances: list[Any]) -> dict[str, Contestant]:
        """The others on the graph of a model."""
        return rivals(self.published.graph(model), self.published.network(model), instances)

    def bare(self, model: str, batch: np.ndarray[Any, Any], call: Call) -> Contestant:
        """The bare session on a batch, whatever comes."""
        np.save(self.folder / f"{model}-batch.npy", batch)
        command = (sys.executable, "bench/bare.py", str(self.published.graph(model)),
                   str(self.folder / f"{model}-batch.npy"), "PORT")  # fmt: skip
        return Contestant("bare session", command, ROOT, call)


def in_turns(
    contestants: Mapping[str, Contestant], bench: Bench, *, rounds: int = ROUNDS, seconds: int = SECONDS
) -> dict[str, list[Load]]:
    """Start all, warm each up, and let them take turns."""
    with running(contestants, bench.folder) as started:
        for one in started.values():
            drive(one.port, one.contestant.call, seconds=1)
            settle(one)
        measured: dict[str, list[Load]] = {name: [] for name in started}
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}: {', '.join(started)}", file=sys.stderr)
            # Whoever comes first in one round comes last in the next: what is before a turn is part of its conditions.
            for name, one in list(started.items())[:: -1 if number % 2 else 1]:
                measured[name].append(drive(one.port, one.contestant.call, seconds=seconds))
                settle(one)
        return measured


def settle(one: Running) -> None:
    """Wait until a server has done what it was asked for: one that is slow still has requests when the load ends."""
    deadline = time.monotonic() + PATIENCE_S
    before_s = one.cpu_s()
    while time.monotonic() < deadline:
        time.sleep(SETTLED_S)
        after_s = one.cpu_s()
        if after_s - before_s < SETTLED_SHARE * SETTLED_S:
            return
        before_s = after_s


def rate(loads: Sequence[Load]) -> float:
    """The median of requests a second."""
    return statistics.median(load.requests_per_s for load in loads)


def p99_ms(loads: Sequence[Load]) -> float:
    """The median of the 99th percentiles."""
    return statistics.median(load.p99_ms for load in loads)


def ratio(ours: Sequence[Load], theirs: Sequence[Load]) -> float:
    """The median of what each round gave: both sides of a round had the same machine."""
    return statistics.median(one.requests_per_s / other.requests_per_s for one, other in zip(ours, theirs, strict=True))


def verdict(value: float, at_least: float) -> str:
    """A figure beside its bar."""
    return f"{value:.2f} (at least {at_least:g}: {'yes' if value >= at_least else 'NO'})"


def bench_rivals(bench: Bench) -> None:
    """One row of the classic network as JSON; two servers at a time, as some keep the machine busy without requests."""
    instances = [[0.1 * number for number in range(8)]]
    row = Call("/v1/models/mlp:predict", json.dumps({"instances": instances}).encode(), JSON)
    others = bench.rivals("mlp", instances)
    chosen = os.environ.get("RIVALS", " ".join(others)).split()
    print("\n| one row of 8-12-8-3, JSON | requests a second | p99, ms | Onehot beside it | p99, ms | times as fast |")
    print("|---|---|---|---|---|---|")
    for name in chosen:
        contestant = others[name]
        measured = in_turns({"onehot": bench.onehot(row), name: contestant}, bench)
        if name not in measured:
            print(f"| {contestant.title} | not installed or not started | | | | |")
            continue
        ours, loads = measured["onehot"], measured[name]
        sides = " | ".join(f"{rate(side):,.0f} | {p99_ms(side):.1f}" for side in (loads, ours))
        print(f"| {contestant.title} | {sides} | {verdict(ratio(ours, loads), contestant.ours_at_least)} |", flush=True)


def bench_cnn(bench: Bench) -> None:
    """Single images, against the bare session on the same cores under the same generator."""
    image = np.random.default_rng(1).random((1, 28, 28, 1)).round(3).astype(np.float32)
    instances = json.dumps({"instances": image.astype(np.float64).round(3).tolist()}).encode()
    print("\n| one image of 28 × 28 | rows a second | of the bare session |\n|---|---|---|")
    for model, network in (("cnn", "32 and 64 filters"), ("cnn128", "32 and 64 filters, Dense 128")):
        row = Call(f"/v1/models/{model}:predict", instances, JSON)
        calls = {"JSON": row, **array_calls(model, image)}
        contestants = {name: bench.onehot(call) for name, call in calls.items()}
        contestants["bare"] = bench.bare(model, image, row)
        measured = in_turns(contestants, bench)
        for name, loads in measured.items():
            title = "bare session, 2 processes" if name == "bare" else f"Onehot, {name}"
            compared = "" if name == "bare" else verdict(ratio(loads, measured["bare"]), 0.8)
            print(f"| {network}: {title} | {rate(loads):,.0f} | {compared} |", flush=True)


def bench_large(bench: Bench) -> None:
    """1 024 rows of 784 values in one request."""
    rows = np.random.default_rng(2).random((LARGE_ROWS, 784)).round(3).astype(np.float32)
    instances = rows.astype(np.float64).round(3).tolist()
    body = Call("/v1/models/dense:predict", json.dumps({"instances": instances}).encode(), JSON)
    calls = {**array_calls("dense", rows), "JSON": body}
    contestants = {name: bench.onehot(call) for name, call in calls.items()}
    contestants["bare"] = bench.bare("dense", rows, calls["binary V2"])
    contestants["fastapi"] = bench.rivals("dense", instances)["fastapi"]
    measured = in_turns(contestants, bench)
    print("\n| 1 024 rows × 784, Dense 512 | requests a second | of the bare session | of FastAPI |\n|---|---|---|---|")
    for name, loads in measured.items():
        title = {"bare": "bare session, 2 processes", "fastapi": "FastAPI, JSON"}.get(name, f"Onehot, {name}")
        of_bare = ratio(loads, measured["bare"])
        compared = f"{of_bare:.2f}" if name in ("JSON", "bare", "fastapi") else verdict(of_bare, 0.8)
        of_fastapi = verdict(ratio(loads, measured["fastapi"]), 3) if name == "JSON" and "fastapi" in measured else ""
        print(f"| {title} | {rate(loads):.1f} | {compared} | {of_fastapi} |")


def array_calls(model: str, rows: np.ndarray[Any, Any]) -> dict[str, Call]:
    """The same rows as a binary tensor and as a file of numpy."""
    content = rows.tobytes()
    tensor = {"name": "x", "shape": list(rows.shape), "datatype": "FP32",
              "parameters": {"binary_data_size": len(content)}}  # fmt: skip
    header = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    file = io.BytesIO()
    np.save(file, rows)
    npy = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
    return {
        "binary V2": Call(f"/v2/models/{model}/infer", header + content,
                          {**BINARY, "Inference-Header-Content-Length": str(len(header))}),
        "npy": Call(f"/v1/models/{model}:predict", file.getvalue(), npy),
    }  # fmt: skip


def bench_hundred(bench: Bench) -> None:
    """The same request with one and with a hundred loaded models."""
    bench.published.copy_model("mlp", "one", 1)
    bench.published.copy_model("mlp", "hundred", 100)
    call = Call("/v1/models/mlp-1:predict", json.dumps({"instances": [[0.1] * 8]}).encode(), JSON)
    contestants = {store: bench.onehot(call, store) for store in ("one", "hundred")}
    # Many short turns: five in a hundred is less than the machine varies from one turn to the next.
    measured = in_turns(contestants, bench, rounds=4 * ROUNDS, seconds=1)
    print(f"\n| loaded models | requests a second | of one |\n|---|---|---|\n| 1 | {rate(measured['one']):,.0f} | |")
    print(f"| 100 | {rate(measured['hundred']):,.0f} | {verdict(ratio(measured['hundred'], measured['one']), 0.95)} |")


def bench_scrape(bench: Bench) -> None:
    """Predictions with and without scrapes of the metrics beside them, in turns; every model has its series."""
    bench.published.copy_model("mlp", "scraped", SCRAPED_MODELS)
    paths = [f"/v1/models/mlp-{number}:predict" for number in range(1, SCRAPED_MODELS + 1)]
    call = Call(paths[0], json.dumps({"instances": [[0.1] * 8]}).encode(), JSON)
    quiet, scraped, ratios, pages = [], [], [], []
    with running({"onehot": bench.onehot(call, "scraped")}, bench.folder) as started:
        one = started["onehot"]
        series = len(ask_each(one.port, paths * 2, call.body, dict(one.contestant.call.headers)))
        drive(one.port, one.contestant.call, seconds=1)
        for _ in range(2 * ROUNDS):
            settle(one)
            quiet.append(drive(one.port, one.contestant.call, seconds=SECONDS))
            settle(one)
            with scraping(one.port, every_s=SCRAPE_S) as scrapes:
                scraped.append(drive(one.port, one.contestant.call, seconds=SECONDS))
            pages.append(scrapes)
            ratios.append(scraped[-1].p99_ms / quiet[-1].p99_ms)
    compared = statistics.median(ratios)
    title = f"{SCRAPED_MODELS} models, {series:,} series"
    print(f"\n| {title} | requests a second | p99, ms | of without |\n|---|---|---|---|")
    print(f"| no scrapes | {rate(quiet):,.0f} | {p99_ms(quiet):.2f} | |")
    print(f"| {sum(one.count for one in pages)} scrapes of {pages[-1].sent_bytes / 1e3:.0f} kB, one a second | "
          f"{rate(scraped):,.0f} | {p99_ms(scraped):.2f} | {compared:.2f} (at most 1.2: "
          f"{'yes' if compared <= 1.2 else 'NO'}) |")  # fmt: skip


def bench_publish(bench: Bench) -> None:
    """From a publish to the moment when every connection is answered by the new version."""
    bench.published.copy_model("mlp", "live", 1)
    call = Call("/v1/models/mlp-1:predict", json.dumps({"instances": [[0.1] * 8]}).encode(), JSON)
    seconds = []
    with running({"onehot": bench.onehot(call, "live")}, bench.folder) as started:
        for number in range(2, 2 + ROUNDS):
            began_s = time.perf_counter()
            bench.published.publish_again("live", "mlp-1")
            _wait_for_version(started["onehot"], number)
            seconds.append(time.perf_counter() - began_s)
    print(f"\n| publish → all 16 connections answered by the new version | {statistics.median(seconds):.2f} s, "
          f"longest {max(seconds):.2f} s (at most 2 s) |\n|---|---|")  # fmt: skip


def _wait_for_version(one: Running, number: int) -> None:
    call = one.contestant.call
    clients = [httpx.Client(base_url=f"http://127.0.0.1:{one.port}") for _ in range(16)]
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answers = [client.post(call.path, content=call.body, headers=dict(call.headers)) for client in clients]
        if {answer.headers["X-Onehot-Model-Version"] for answer in answers} == {str(number)}:
            break
    for client in clients:
        client.close()


def bench_start(bench: Bench) -> None:
    """Process start to first prediction, against a process that imports tensorflow; memory of 10 models."""
    bench.published.copy_model("mlp", "ten", 10)
    ours, theirs, memory = [], [], []
    clean = usual_environment()
    for _ in range(1 + ROUNDS):
        port = free_port()
        ours.append(first_answer_s(
            [sys.executable, "-m", "service"], f"http://127.0.0.1:{port}/v1/models/mlp-1:predict",
            {**clean, "ONEHOT_STORE": str(bench.folder / "ten"), "ONEHOT_BIND": f"127.0.0.1:{port}"},
            lambda pid: memory.append(proportional_set_size_mb(pid))))  # fmt: skip
        began_s = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import tensorflow"], env=clean, check=True, capture_output=True)
        theirs.append(time.perf_counter() - began_s)
    ours, theirs = ours[1:], theirs[1:]  # the first may have found modules that nobody had compiled
    start_s, framework_s = statistics.median(ours), statistics.median(theirs)
    print(f"\n| process start → first prediction, 2 workers, 10 models | {start_s:.2f} s (at most 1.0) |\n|---|---|")
    print(
        f"| of a process that imports tensorflow ({framework_s:.2f} s) | {start_s / framework_s:.2f} (at most 0.17) |"
    )
    print(f"| memory of 2 workers and their parent, 10 models | {statistics.median(memory):.0f} MB (at most 200) |")


def main(chosen: Sequence[str]) -> None:
    """Measure what was asked for, and print a table of each."""
    # A bench that is ended ends its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    unknown = [name for name in chosen if name not in CASES]
    if unknown:
        raise SystemExit(f"bench: expected some of {', '.join(CASES)}; received {', '.join(unknown)}")
    packages = ("gunicorn", "gevent", "flask", "onnxruntime", "numpy", "orjson")
    print(f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}, {generator_version()}, "
          + ", ".join(f"{name} {version(name)}" for name in packages)
          + f"; {ROUNDS} rounds of {SECONDS} s in turns")  # fmt: skip
    benches: dict[str, Callable[[Bench], None]] = {
        "rivals": bench_rivals, "cnn": bench_cnn, "large": bench_large, "hundred": bench_hundred,
        "scrape": bench_scrape, "publish": bench_publish, "start": bench_start,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in chosen or CASES:
            benches[name](bench)
            sys.stdout.flush()


if __name__ == "__main__":
    os.chdir(ROOT)
    main(sys.argv[1:])
