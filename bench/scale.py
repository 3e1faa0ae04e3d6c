"""What a deployment costs as it grows: `python bench/scale.py [polling] [start] [idle] [large] [queue] [predictions]`.

Counts are exact on any machine: requests to the store, commands to the queue's server, CPU seconds of the service. What
follows from them for 1 000, 100 000 and 10 million predictions a second is in the last table, by plain arithmetic.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import obstore
from scale_load import Client, keep_asking
from scale_site import Site

from models.store.store import Store
from service.registry.store_listing import observe_store
from service.registry.store_watch import StoreWatch
from tests.slow_bucket import URL, slow_bucket

MODELS, REPLICAS = 1000, 100
WINDOW_S = 10.0
POLL_S = 1.0
FULL_LOOKS_S = (10, 300)
"""The default, and what the component `store-object` sets."""
FOLLOWERS = 20
UTILIZATION = 0.7
"""What the autoscaler keeps a pod's cores at."""
LAYOUT = ("claim.json", "model.onnx", "model.keras", "report.json", "spec.yaml", "manifest.json")
IDLE_VERSIONS, LARGE_VERSIONS, DELAY_MS = 3, 100, 15
RATES = (1_000, 100_000, 10_000_000)
BATCH = 100


def row(*cells: object) -> None:
    """A line of a table."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title: str, *names: str) -> None:
    """The head of a table."""
    print(f"\n{title}\n")
    row(*names)
    row(*["---"] * len(names))


def polling(site: Site) -> None:
    """100 replicas look at 1 000 models in one bucket, once a second each: what the bucket hears."""
    with site.bucket() as bucket:
        store = bucket.store()
        _fill(store)
        watches = [StoreWatch(store, full_every_s=3600) for _ in range(REPLICAS)]
        full, full_s = _asked(bucket.requests, lambda: observe_store(store))
        head(f"Polling: {REPLICAS} replicas, {MODELS} models, one bucket, a look every {POLL_S:g} s",
             "what", "requests", "a second")  # fmt: skip
        row("a full look of one replica", full, f"takes {full_s:.2f} s")
        row(
            "all replicas, by full looks alone (how it is not done)", full * REPLICAS, f"{full * REPLICAS / POLL_S:.0f}"
        )
        first, _ = _asked(bucket.requests, lambda: _each(watches))
        row("all replicas begin", first, "once")
        for every_s in FULL_LOOKS_S:
            row(f"full looks, one in {every_s} s", full * REPLICAS, f"{full * REPLICAS / every_s:.1f}")
        began = bucket.requests()
        seconds = _look_every_second(watches)
        steady = bucket.requests() - began
        row(f"{seconds:.0f} s in which nothing changes", steady, f"{steady / seconds:.0f}")
        store.publish(*site.draft("m-500"))
        changed, _ = _asked(bucket.requests, lambda: _each(watches))
        row("one model has changed, each replica looks once", changed, f"{changed / REPLICAS:.0f} a replica")
    _polling_a_folder(site.folder / "polled")


def _polling_a_folder(folder: Path) -> None:
    store = Store.open(folder)
    _fill(store)
    watch = StoreWatch(store, full_every_s=3600)
    full_s = _cpu_s(lambda: observe_store(store))
    watch.look()
    look_s = _cpu_s(lambda: [watch.look() for _ in range(100)]) / 100
    head(f"Polling a folder of {MODELS} models", "what", "CPU time")
    row("a full look", f"{full_s * 1000:.0f} ms")
    row("a look when nothing has changed", f"{look_s * 1e6:.0f} µs")


def _fill(store: Store) -> None:
    """Models of one version each; only their names matter here."""
    paths = [f"m-{number}/1/{file}" for number in range(MODELS) for file in LAYOUT]
    paths += [f"m-{number}/labels.json" for number in range(MODELS)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda path: obstore.put(store.objects, path, b"{}"), paths))


def _asked(requests: Callable[[], int], call: Callable[[], object]) -> tuple[int, float]:
    """How many requests a call makes, and how long it takes."""
    before, began_s = requests(), time.monotonic()
    call()
    return requests() - before, time.monotonic() - began_s


def _each(watches: Sequence[StoreWatch]) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda watch: watch.look(), watches))


def _look_every_second(watches: Sequence[StoreWatch]) -> float:
    """All look once a second, each at its own moment, as replicas do; how long that went on."""
    began_s = time.monotonic()

    def _replica(watch: StoreWatch, number: int) -> None:
        for turn in range(round(WINDOW_S / POLL_S)):
            time.sleep(max(0.0, began_s + (turn + number / len(watches)) * POLL_S - time.monotonic()))
            watch.look()

    threads = [threading.Thread(target=_replica, args=(watch, number)) for number, watch in enumerate(watches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began_s


def _cpu_s(call: Callable[[], object]) -> float:
    began_s = time.process_time()
    call()
    return time.process_time() - began_s


def start(site: Site) -> None:
    """A replica of one process that begins with 1 000 models: how long, how much memory, how many requests."""
    head(f"A replica begins with {MODELS} models of 5 kB", "store", "ready after", "memory", "requests to the bucket")
    folder = site.folder / "started"
    for models in (0, MODELS):
        site.publish(folder, models)
        with site.service(ONEHOT_STORE=str(folder)) as service:
            row(f"folder, {models} models", f"{service.ready_s:.1f} s", f"{service.memory_mb():.0f} MB", "")
    with site.bucket() as bucket:
        bucket.copy(folder)
        for what in ("bucket, empty cache", "bucket, after a restart"):
            before = bucket.requests()
            with site.service(ONEHOT_STORE=bucket.url, **bucket.environment) as service:
                row(what, f"{service.ready_s:.1f} s", f"{service.memory_mb():.0f} MB", bucket.requests() - before)


def idle(site: Site) -> None:
    """A service of two processes with 1 000 models of three versions that nothing is asked of."""
    folder = site.folder / "idle"
    head(f"{MODELS} models of {IDLE_VERSIONS} versions, two processes, no request", "store", "share of a core")
    for models in (0, MODELS):
        site.fill(folder, models, IDLE_VERSIONS)
        with site.service(ONEHOT_STORE=str(folder), ONEHOT_WORKERS="2") as service:
            time.sleep(WINDOW_S)
            began_s, used_s = time.monotonic(), service.all_cpu_s()
            time.sleep(6 * WINDOW_S)
            share = (service.all_cpu_s() - used_s) / (time.monotonic() - began_s)
            row(f"folder, {models} models", f"{share:.1%}")


def large(site: Site) -> None:
    """The first prediction of a service that begins on a bucket of 800 000 objects, 15 ms a request."""
    head(f"{MODELS} models of {LARGE_VERSIONS} versions in a bucket, {DELAY_MS} ms a request", "what", "after")
    with slow_bucket(models=MODELS, versions=LARGE_VERSIONS, delay_ms=DELAY_MS) as environment:
        for model in (f"m-{MODELS // 2:05}", f"m-{MODELS - 1:05}"):
            with site.service(is_ready=False, ONEHOT_STORE=URL, **environment) as service:
                row(f"the first prediction of {model}", f"{service.first_prediction_s(model):.1f} s")


def queue(site: Site) -> None:
    """What workers, jobs and those who follow them ask of the queue's server: commands, and its CPU time."""
    head("The queue's server", "what", "commands", "CPU time of the server")
    with site.queue() as server, ExitStack() as stack:
        told = {"ONEHOT_REDIS_URL": server.url, "ONEHOT_STORE": str(site.folder / "queued")}
        service = stack.enter_context(site.service(**told))
        stack.enter_context(site.worker(**told))
        server.wait_for_a_worker()
        row(f"one idle worker, {WINDOW_S:g} s", *server.cost(lambda: time.sleep(WINDOW_S)))
        row("one training of 150 epochs, submitted, trained, asked for until it ends", *server.cost(service.train))
        job = service.train()
        began_s = service.cpu_s()
        row(f"{FOLLOWERS} clients follow a job that waits, {WINDOW_S:g} s",
            *server.cost(lambda: service.follow(FOLLOWERS, WINDOW_S)))  # fmt: skip
        used_s = service.cpu_s() - began_s
        row("… CPU time of the service for one of them", "", f"{used_s / FOLLOWERS / WINDOW_S * 1000:.1f} ms a second")
        del job


