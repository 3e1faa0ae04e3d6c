"""Schemas of jobs and of uploaded data sets."""

from typing import Any

from service.openapi.json_schema import (
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
    enumeration,
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
METRICS: Schema = mapping(nullable(NUMBER), description="Name → value; null where it is not a finite number")
SOME_DIGEST = "9f" * 32

SCHEMAS: dict[str, Schema] = {
    "Job": object_of(
        id=STRING,
        status=enumeration(*STATUSES),
        model=nullable(STRING, description="That it trains a version of"),
        queue=STRING | {"description": "`train`, or `train-gpu` where the spec asks for GPUs"},
        created_at=nullable(DATE_TIME),
        enqueued_at=nullable(DATE_TIME),
        started_at=nullable(DATE_TIME),
        ended_at=nullable(DATE_TIME),
        jobs_ahead=nullable(INTEGER, description="Behind how many others it waits, while it is queued"),
        progress=either(NULL, reference("Progress")) | {"description": "Where a training is that has begun"},
        error=either(NULL, reference("JobError")) | {"description": "Why it failed"},
        result=either(NULL, reference("JobResult")) | {"description": "What it published"},
    )
    | {"description": "One queued execution of a spec"},
    "Progress": object_of(
        [],
        additional=True,
        epoch=INTEGER | {"description": "The last that has ended"},
        epochs=INTEGER | {"description": "How many there are at most"},
        metrics=METRICS,
        eta_s=nullable(NUMBER, description="Seconds that are left, about"),
        stopped=STRING | {"description": "Why this was the last epoch, where a callback stopped the training"},
        fold=object_of(
            ["repeat", "repeats", "fold", "folds"], repeat=INTEGER, repeats=INTEGER, fold=INTEGER, folds=INTEGER
        )
        | {"description": "Which training of a cross-validation this is; absent of the version's own"},
        trained_before=INTEGER | {"description": "Epochs of other trainings of the job, before this one"},
    )
    | {"description": "How far a training is"},
    "JobError": object_of(
        type=STRING | {"description": "Its class"},
        message=STRING | {"description": "One sentence that says what to do"},
    )
    | {"description": "Why a job failed"},
    "JobResult": object_of(
        ["model"],
        additional=True,
        model=STRING,
        version=INTEGER | {"description": "That was published; trials of a search publish none"},
        metrics=METRICS,
        gate=nullable(OBJECT, description="The spec's gate, and how each of its conditions came out"),
        verdict=STRING | {"description": "Why `stable` did not move to the version, where its gate does not hold"},
        added_activation=nullable(STRING, description="What makes probabilities of the logits of the last layer"),
        warnings=array(STRING, description="What is wrong with the version all the same"),
        passed_over=OBJECT | {"description": "Folder of images → other files in it, counted"},
        cross_validation=OBJECT | {"description": "Of `fit.folds` and `fit.repeats`: metric → mean and interval"},
    )
    | {"description": "The version that a training published"},
    "Jobs": object_of(["jobs"], jobs=array(reference("Job"), description="The newest first"), next=NEXT)
    | {"description": "A page of jobs"},
    "Dataset": object_of(
        source=pattern("^dataset://[0-9a-f]{64}$", description="What `data.source` of a spec says"),
        name=STRING | {"description": "The name that it was uploaded under"},
        sha256=pattern("^[0-9a-f]{64}$", description="Of its bytes"),
        size=INTEGER | {"description": "In bytes"},
        rows=nullable(INTEGER, description="Null where that is not known"),
        created_at=DATE_TIME,
    )
    | {"description": "An uploaded file that a spec can name"},
    "Datasets": object_of(["datasets"], datasets=array(reference("Dataset")), next=NEXT)
    | {"description": "A page of data sets"},
}
JOB: dict[str, Any] = {
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
    "Progress": JOB["progress"],
    "JobError": {"type": "DataError", "message": "iris.csv: expected a column 'species'; received petal, sepal"},
    "JobResult": {"model": "iris", "version": 3, "metrics": {"accuracy": 0.96}, "warnings": []},
    "Jobs": {"jobs": [JOB]},
    "Dataset": DATASET,
    "Datasets": {"datasets": [DATASET]},
}
