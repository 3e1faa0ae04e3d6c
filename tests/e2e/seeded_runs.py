"""Records of trainings and a search as trainers write them, put into a store without a training."""

import base64
import hashlib
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import obstore

from models.queue.search_step import job_id_of
from models.runs.record import make_record
from models.searches.search_document import SearchDocument, new_search
from models.store.store import Store

LONG = "a" + "-long" * 12
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
CLASSES = ["setosa", "versicolor", HOSTILE]
LARGE = 123_456_789_012.0
SEARCH = f"{1_767_225_600_000:012x}{'ab' * 10}"
RATE, UNITS = "compile.optimizer.Adam.learning_rate", "layers.0.Dense.units"
ACTIVATION = "layers.0.Dense.activation"
CROSS_VALIDATION = {
    "folds": 5, "repeats": 1, "groups": None, "rows": 450, "measured_on": "folds", "level": 0.95,
    "method": "corrected resampled t-test",
    "metrics": {"accuracy": {"mean": 0.91, "deviation": 0.02, "lower": 0.87, "upper": 0.95}},
    "scores": [
        {"repeat": 1, "fold": fold, "rows": 90, "epochs": 30, "metrics": {"accuracy": 0.9}} for fold in range(1, 6)
    ],
}  # fmt: skip
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def run_id(number: int) -> str:
    """The id of the run of a number."""
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()


def spec_of(number: int, model: str) -> dict[str, Any]:
    """A spec with every default, of which a few values differ from run to run."""
    return {
        "model": model, "backend": "tensorflow", "seed": 7, "data": {"source": "data/iris.csv", "target": "kind"},
        "layers": [{"Dense": {"units": 4 * (1 + number % 5), "activation": "relu"}}, {"Dense": {"units": 3}}],
        "compile": {"optimizer": {"Adam": {"learning_rate": 0.001 * (1 + number % 4)}}, "loss": "crossentropy"},
        "fit": {"epochs": 30, "batch_size": 16 * (1 + number % 3)},
    }  # fmt: skip


def record(number: int, model: str) -> dict[str, Any]:
    """A run; every ninth failed."""
    rng = np.random.default_rng(number)
    started = BEGIN + timedelta(minutes=number)
    right, is_failed = rng.random(90) < 0.8 + 0.15 * rng.random(), number % 9 == 8
    falling = [math.exp(-epoch / 9) + 0.05 * rng.random() for epoch in range(30)]
    history = {
        "loss": falling, "val_loss": [value + 0.08 for value in falling],
        "accuracy": [1 - value / 2 for value in falling], "val_accuracy": [0.97 - value / 2 for value in falling],
    }  # fmt: skip
    metrics = {"accuracy": float(right.mean()), "loss": LARGE if number == 3 else falling[-1]}
    test = {
        "sha256": "9f" * 32, "rows": 90, "right": base64.b64encode(np.packbits(right)).decode(), "class_names": CLASSES,
        "confusion": rng.integers(0, 30, (3, 3)).tolist(), "intervals": {"accuracy": [0.82, 0.95]},
    }  # fmt: skip
    job = {
        "id": run_id(number), "status": "failed" if is_failed else "finished", "model": model, "queue": "train",
        "created_at": started.isoformat(), "started_at": started.isoformat(),
        "ended_at": (started + timedelta(seconds=20 + number % 70)).isoformat(),
        "progress": {"epoch": 30, "epochs": 30, "metrics": {name: values[-1] for name, values in history.items()}},
        "error": {"type": "DataError", "message": f"class {HOSTILE}: no rows"} if is_failed else None,
        "result": None if is_failed else {"model": model, "version": number + 1, "metrics": metrics},
    }  # fmt: skip
    facts = {} if is_failed else {
        "metrics": {"test": metrics, "validation": {"accuracy": 0.9}}, "test": test,
        "data": {"source": "data/iris.csv", "sha256": "7e" * 32, "rows": {"train": 360, "validation": 90, "test": 90}},
        "cross_validation": CROSS_VALIDATION if number == 3 else None,
        "timings_s": {"data": 0.4, "build": 0.2, "fit": 12.5, "evaluate": 0.8, "export": 3.1},
        "package_versions": {"keras": "3.15.1", "tensorflow": "2.21.0"},
    }  # fmt: skip
    previous = {"id": run_id(number - 1), "differs": [{"path": UNITS, "before": 4, "after": 8}]} if number else None
    spec = spec_of(number, model)
    return make_record(
        job, spec, facts, attempts=1, worker="node-1.4711", tags=["baseline"] if number % 4 == 0 else [],
        note=HOSTILE if number == 3 else "", spec_as_written={name: spec[name] for name in ("model", "data", "layers")},
        first_epoch=1, history=history, previous=previous,
    )  # fmt: skip


