"""Schemas of jobs and of uploaded data sets."""

from typing import Any

from service.openapi.json_schema import (
    DATE_TIME,
    INTEGER,
    NEXT,
    NULL,
    NUMBER,
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

__all__ = ["EXAMPLES", "SCHEMAS", "STATUSES"]

STATUSES = (
    "created", "queued", "started", "finished", "failed", "stopped", "canceled", "deferred", "scheduled",
    "ready_to_enqueue", "rate_limited",
)  # fmt: skip
METRICS: Schema = mapping(nullable(NUMBER))
SOME_DIGEST = "9f" * 32

SCHEMAS: dict[str, Schema] = {
    "Job": object_of(
        id=STRING,
        status={"enum": list(STATUSES)},
        model=nullable(STRING),
        queue=STRING,
        created_at=nullable(DATE_TIME),
        enqueued_at=nullable(DATE_TIME),
        started_at=nullable(DATE_TIME),
        ended_at=nullable(DATE_TIME),
        jobs_ahead=nullable(INTEGER, description="Behind how many others it waits, while it is queued"),
        progress=either(NULL, reference("Progress")),
        error=either(NULL, object_of(type=STRING, message=STRING)),
        result=either(NULL, reference("JobResult")),
    ),
    "Progress": object_of(
        [],
        additional=True,
        epoch=INTEGER,
        epochs=INTEGER,
        metrics=METRICS,
        eta_s=nullable(NUMBER, description="Seconds that are left, about"),
        stopped=STRING | {"description": "Why this was the last epoch, where a callback stopped the training"},
    ),
    "JobResult": object_of(
        ["model"],
        additional=True,
        model=STRING,
        version=INTEGER | {"description": "That was published; trials of a search publish none"},
        metrics=METRICS,
        gate={"type": ["object", "null"]},
        verdict=STRING | {"description": "Why `stable` did not move to the version, where its gate does not hold"},
        added_activation=nullable(STRING, description="What makes probabilities of the logits of the last layer"),
        warnings=array(STRING, description="What is wrong with the version all the same"),
        passed_over={"type": "object", "description": "Folder of images → other files in it, counted"},
    ),
    "Jobs": object_of(["jobs"], jobs=array(reference("Job"), description="The newest first"), next=NEXT),
    "Dataset": object_of(
        source=pattern("^dataset://[0-9a-f]{64}$", description="What `data.source` of a spec says"),
        name=STRING,
        sha256=pattern("^[0-9a-f]{64}$"),
        size=INTEGER | {"description": "In bytes"},
        rows=nullable(INTEGER),
        created_at=DATE_TIME,
    ),
    "Datasets": object_of(["datasets"], datasets=array(reference("Dataset")), next=NEXT),
}
JOB = {
    "id": "0123456789abcdef0123456789abcdef",
    "status": "started",
    "model": "iris",
    "queue": "train",
    "created_at": "2026-01-01T00:00:00.000+00:00",
    "enqueued_at": "2026-01-01T00:00:00.000+00:00",
    "started_at": "2026-01-01T00:00:01.000+00:00",
    "ended_at": None,
    "jobs_ahead": None,
    "progress": {"epoch": 3, "epochs": 15, "metrics": {"loss": 0.4}, "eta_s": 12.5},
    "error": None,
    "result": None,
}
DATASET = {
    "source": f"dataset://{SOME_DIGEST}",
    "name": "iris.csv",
    "sha256": SOME_DIGEST,
    "size": 2734,
    "rows": 150,
    "created_at": "2026-01-01T00:00:00+00:00",
}
EXAMPLES: dict[str, Any] = {
    "Job": JOB,
    "Jobs": {"jobs": [JOB]},
    "Dataset": DATASET,
    "Datasets": {"datasets": [DATASET]},
}
