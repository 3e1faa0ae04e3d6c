"""A search under kills at seeded random moments: the same trials, values and winner as one that nothing disturbed.

KILLS=10 asks for the long form.
"""

import json
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
import pytest

from models.runs.summary import summary_of
from models.searches.search_document import RUNNING, search_ids
from models.spec import load_spec
from service.jobs.search_queue import SearchQueue
from service.jobs.training_queue import Jobs
from tests.e2e.trainer.conftest import START_S, wait_for
from tests.timing import promised_s

KILLS = int(os.environ.get("KILLS", "2"))
TRIALS, EPOCHS = (8, 90) if KILLS > 2 else (6, 45)
SEARCH_S = promised_s(100)
"""What a search may take that takes half a minute on two idle cores."""
RATE = "compile.optimizer.adam.learning_rate"

pytestmark = pytest.mark.timeout(60 + 2 * SEARCH_S + 60 * KILLS)


def document(model: str, **search: Any) -> dict[str, Any]:
    """A spec whose trials take about a second, and pause."""
    return {
        "model": model, "seed": 3, "data": {"source": "classic.npz", "validation": 0.2, "test": 0.2},
        "layers": [{"Dense": {"units": 12, "activation": "relu"}}, {"Dropout": {"rate": 0.3}},
                   {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": EPOCHS, "batch_size": 10},
        "search": {"objective": "val_loss", "trials": TRIALS, "parallel": 2, "prune": "asha",
                   "space": {"layers.0.Dense.units": {"int": [4, 32], "log": True},
                             "layers.1": {"choice": ["on", "off"]},
                             RATE: {"float": [1e-4, 1e-1], "log": True}}, **search},
    }  # fmt: skip


@pytest.fixture
def searches(site: Any) -> SearchQueue:
    """As the service has them."""
    return SearchQueue(Jobs(site.client), site.store)


@pytest.fixture
def start(searches: SearchQueue) -> Callable[..., str]:
    """Start a search of a model; its id."""

    def submit(model: str, **search: Any) -> str:
        written = document(model, **search)
        return str(searches.submit(load_spec(written), written, {})["id"])

    return submit


def ended(searches: SearchQueue, search_id: str, *, deadline_s: float) -> dict[str, Any]:
    """The document of a search once it has ended."""
    end_s = time.monotonic() + deadline_s
    while (found := searches.get(search_id))["status"] == RUNNING:
        assert time.monotonic() < end_s, f"not within {deadline_s} s: {found['jobs']}"
        time.sleep(0.1)
    return found


def outcome(search: dict[str, Any]) -> Any:
    """Everything of a search that its seed decides."""
    jobs = [(job["trial"], job["rung"], job["status"], job["value"], job["epochs"], job["weights_sha256"])
            for job in search["jobs"]]  # fmt: skip
    trials = [(trial["parameters"], trial["value"], trial["status"]) for trial in search["trials"]]
    return jobs, trials, (search["winner"]["trial"], search["winner"]["value"])


def disturb(site: Any, drawn: random.Random) -> None:
    """Kill a work-horse, a worker, or the queue's server, which comes back with its data."""
    kind = drawn.choice(("horse", "worker", "server"))
    workers = [psutil.Process(worker.pid) for worker in site.workers if worker.poll() is None]
    with suppress(psutil.NoSuchProcess):
        if kind == "server":
            site.server.kill()
            site.server.wait()
            site.start_server()
        elif kind == "worker" and workers:
            drawn.choice(workers).kill()
            site.keep_workers(2)
        else:
            horses = [horse for worker in workers for horse in worker.children()]
            for horse in horses[:1]:
                horse.kill()


def test_a_search_that_is_killed_again_and_again_equals_one_that_is_not(
    site: Any, searches: SearchQueue, start: Callable[..., str]
) -> None:
    """The same trials with the same values, no trial lost or done twice, and the same bits in the winner's version."""
    site.keep_workers(2)
    calm = ended(searches, start("calm"), deadline_s=SEARCH_S)
    assert calm["status"] == "finished", calm["error"]
    assert len(calm["trials"]) == TRIALS
    search_id, drawn = start("wild"), random.Random(KILLS)
    for _ in range(KILLS):
        time.sleep(drawn.uniform(0.2, 3.0))
        disturb(site, drawn)
    wild = ended(searches, search_id, deadline_s=SEARCH_S + 60 * KILLS)
    assert outcome(wild) == outcome(calm)
    digests = {site.store.manifest(model, 1).weights_sha256 for model in ("calm", "wild")}
    assert len(digests) == 1
    assert site.store.versions("wild") == [1]
    check_records(site, wild)


def check_records(site: Any, search: dict[str, Any]) -> None:
    """Each job of a trial is a run, with its data and what was measured on validation rows; the winner alone has more.

    The job that started the search is none.
    """
    folder, search_id = site.folder / "store" / search["model"] / "runs", search["id"]
    trials = {job["job_id"]: job for job in search["jobs"]}
    winner = search["winner"]["job_id"]
    wait_for(
        lambda: {path.stem for path in folder.glob("*.json")} == {*trials, winner}, says="every job has its record"
    )
    texts = {path.stem: path.read_text() for path in folder.glob("*.json")}
    held_out = site.store.manifest(search["model"], 1).data["test_sha256"]
    assert [run for run, text in texts.items() if held_out in text] == [winner]
    runs = {run: json.loads(text) for run, text in texts.items()}
    assert runs[winner]["test"]["sha256"] == held_out
    assert runs[winner]["search"] == {"id": search_id, "trial": search["winner"]["trial"]}
    for run, job in trials.items():
        record = runs[run]
        assert record["search"] == {"id": search_id, "trial": job["trial"]}
        assert record["data"]["rows"] == {"train": 60, "validation": 20}
        assert record["data"]["profile"]["rows"] == 60
        assert record["test"] is None
        assert set(record["metrics"]) == {"validation"}
        assert record["metrics"]["validation"]["loss"] == pytest.approx(job["value"])
        assert record["history"]["val_loss"], "the curve of the epochs of this rung"
        assert record["first_epoch"] + len(record["history"]["val_loss"]) - 1 == job["epochs"]
        assert summary_of(record)["metrics"] == {}, "which are those of test rows"


def test_nothing_is_left_of_a_search_but_its_document_its_records_and_its_version(
    site: Any, searches: SearchQueue, start: Callable[..., str], wait_for: Callable[..., Any]
) -> None:
    """Also of one that is canceled: what waits never starts, and nothing is published."""
    site.keep_workers(2)
    search_id = start("canceled", trials=40)
    wait_for(lambda: searches.get(search_id)["jobs"], deadline_s=START_S, says="it begins")
    searches.cancel(search_id)
    assert ended(searches, search_id, deadline_s=START_S)["status"] == "canceled"
    wait_for(lambda: not site.client.smembers("onehot:search-jobs"), deadline_s=START_S, says="its jobs are heard of")
    assert site.store.versions("canceled") == []
    assert search_ids(site.store, "canceled") == [search_id]
    folder = site.folder / "store" / "canceled" / "checkpoints"
    wait_for(lambda: not list(folder.rglob("*.checkpoint")), deadline_s=START_S, says="its checkpoints are gone")