def predictions(site: Site) -> None:
    """CPU time of the service for a prediction, and what follows from it."""
    folder = site.folder / "predicting"
    site.publish(folder, 1)
    head("Predictions, the classic 8-12-8-3, one process", "request", "CPU time", "a second and core", "bytes")
    costs = {}
    with site.service(ONEHOT_STORE=str(folder)) as service:
        for rows in (1, BATCH):
            client = Client(service.port, "/v1/models/m-0:predict", rows=rows)
            keep_asking(client, seconds=1)
            began_s = service.cpu_s()
            done = keep_asking(client, seconds=WINDOW_S / 2)
            costs[rows] = (service.cpu_s() - began_s) / done
            row(f"{rows} rows, JSON", f"{costs[rows] * 1e6:.0f} µs", f"{rows / costs[rows]:,.0f} rows", client.bytes)
        memory_mb = service.memory_mb()
    _what_follows(costs, memory_mb)


def _what_follows(costs: dict[int, float], memory_mb: float) -> None:
    head(f"What follows, at {UTILIZATION:.0%} of each core, 4 cores and processes a pod", "predictions a second",
         "sent as", "cores", "pods", "memory", "looks at the store a month")  # fmt: skip
    for rate in RATES:
        for rows, cost_s in costs.items():
            cores = rate / rows * cost_s / UTILIZATION
            pods = max(2, -(-cores // 4))
            looks = pods / POLL_S * 3600 * 24 * 30
            row(f"{rate:,}", f"{rows} rows a request", f"{cores:,.1f}", f"{pods:,.0f}",
                f"{pods * 4 * memory_mb / 1000:,.1f} GB", f"{looks / 1e6:,.0f} million")  # fmt: skip


SECTIONS = {
    "polling": polling,
    "start": start,
    "idle": idle,
    "large": large,
    "queue": queue,
    "predictions": predictions,
}


def chosen(names: Sequence[str]) -> Iterator[Callable[[Site], None]]:
    """The sections that are asked for."""
    for name in names or SECTIONS:
        if name not in SECTIONS:
            raise SystemExit(f"bench: expected one of {', '.join(SECTIONS)}; received {name!r}")
        yield SECTIONS[name]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for section in list(chosen(sys.argv[1:])):
            section(Site(Path(place)))
