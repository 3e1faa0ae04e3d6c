"""Schemas of searches, and of the part of a spec that asks for one."""

from typing import Any

from service.openapi.json_schema import (
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NEXT,
    NULL,
    NUMBER,
    STRING,
    TEXT,
    Schema,
    array,
    either,
    enumeration,
    mapping,
    nullable,
    object_of,
    pattern,
    reference,
)
from service.openapi.spec_schemas import SPEC

__all__ = ["CANCELED_SEARCH", "EXAMPLES", "NEW_SEARCH", "SCHEMAS", "SEARCHED_SPEC", "SEARCH_STATUSES"]

SEARCH_STATUSES = ("running", "finished", "failed", "canceled")
TRIAL_STATUSES = ("waiting", "running", "paused", "finished", "failed", "canceled")
ANY: Schema = {"description": "Any value"}
PARAMETERS = mapping(ANY, description="Path in the spec → the value that was tried")
ERROR = either(NULL, object_of([], additional=True, type=STRING, message=STRING)) | {"description": "Why it failed"}
SUMMARY_FIELDS: dict[str, Schema] = {
    "id": pattern("^[0-9a-f]{32}$"),
    "model": STRING,
    "status": enumeration(*SEARCH_STATUSES),
    "objective": STRING | {"description": "The metric that decides"},
    "direction": enumeration("maximize", "minimize"),
    "sampler": STRING,
    "prune": STRING,
    "parallel": INTEGER | {"description": "How many trials train at a time"},
    "trial_count": INTEGER | {"description": "How many there will be"},
    "begun": INTEGER | {"description": "How many have begun"},
    "best": either(NULL, reference("BestTrial")),
    "created_at": DATE_TIME,
    "ended_at": nullable(DATE_TIME),
    "result": either(NULL, reference("JobResult")) | {"description": "The version that its winner became"},
    "error": ERROR,
}

