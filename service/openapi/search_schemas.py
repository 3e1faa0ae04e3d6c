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
    mapping,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS", "SEARCH_STATUSES"]

SEARCH_STATUSES = ("running", "finished", "failed", "canceled")
TRIAL_STATUSES = ("running", "paused", "finished", "failed")
ANY: Schema = {"description": "Any value"}
ERROR = either(NULL, object_of([], additional=True, type=STRING, message=STRING))

SCHEMAS: dict[str, Schema] = {
    "SpecSearch": object_of(
        ["space"],
        space=mapping(reference("SearchParameter"), minProperties=1, maxProperties=50),
        objective=TEXT | {"description": "`val_` and the loss or a metric; by default `val_loss`"},
        trials=nullable({"type": "integer", "minimum": 1, "maximum": 1000}),
        parallel={"type": "integer", "minimum": 1, "maximum": 64},
        sampler={"enum": ["tpe", "random", "grid"]},
        prune={"enum": ["asha", "none"]},
        timeout_s=either(NULL, {"type": "number", "exclusiveMinimum": 0}),
        repeats={"type": "integer", "minimum": 1, "maximum": 20},
    ),
    "SearchParameter": either(
        object_of(["int"], int=array(INTEGER, minItems=2, maxItems=2), log=BOOLEAN, step=INTEGER),
        object_of(["float"], float=array(NUMBER, minItems=2, maxItems=2), log=BOOLEAN, step=NUMBER),
        object_of(["choice"], choice=array(ANY, minItems=1, maxItems=100)),
    ),
    "SearchSummary": object_of(
        id=pattern("^[0-9a-f]{32}$"),
        model=STRING,
        status={"enum": list(SEARCH_STATUSES)},
        objective=STRING,
        direction={"enum": ["maximize", "minimize"]},
        sampler=STRING,
        prune=STRING,
        parallel=INTEGER,
        trial_count=INTEGER | {"description": "How many there will be"},
        begun=INTEGER | {"description": "How many have begun"},
        best=either(NULL, reference("BestTrial")),
        created_at=DATE_TIME,
        ended_at=nullable(DATE_TIME),
        result=either(NULL, reference("JobResult")),
        error=ERROR,
    ),
    "BestTrial": object_of(trial=INTEGER, value=NUMBER, parameters=mapping(ANY)),
    "Search": object_of(
        [],
        additional=True,
        id=STRING,
        status={"enum": list(SEARCH_STATUSES)},
        spec=reference("Spec"),
        trials=array(reference("Trial")),
        rungs=array(INTEGER, description="Epochs after which trials are compared"),
        winner=either(NULL, object_of(trial=INTEGER, value=NUMBER, job_id=STRING)),
        importances=either(NULL, mapping(NUMBER)),
    ),
    "Trial": object_of(
        number=INTEGER,
        status={"enum": list(TRIAL_STATUSES)},
        value=nullable(NUMBER, description="Of the objective, on the highest rung that it reached"),
        epochs=INTEGER,
        rung=nullable(INTEGER),
        parameters=mapping(ANY),
        jobs=array(reference("TrialJob")),
    ),
    "TrialJob": object_of(
        id=STRING,
        rung=INTEGER,
        repeat=INTEGER,
        status={"enum": ["open", "finished", "failed", "stopped", "canceled"]},
        value=nullable(NUMBER),
        epochs=nullable(INTEGER),
        weights_sha256=nullable(STRING),
        history=array(nullable(NUMBER), description="The objective, epoch by epoch"),
        error=ERROR,
    ),
    "Searches": object_of(
        ["searches"], searches=array(reference("SearchSummary"), description="The newest first"), next=NEXT
    ),
}
SUMMARY = {
    "id": "0190a5f2c00000000000000000000000",
    "model": "digits",
    "status": "running",
    "objective": "val_accuracy",
    "direction": "maximize",
    "sampler": "tpe",
    "prune": "asha",
    "parallel": 2,
    "trial_count": 24,
    "begun": 3,
    "best": {"trial": 1, "value": 0.97, "parameters": {"layers.0.Conv2D.filters": 32}},
    "created_at": "2026-01-01T00:00:00.000+00:00",
    "ended_at": None,
    "result": None,
    "error": None,
}
EXAMPLES: dict[str, Any] = {"SearchSummary": SUMMARY, "Searches": {"searches": [SUMMARY]}}
