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

__all__ = ["EXAMPLES", "SCHEMAS", "SEARCH_STATUSES"]

SEARCH_STATUSES = ("running", "finished", "failed", "canceled")
TRIAL_STATUSES = ("running", "paused", "finished", "failed")
ANY: Schema = {"description": "Any value"}
ERROR = either(NULL, reference("TrialError")) | {"description": "Why it failed"}

SCHEMAS: dict[str, Schema] = {
    "SpecSearch": object_of(
        ["space"],
        space=mapping(
            reference("SearchParameter"), minProperties=1, maxProperties=50, description="Path of the spec → its values"
        ),
        objective=TEXT | {"description": "`val_` and the loss or a metric; by default `val_loss`"},
        trials=nullable({"type": "integer", "minimum": 1, "maximum": 1000}),
        parallel={"type": "integer", "minimum": 1, "maximum": 64},
        sampler=enumeration("tpe", "random", "grid"),
        prune=enumeration("asha", "none"),
        timeout_s=either(NULL, {"type": "number", "exclusiveMinimum": 0}),
        repeats={"type": "integer", "minimum": 1, "maximum": 20},
    )
    | {"description": "What is tried, how often, and what decides"},
    "SearchParameter": either(reference("SearchInt"), reference("SearchFloat"), reference("SearchChoice"))
    | {"description": "The values that one path of the spec may have"},
    "SearchInt": object_of(["int"], int=array(INTEGER, minItems=2, maxItems=2), log=BOOLEAN, step=INTEGER)
    | {"description": "Whole numbers from one to another"},
    "SearchFloat": object_of(["float"], float=array(NUMBER, minItems=2, maxItems=2), log=BOOLEAN, step=NUMBER)
    | {"description": "Numbers from one to another"},
    "SearchChoice": object_of(["choice"], choice=array(ANY, minItems=1, maxItems=100))
    | {"description": "One of some values"},
    "SearchSummary": object_of(
        id=pattern("^[0-9a-f]{32}$"),
        model=STRING,
        status=enumeration(*SEARCH_STATUSES),
        objective=STRING,
        direction=enumeration("maximize", "minimize"),
        sampler=STRING,
        prune=STRING,
        parallel=INTEGER,
        trial_count=INTEGER | {"description": "How many there will be"},
        begun=INTEGER | {"description": "How many have begun"},
        best=either(NULL, reference("BestTrial")),
        created_at=DATE_TIME,
        ended_at=nullable(DATE_TIME),
        result=either(NULL, reference("JobResult")) | {"description": "What the winner published"},
        error=ERROR,
    )
    | {"description": "What a list shows of a search"},
    "TrialError": object_of([], additional=True, type=STRING | {"description": "Its class"}, message=STRING)
    | {"description": "Why a trial or a search failed"},
    "BestTrial": object_of(trial=INTEGER, value=NUMBER, parameters=mapping(ANY, description="Path → value"))
    | {"description": "The best trial so far"},
    "Search": object_of(
        [],
        additional=True,
        id=STRING,
        status=enumeration(*SEARCH_STATUSES),
        spec=reference("Spec"),
        trials=array(reference("Trial")),
        rungs=array(INTEGER, description="Epochs after which trials are compared"),
        winner=either(NULL, reference("Winner")),
        importances=either(NULL, mapping(NUMBER)) | {"description": "Path → its share in what the trials differ by"},
    )
    | {"description": "A search with its trials"},
    "Winner": object_of(trial=INTEGER, value=NUMBER, job_id=STRING)
    | {"description": "The trial that is published, and the job that trained it"},
    "Trial": object_of(
        number=INTEGER,
        status=enumeration(*TRIAL_STATUSES),
        value=nullable(NUMBER, description="Of the objective, on the highest rung that it reached"),
        epochs=INTEGER,
        rung=nullable(INTEGER),
        parameters=mapping(ANY),
        jobs=array(reference("TrialJob")),
    )
    | {"description": "One choice of values, trained"},
    "TrialJob": object_of(
        id=STRING,
        rung=INTEGER,
        repeat=INTEGER,
        status=enumeration("open", "finished", "failed", "stopped", "canceled"),
        value=nullable(NUMBER),
        epochs=nullable(INTEGER),
        weights_sha256=nullable(STRING),
        history=array(nullable(NUMBER), description="The objective, epoch by epoch"),
        error=ERROR,
    )
    | {"description": "One training of a trial"},
    "Searches": object_of(
        ["searches"], searches=array(reference("SearchSummary"), description="The newest first"), next=NEXT
    )
    | {"description": "A page of searches"},
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
TRIAL_JOB = {
    "id": "0123456789abcdef0123456789abcdef",
    "rung": 0,
    "repeat": 0,
    "status": "finished",
    "value": 0.97,
    "epochs": 5,
    "weights_sha256": "9f" * 32,
    "history": [0.9, 0.93, 0.95, 0.96, 0.97],
    "error": None,
}
TRIAL = {
    "number": 1,
    "status": "finished",
    "value": 0.97,
    "epochs": 5,
    "rung": 0,
    "parameters": {"fit.batch_size": 16},
    "jobs": [TRIAL_JOB],
}
SEARCH = {"id": SUMMARY["id"], "status": "running", "trials": [TRIAL], "rungs": [5, 15], "winner": None}
BATCH_SIZE = {"choice": [16, 32, 64]}
EXAMPLES: dict[str, Any] = {
    "SpecSearch": {"objective": "val_accuracy", "trials": 8, "parallel": 2, "space": {"fit.batch_size": BATCH_SIZE}},
    "SearchParameter": BATCH_SIZE,
    "SearchInt": {"int": [8, 128], "log": True},
    "SearchFloat": {"float": [1.0e-4, 1.0e-2], "log": True},
    "SearchChoice": BATCH_SIZE,
    "SearchSummary": SUMMARY,
    "TrialError": {"type": "TrainingDiverged", "message": "loss is not a finite number after epoch 1"},
    "BestTrial": SUMMARY["best"],
    "Search": SEARCH,
    "Winner": {"trial": 1, "value": 0.97, "job_id": "0123456789abcdef0123456789abcdef"},
    "Trial": TRIAL,
    "TrialJob": TRIAL_JOB,
    "Searches": {"searches": [SUMMARY]},
}
