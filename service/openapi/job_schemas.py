"""Jobs, the specs that they train, and uploaded data sets."""

from service.openapi.json_schema import (
    INTEGER,
    STRING,
    Content,
    Operation,
    Reply,
    Schema,
    array,
    either,
    json_reply,
    mapping,
    object_of,
    query,
    reference,
)
from service.openapi.spec_schemas import SCHEMAS as SPEC_SCHEMAS
from service.openapi.spec_schemas import SPEC

__all__ = ["OPERATIONS", "SCHEMAS"]

JOBS, DATASETS = "Jobs", "Data sets"
TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
NULL: Schema = {"type": "null"}
STATUSES = [
    "created",
    "queued",
    "started",
    "finished",
    "failed",
    "stopped",
    "canceled",
    "deferred",
    "scheduled",
    "ready_to_enqueue",
    "rate_limited",
]
KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "The same key with the same spec gives the same job; with another spec 409",
}
LAST_EVENT: Schema = {
    "name": "Last-Event-ID",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[0-9]{0,9}$"},
    "description": "The id of the last event that was seen: the stream goes on behind it",
}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
SOME_DIGEST = "9f" * 32
DATASET = {
    "source": f"dataset://{SOME_DIGEST}",
    "name": "iris.csv",
    "sha256": SOME_DIGEST,
    "size": 2734,
    "rows": 150,
    "created_at": "2026-01-01T00:00:00+00:00",
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
    "progress": {"epoch": 3, "epochs": 15, "metrics": {"loss": 0.4}, "eta_s": 12.5},
    "error": None,
    "result": None,
}
EVENTS = (
    "retry: 1000\n\n"
    'id: 0\nevent: epoch\ndata: {"event":"epoch","epoch":1,"epochs":15,"metrics":{"loss":0.9},"eta_s":14.0}\n\n'
    'id: 1\nevent: end\ndata: {"event":"end","status":"finished"}\n\n'
)
KINDS = ("application/octet-stream", "text/csv", "application/vnd.apache.parquet", "application/x-npz")

SCHEMAS: dict[str, Schema] = SPEC_SCHEMAS | {
    "Job": object_of(
        {
            "id": STRING,
            "status": {"enum": STATUSES},
            "model": {"type": ["string", "null"]},
            "queue": STRING,
            "created_at": TIME,
            "enqueued_at": TIME,
            "started_at": TIME,
            "ended_at": TIME,
            "progress": either(NULL, reference("Progress")),
            "error": either(NULL, object_of({"type": STRING, "message": STRING})),
            "result": either(NULL, reference("JobResult")),
        }
    ),
    "Progress": object_of(
        {
            "epoch": INTEGER,
            "epochs": INTEGER,
            "metrics": mapping({"type": ["number", "null"]}),
            "eta_s": {"type": ["number", "null"], "description": "Seconds that are left, about"},
        },
        required=(),
        open_to_more=True,
    ),
    "JobResult": object_of(
        {
            "model": STRING,
            "version": INTEGER,
            "metrics": mapping({"type": ["number", "null"]}),
            "gate": {"type": ["object", "null"]},
        },
        required=("model", "version"),
        open_to_more=True,
    ),
    "Jobs": object_of({"jobs": array(reference("Job"), description="The newest first")}),
    "Dataset": object_of(
        {
            "source": {
                "type": "string",
                "pattern": "^dataset://[0-9a-f]{64}$",
                "description": "What `data.source` of a spec says",
            },
            "name": STRING,
            "sha256": DIGEST,
            "size": INTEGER | {"description": "In bytes"},
            "rows": {"type": ["integer", "null"]},
            "created_at": {"type": "string", "format": "date-time"},
        }
    ),
    "Datasets": object_of({"datasets": array(reference("Dataset"))}),
}

OPERATIONS: dict[str, Operation] = {
    "jobs.submit": Operation(
        JOBS,
        "Queue the training that a spec describes",
        {
            202: json_reply(
                "It is queued",
                reference("Job"),
                JOB | {"status": "queued", "progress": None, "started_at": None},
                Location="The job",
            )
        },
        body=(Content(reference("Spec"), SPEC), Content(reference("Spec"), SPEC, "application/yaml")),
        parameters=(KEY,),
        errors=(400, 409, 413, 415, 503),
        description="A spec that cannot be trained is refused with every problem at once: each with its path, what was "
        "expected and what was received.",
    ),
    "jobs.list_jobs": Operation(
        JOBS,
        "The jobs that the queue knows",
        {200: json_reply("The jobs", reference("Jobs"), {"jobs": [JOB]})},
        parameters=(
            query("limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, "How many at most"),
        ),
        errors=(400, 503),
    ),
    "jobs.show": Operation(
        JOBS,
        "One job: status, progress, error, result",
        {200: json_reply("The job", reference("Job"), JOB)},
        errors=(404, 503),
    ),
    "jobs.cancel": Operation(
        JOBS, "Ask a job to stop", {202: json_reply("It was asked", reference("Job"), JOB)}, errors=(404, 409, 503)
    ),
    "jobs.follow_events": Operation(
        JOBS,
        "A job's events as they come, as server-sent events: one for each epoch, then the end",
        {
            200: Reply("The events", (Content(None, EVENTS, "text/event-stream"),)),
            204: Reply("The end was seen already: do not come again"),
        },
        parameters=(LAST_EVENT,),
        errors=(400, 404, 503),
    ),
    "datasets.upload": Operation(
        DATASETS,
        "Keep a data file under its digest",
        {201: json_reply("It can be named in a spec", reference("Dataset"), DATASET, Location="The data set")},
        body=tuple(Content(content_type=kind) for kind in KINDS),
        parameters=(
            query(
                "name",
                {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"},
                "A file name; its ending says what kind of file it is, else the content type does",
                required=True,
                example="iris.csv",
            ),
        ),
        errors=(400, 413, 503, 507),
        description="`.npz`, `.npy`, `.csv`, `.parquet`, `.json`, `.jsonl`, `.ndjson`. Pickles are never loaded.",
    ),
    "datasets.list_datasets": Operation(
        DATASETS,
        "Every uploaded data set",
        {200: json_reply("By name", reference("Datasets"), {"datasets": [DATASET]})},
        errors=(503,),
    ),
    "datasets.show": Operation(
        DATASETS,
        "The data set that a name or a digest means",
        {200: json_reply("The data set", reference("Dataset"), DATASET)},
        errors=(404, 503),
    ),
    "datasets.delete": Operation(
        DATASETS,
        "Take a data set away; versions that were trained on it stay",
        {204: Reply("It is gone")},
        errors=(404, 503),
    ),
}