def seed_runs(store: Store, count: int) -> list[str]:
    """So many runs of a few models, one of which has a long name; their ids."""
    models = ("iris", "digits", LONG)
    for number in range(count):
        found = record(number, models[number % 3])
        obstore.put(store.objects, f"{found['model']}/runs/{found['id']}.json", json.dumps(found).encode())
    return [run_id(number) for number in range(count)]


def seed_search(store: Store, *, trials: int = 18, **more: Any) -> str:
    """A search with ASHA on three rungs that has come to its winner; its id."""
    rng = np.random.default_rng(5)
    pairs = [_trial(number, rng) for number in range(trials)]
    shown, jobs = [trial for trial, _ in pairs], [job for _, job in pairs]
    best = max((trial for trial in shown if trial["rung"] == 2), key=lambda trial: trial["value"])
    document = new_search(SEARCH, "iris", _searched_spec(trials), {}) | {
        "trials": shown, "jobs": jobs, "status": "finished", "created_at": "2026-01-01T00:00:00.000+00:00",
        "ended_at": "2026-01-01T00:05:00.000+00:00", "importances": {RATE: 0.62, UNITS: 0.3, ACTIVATION: 0.08},
        "winner": {"trial": best["number"], "value": best["value"], "job_id": "0" * 32},
        "result": {"model": "iris", "version": 3, "metrics": {"accuracy": 0.93}},
    } | more  # fmt: skip
    SearchDocument(store, "iris", SEARCH).create(document)
    return SEARCH


def _searched_spec(trials: int) -> dict[str, Any]:
    spec = spec_of(0, "iris")
    return spec | {
        "data": {"source": "data/iris.csv"},
        "compile": {
            "optimizer": {"Adam": {"learning_rate": 0.001}}, "loss": "categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "layers": [{"Dense": {"units": 8, "activation": "relu"}}, {"Dense": {"units": 3, "activation": "softmax"}}],
        "search": {
            "objective": "val_accuracy", "trials": trials, "parallel": 2, "prune": "asha",
            "space": {
                UNITS: {"int": [4, 64]}, RATE: {"float": [1e-4, 1e-1], "log": True},
                ACTIVATION: {"choice": ["relu", "tanh"]},
            },
        },
    }  # fmt: skip


def _trial(number: int, rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    """A trial, and the job that brought it to its rung."""
    rung = 2 if number % 9 == 4 else 1 if number % 3 == 1 else 0
    epochs, value = (3, 9, 27)[rung], float(0.6 + 0.3 * rng.random() + 0.03 * rung)
    parameters = {
        UNITS: int(rng.integers(4, 64)), RATE: float(10 ** rng.uniform(-4, -1)),
        ACTIVATION: ("relu", "tanh")[number % 2],
    }  # fmt: skip
    trial = {
        "number": number, "numbers": {}, "parameters": parameters, "value": value, "epochs": epochs, "rung": rung,
        "status": "finished" if rung == 2 else "paused",
    }  # fmt: skip
    job = {
        "job_id": job_id_of(SEARCH, number, rung, 0), "trial": number, "rung": rung, "repeat": 0, "value": value,
        "status": "finished", "epochs": epochs, "error": None, "place": number + 1,
        "history": [value - 0.4 * math.exp(-epoch / 4) for epoch in range(epochs)],
    }  # fmt: skip
    return trial, job