SCHEMAS: dict[str, Schema] = {
    "SpecSearch": object_of(
        ["space"],
        space=mapping(
            reference("SearchParameter"),
            minProperties=1,
            maxProperties=50,
            description="Path in the spec, as `layers.0.Dense.units` → what is tried there",
        ),
        objective=TEXT | {"description": "`val_` and the loss or a metric; by default `val_loss`"},
        trials=nullable(
            {"type": "integer", "minimum": 1, "maximum": 1000}, description="20 where absent; of a grid all"
        ),
        parallel={"type": "integer", "minimum": 1, "maximum": 64, "description": "How many trials train at a time"},
        sampler=enumeration("tpe", "random", "grid"),
        prune=enumeration("asha", "none", description="`asha` trains on only those that are promising"),
        timeout_s=either(NULL, {"type": "number", "exclusiveMinimum": 0})
        | {"description": "After which the trials that are left are canceled"},
        repeats={"type": "integer", "minimum": 1, "maximum": 20, "description": "Trainings of each trial"},
    )
    | {"description": "What a search tries, and how the best trial is found"},
    "SearchParameter": object_of(
        [],
        int=array(INTEGER, minItems=2, maxItems=2, description="The lowest and the highest whole number"),
        float=array(NUMBER, minItems=2, maxItems=2, description="The lowest and the highest number"),
        choice=array(ANY, minItems=1, maxItems=100, description="The values"),
        log=nullable(BOOLEAN, description="Whether numbers are drawn by their logarithm"),
        step=nullable(NUMBER, description="Between two numbers"),
    )
    | {"description": "One of `int`, `float` and `choice`; numbers with `log` or `step`", "minProperties": 1},
    "SearchSummary": object_of(additional=False, **SUMMARY_FIELDS)
    | {"description": "A search without its spec and its trials"},
    "BestTrial": object_of(
        trial=INTEGER | {"description": "Its number, from 0"},
        value=NUMBER | {"description": "Of the objective"},
        parameters=PARAMETERS,
    )
    | {"description": "The best of the trials that were trained the longest so far"},
    "Search": object_of(
        additional=False,
        **SUMMARY_FIELDS,
        spec=reference("Spec"),
        trials=array(reference("Trial")),
        rungs=array(INTEGER, description="Epochs after which trials are compared"),
        winner=either(NULL, object_of([], additional=True, trial=INTEGER, value=NUMBER, job_id=STRING))
        | {"description": "The trial whose version is published, and the job that does it"},
        importances=either(NULL, mapping(NUMBER)) | {"description": "Path → its share in what decided"},
    )
    | {"description": "A search for hyperparameters"},
    "Trial": object_of(
        number=INTEGER | {"description": "From 0"},
        status=enumeration(*TRIAL_STATUSES, description="`waiting` where none of its jobs has begun"),
        value=nullable(NUMBER, description="Of the objective, on the highest rung that it reached"),
        epochs=INTEGER,
        rung=nullable(INTEGER),
        parameters=PARAMETERS,
        jobs=array(reference("TrialJob")),
    )
    | {"description": "One set of parameters, and how it came out"},
    "TrialJob": object_of(
        id=STRING | {"description": "Of the job, and of its run"},
        rung=INTEGER,
        repeat=INTEGER,
        status=enumeration("open", "finished", "failed", "stopped", "canceled"),
        value=nullable(NUMBER),
        epochs=nullable(INTEGER),
        weights_sha256=nullable(STRING),
        history=array(nullable(NUMBER), description="The objective, epoch by epoch"),
        error=ERROR,
    )
    | {"description": "A job that trains a trial up to a rung"},
    "Searches": object_of(
        ["searches"], searches=array(reference("SearchSummary"), description="The newest first"), next=NEXT
    )
    | {"description": "A page of searches"},
}
SPEC_SEARCH: dict[str, Any] = {
    "space": {
        "layers.0.Dense.units": {"int": [4, 32], "log": True},
        "fit.batch_size": {"choice": [8, 16, 32]},
    },
    "objective": "val_accuracy", "trials": 24, "parallel": 2, "prune": "asha",
}  # fmt: skip
SEARCHED_SPEC = SPEC | {"search": SPEC_SEARCH}
BEST = {"trial": 1, "value": 0.95, "parameters": {"layers.0.Dense.units": 12, "fit.batch_size": 16}}
SUMMARY = {
    "id": "0190a5f2c00000000000000000000000", "model": "iris", "status": "running", "objective": "val_accuracy",
    "direction": "maximize", "sampler": "tpe", "prune": "asha", "parallel": 2, "trial_count": 24, "begun": 2,
    "best": BEST, "created_at": "2026-01-01T00:00:00.000+00:00", "ended_at": None, "result": None, "error": None,
}  # fmt: skip
TRIAL_JOB = {
    "id": "5e1c0f7a9b3d4e2f8a6c7b5d4e3f2a1b", "rung": 0, "repeat": 0, "status": "finished", "value": 0.95, "epochs": 2,
    "weights_sha256": "9f" * 32, "history": [0.9, 0.95], "error": None,
}  # fmt: skip
OPEN_JOB = {
    "id": "0b9d8c7e6f5a4b3c2d1e0f9a8b7c6d5e", "rung": 0, "repeat": 0, "status": "open", "value": None, "epochs": None,
    "weights_sha256": None, "history": [], "error": None,
}  # fmt: skip
TRIAL = {"number": 1, "status": "paused", "value": 0.95, "epochs": 2, "rung": 0, "parameters": BEST["parameters"],
         "jobs": [TRIAL_JOB]}  # fmt: skip
OPEN_TRIAL = {
    "number": 0, "status": "running", "value": None, "epochs": 0, "rung": None, "jobs": [OPEN_JOB],
    "parameters": {"layers.0.Dense.units": 7, "fit.batch_size": 32},
}  # fmt: skip
MORE = {"spec": SEARCHED_SPEC, "winner": None, "importances": None}
SEARCH = SUMMARY | MORE | {"rungs": [2], "trials": [OPEN_TRIAL, TRIAL]}
NEW_SEARCH = SEARCH | {"begun": 0, "best": None, "rungs": [], "trials": []}
CANCELED_SEARCH = SEARCH | {"status": "canceled", "ended_at": "2026-01-01T00:00:09.000+00:00"}
EXAMPLES: dict[str, Any] = {
    "SpecSearch": SPEC_SEARCH,
    "SearchParameter": {"int": [4, 32], "log": True},
    "SearchSummary": SUMMARY,
    "BestTrial": BEST,
    "Search": SEARCH,
    "Trial": TRIAL,
    "TrialJob": TRIAL_JOB,
    "Searches": {"searches": [SUMMARY]},
}
