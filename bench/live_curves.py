"""The memory of the web page while a training is watched: `python bench/live_curves.py [SECONDS] [EPOCHS A SECOND]`.

A service, a queue's server and a headless Chromium run here; epochs are put into the queue as a trainer would. Printed
is what JavaScript holds after a collection, and how many nodes the page has, ten times.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from scale_site import Site

from tests.e2e.conftest import Browser, start_browser

LOOKS = 10
SPEC = {
    "model": "iris", "data": {"source": "sklearn://iris"}, "compile": {"loss": "categorical_crossentropy"},
    "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
}  # fmt: skip


@contextmanager
def training(url: str, redis: Redis, per_s: float) -> Iterator[str]:
    """A job that seems to train; its id."""
    job_id = httpx.post(f"{url}/v1/jobs", json=SPEC, trust_env=False).raise_for_status().json()["id"]
    Job.fetch(job_id, connection=redis, serializer=JSONSerializer).set_status(JobStatus.STARTED)
    done = threading.Event()

    def tell() -> None:
        epoch = 0
        while not done.wait(1 / per_s):
            epoch += 1
            metrics = dict.fromkeys(("loss", "val_loss", "accuracy", "val_accuracy"), 1 / epoch)
            event = {"event": "epoch", "epoch": epoch, "epochs": 10**6, "metrics": metrics, "eta_s": 60.0}
            redis.rpush(f"onehot:job:{job_id}:events", json.dumps(event))

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        yield job_id
    finally:
        done.set()
        teller.join()


def held(browser: Browser) -> tuple[float, int]:
    """Megabytes that JavaScript holds after a collection, and nodes of the page."""
    browser.call("HeapProfiler.collectGarbage")
    used: dict[str, Any] = browser.call("Runtime.getHeapUsage")
    return used["usedSize"] / 2**20, browser.run("document.querySelectorAll('*').length")


def watch(browser: Browser, url: str, seconds: float) -> None:
    """Print a line now and then."""
    browser.open(url)
    browser.wait("document.querySelector('#curves canvas')")
    print("| s | epoch | MB held | nodes |\n| --- | --- | --- | --- |", flush=True)
    began_s = time.monotonic()
    for number in range(1, LOOKS + 1):
        time.sleep(max(0.0, began_s + seconds * number / LOOKS - time.monotonic()))
        epoch = browser.run("document.querySelector('progress').value")
        megabytes, nodes = held(browser)
        print(f"| {seconds * number / LOOKS:.0f} | {epoch:.0f} | {megabytes:.1f} | {nodes} |", flush=True)


if __name__ == "__main__":
    duration_s, per_s = float((sys.argv[1:] or ["1800"])[0]), float((sys.argv[2:] or ["5"])[0])
    with tempfile.TemporaryDirectory() as place:
        site = Site(Path(place))
        store = str(Path(place) / "store")
        with site.queue() as queue, site.service(ONEHOT_REDIS_URL=queue.url, ONEHOT_STORE=store) as service:
            chromium = start_browser(Path(place))
            try:
                with queue.client() as connection, training(service.url, connection, per_s) as job:
                    watch(chromium, f"{service.url}/#/runs/{job}", duration_s)
            finally:
                chromium.process.terminate()
                chromium.process.wait()
