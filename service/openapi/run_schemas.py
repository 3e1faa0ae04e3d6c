"""Schemas of runs: the records of trainings, their list, their comparison."""

from typing import Any

from models.runs.person_fields import LONGEST_NOTE, MOST_TAGS, TAG
from service.openapi.json_schema import (
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NEXT,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Schema,
    array,
    either,
    mapping,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS", "SOME_RUN"]

SOME_RUN = "0123456789abcdef0123456789abcdef"
ANY: Schema = {"description": "Any value"}
OBJECT_OR_NULL: Schema = nullable(OBJECT)
METRICS: Schema = mapping(NUMBER)
ERROR: Schema = either(NULL, object_of(["type", "message"], additional=True, type=STRING, message=STRING)) | {
    "description": "Why it failed"
}
CELL: Schema = mapping(
    {"type": ["string", "integer"]}, description="The classes `true` and `predicted`; the counts `before` and `after`"
)
"""A mapping for the generators' sake: no field can be called `true` in Java."""
NULLABLE_NUMBERS: Schema = array(nullable(NUMBER))

SCHEMAS: dict[str, Schema] = {
    "Run": object_of(
        ["id", "model", "status", "tags", "note", "spec", "history", "metrics", "result", "error"],
        additional=True,
        format_version=INTEGER,
        id=STRING,
        model=nullable(STRING),
        status=STRING | {"description": "`finished`, `failed`, `stopped` or `canceled`"},
        queue=STRING | {"description": "`local` of a training without a queue"},
        worker=nullable(STRING),
        attempts=nullable(INTEGER),
        created_at=nullable(DATE_TIME),
        started_at=nullable(DATE_TIME),
        ended_at=nullable(DATE_TIME),
        enqueued_at=nullable(DATE_TIME),
        tags=array(STRING),
        note=STRING,
        search=OBJECT_OR_NULL | {"description": "The search that it is a trial of: `id`, `trial`"},
        spec_as_written=OBJECT_OR_NULL,
        spec=OBJECT_OR_NULL | {"description": "With every default filled in"},
        previous=either(
            NULL,
            object_of(id=STRING, differs=array(object_of(path=STRING, before=ANY, after=ANY))),
        )
        | {"description": "The run of this model before, and every path of the spec whose value differs"},
        seed=nullable(INTEGER),
        backend=nullable(STRING),
        package_versions=OBJECT_OR_NULL,
        data=OBJECT_OR_NULL | {"description": "Source, digest, rows of each part, profile of the training rows"},
        progress=OBJECT_OR_NULL,
        first_epoch=nullable(INTEGER),
        history=OBJECT_OR_NULL | {"description": "Metric → its value in each epoch from `first_epoch` on"},
        metrics=OBJECT_OR_NULL | {"description": "Part → metric → value"},
        test=OBJECT_OR_NULL | {"description": "Of the test rows: digest, which were right, confusion, intervals"},
        timings_s=OBJECT_OR_NULL | {"description": "Step → seconds"},
        cross_validation=OBJECT_OR_NULL
        | {"description": "Of `fit.folds` and `fit.repeats`: metric → mean and interval, and every score"},
        version=nullable(INTEGER),
        gate=OBJECT_OR_NULL,
        verdict=nullable(STRING, description="Why `stable` did not move to the version"),
        result=OBJECT_OR_NULL,
        error=ERROR,
    )
    | {"description": "The record of one training that has ended"},
    "RunSummary": object_of(
        ["id", "model", "status", "tags", "metrics"],
        additional=True,
        id=STRING,
        model=nullable(STRING),
        status=STRING,
        queue=STRING,
        worker=nullable(STRING),
        attempts=nullable(INTEGER),
        version=nullable(INTEGER),
        tags=array(STRING),
        note=STRING | {"description": "Its beginning"},
        search=OBJECT_OR_NULL,
        created_at=nullable(DATE_TIME),
        started_at=nullable(DATE_TIME),
        ended_at=nullable(DATE_TIME),
        duration_s=nullable(NUMBER),
        epochs=nullable(INTEGER, description="How many were done"),
        metrics=METRICS | {"description": "Of the test rows"},
        last_epoch=METRICS | {"description": "Of the last epoch; those of validation begin with `val_`"},
        gate_holds=nullable(BOOLEAN),
        verdict=nullable(STRING, description="Why `stable` did not move to the version"),
        seed=nullable(INTEGER),
        backend=nullable(STRING),
        error=ERROR,
        parameters=mapping(ANY, description="Path of the spec → value, of the paths that `parameter` asked for"),
    )
    | {"description": "A run in a line of a list"},
    "Runs": object_of(["runs"], runs=array(reference("RunSummary")), next=NEXT) | {"description": "A page of runs"},
    "RunPatch": object_of([], tags=array(pattern(TAG), maxItems=MOST_TAGS), note=STRING | {"maxLength": LONGEST_NOTE})
    | {"description": "The tags, the note or both, as they shall be"},
    "RunComparison": object_of(
        runs=array(reference("RunSummary"), description="As they were asked for; all other lists are in this order"),
        spec=array(
            object_of(path=STRING, values=array(ANY)),
            description="Every path whose value differs, with its value in each run; null stands for none",
        ),
        metrics=array(
            object_of(
                name=STRING,
                higher_is_better=BOOLEAN,
                best=array(BOOLEAN),
                values=NULLABLE_NUMBERS,
                intervals=array(either(NULL, array(NUMBER, minItems=2, maxItems=2))),
            ),
            description="Of the test rows, with intervals of 95 % where rows tell them",
        ),
        curves=array(
            object_of(name=STRING, runs=array(either(NULL, object_of(epochs=array(INTEGER), values=NULLABLE_NUMBERS)))),
            description="By epoch; thinned to 200 points",
        ),
        test_rows=object_of(same=BOOLEAN, sha256=array(nullable(STRING))),
        mcnemar=array(
            object_of(
                runs=array(STRING),
                rows=INTEGER,
                both=INTEGER,
                only_first=INTEGER,
                only_second=INTEGER,
                statistic=INTEGER,
                p_value=NUMBER,
                p_value_holm=NUMBER | {"description": "Corrected for the number of pairs, by Holm's method"},
            ),
            description="For each two runs that were measured on the same rows",
        ),
        confusion=array(
            object_of(
                runs=array(STRING),
                cells=array(CELL),
            ),
            description="Against the first run: how many rows of a class were taken for another, the largest "
            "differences first",
        ),
    )
    | {"description": "Runs side by side"},
}
OTHER_RUN = SOME_RUN[::-1]
SUMMARY = {
    "id": SOME_RUN, "model": "iris", "status": "finished", "queue": "train", "worker": "node-1.4711", "attempts": 1,
    "version": 3, "tags": ["baseline"], "note": "", "search": None, "created_at": "2026-01-01T00:00:00.000+00:00",
    "started_at": "2026-01-01T00:00:01.000+00:00", "ended_at": "2026-01-01T00:00:13.000+00:00", "duration_s": 12.0,
    "epochs": 15, "metrics": {"loss": 0.21, "accuracy": 0.96}, "last_epoch": {"loss": 0.2, "val_loss": 0.22},
    "gate_holds": True, "verdict": None, "seed": 7, "backend": "tensorflow", "error": None,
}  # fmt: skip
RUN = {
    "id": SOME_RUN, "model": "iris", "status": "finished", "tags": ["baseline"], "note": "",
    "spec": {"model": "iris", "fit": {"epochs": 15}}, "history": {"loss": [0.9, 0.4]}, "first_epoch": 1,
    "metrics": {"test": {"accuracy": 0.96}}, "result": {"model": "iris", "version": 3}, "version": 3, "error": None,
}  # fmt: skip
COMPARISON = {
    "runs": [SUMMARY, {**SUMMARY, "id": OTHER_RUN, "version": 4, "metrics": {"accuracy": 0.98}}],
    "spec": [{"path": "fit.epochs", "values": [15, 30]}],
    "metrics": [
        {"name": "accuracy", "higher_is_better": True, "best": [False, True], "values": [0.96, 0.98],
         "intervals": [[0.89, 0.99], [0.92, 1.0]]},
    ],
    "curves": [{"name": "val_loss", "runs": [{"epochs": [1, 2], "values": [0.9, 0.4]}, None]}],
    "test_rows": {"same": True, "sha256": ["9f" * 32, "9f" * 32]},
    "mcnemar": [
        {"runs": [SOME_RUN, OTHER_RUN], "rows": 150, "both": 143, "only_first": 1, "only_second": 4, "statistic": 1,
         "p_value": 0.375, "p_value_holm": 0.375},
    ],
    "confusion": [
        {"runs": [SOME_RUN, OTHER_RUN],
         "cells": [{"true": "versicolor", "predicted": "virginica", "before": 4, "after": 1}]},
    ],
}  # fmt: skip
EXAMPLES: dict[str, Any] = {
    "Run": RUN,
    "RunSummary": SUMMARY,
    "Runs": {"runs": [SUMMARY]},
    "RunPatch": {"tags": ["baseline", "2026-q1"], "note": "Before the new sensor"},
    "RunComparison": COMPARISON,
}
