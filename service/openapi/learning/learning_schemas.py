"""Schemas of capture, feedback and live quality."""

from typing import Any

from models.capture.capture_settings import DEFAULT_KEEP_DAYS, MOST_COLUMNS, MOST_DAYS
from models.capture.feedback_items import REQUEST_ID
from service.openapi.json_schema import (
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NULL,
    NUMBER,
    STRING,
    TEXT,
    Schema,
    array,
    either,
    enumeration,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

SOME_REQUEST = "5f2c7a0e9d1b4c3f8a6e2d4b1c0f9e8d"
SHARE: Schema = nullable(NUMBER)
INTERVAL: Schema = either(NULL, array(NUMBER, minItems=2, maxItems=2)) | {"description": "Of 95 %"}
SAMPLE: Schema = {"type": "number", "minimum": 0, "maximum": 1, "description": "The share of the requests"}
KEEP_DAYS: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": MOST_DAYS,
    "default": DEFAULT_KEEP_DAYS,
    "description": "For how many days rows are kept after the day of their request",
}
DROP: Schema = array(TEXT, maxItems=MOST_COLUMNS, description="Columns that are never kept")
LABEL: Schema = {"description": "A class by its name or its index; a number of a regression; a list of several"}
ANY: Schema = {"description": "Any value"}
ITEM: dict[str, Any] = {
    "request_id": pattern(REQUEST_ID, description="The X-Request-Id of the prediction"),
    "index": {"type": "integer", "minimum": 0, "default": 0, "description": "The row's place in the request"},
    "label": LABEL,
    "model": STRING | {"description": "The model that it is about, where one id was used with several"},
}
FIGURES: dict[str, Any] = {
    "correct": INTEGER,
    "accuracy": SHARE,
    "interval": INTERVAL,
    "mean_absolute_error": SHARE,
    "mean_absolute_error_interval": INTERVAL,
    "root_mean_squared_error": SHARE,
    "root_mean_squared_error_interval": INTERVAL,
}
CLASS: dict[str, Any] = {"class": ANY}

SCHEMAS: dict[str, Schema] = {
    "CaptureRequest": object_of(["sample"], sample=SAMPLE, keep_days=KEEP_DAYS, drop=DROP)
    | {"description": "What is to be captured"},
    "Capture": object_of(
        model=STRING,
        enabled=BOOLEAN,
        sample=SAMPLE,
        keep_days=KEEP_DAYS,
        drop=DROP,
        columns=either(NULL, array(STRING)) | {"description": "That are kept of the default version; null of no table"},
    )
    | {"description": "What is captured of a model"},
    "CapturedRows": object_of(
        model=STRING,
        rows=array(
            object_of(
                request_id=STRING,
                index=INTEGER,
                at=DATE_TIME,
                version=INTEGER,
                predicted=ANY,
                margin=SHARE
                | {"description": "Between what was predicted and what comes next; the smaller, the less sure"},
                label=ANY,
                instance=ANY | {"description": "As it came: by column of a table, else nested lists"},
            )
        ),
    )
    | {"description": "Captured rows"},
    "Erased": object_of(model=STRING, request_id=STRING, rows=INTEGER, labels=INTEGER)
    | {"description": "How many rows and labels of a request were erased"},
    "FeedbackItem": object_of(["request_id", "label"], **ITEM) | {"description": "The true label of one row"},
    "Feedback": object_of(
        [], **ITEM, items=array(reference("FeedbackItem"), minItems=1, maxItems=10_000, description="Several labels")
    )
    | {"description": "One label, or several as `items`"},
    "FeedbackTaken": object_of(accepted=INTEGER) | {"description": "How many labels were taken"},
    "Quality": object_of(
        ["model", "since", "until", "version", "task", "rows", "labelled", "unknown_labels", "is_complete"],
        model=STRING,
        since=nullable(DATE_TIME),
        until=nullable(DATE_TIME),
        version=nullable(INTEGER),
        task=enumeration("classification", "regression", None),
        rows=INTEGER | {"description": "Captured rows"},
        labelled=INTEGER | {"description": "Those with a label that the version can have given"},
        unknown_labels=INTEGER | {"description": "Those whose label is no class of the version, or no number"},
        is_complete=BOOLEAN | {"description": "Whether all kept rows were looked at, or the newest of very many"},
        **FIGURES,
        classes=array(
            object_of(
                **CLASS,
                labelled=INTEGER,
                correct=INTEGER,
                recall=SHARE,
                recall_interval=INTERVAL,
                predicted=INTEGER,
                precision=SHARE,
                precision_interval=INTERVAL,
            )
        ),
        versions=array(
            object_of(["version", "rows", "labelled"], version=INTEGER, rows=INTEGER, labelled=INTEGER, **FIGURES)
        ),
    )
    | {"description": "How good the predictions of a model were"},
}
CAPTURE = {
    "model": "digits",
    "enabled": True,
    "sample": 0.1,
    "keep_days": 30,
    "drop": ["name", "email"],
    "columns": None,
}
ONE = {"request_id": SOME_REQUEST, "index": 0, "label": "seven"}
EXAMPLES: dict[str, Any] = {
    "CaptureRequest": {"sample": 0.1, "keep_days": 30, "drop": ["name", "email"]},
    "Capture": CAPTURE,
    "CapturedRows": {
        "model": "iris",
        "rows": [
            {"request_id": SOME_REQUEST, "index": 0, "at": "2026-01-01T00:00:00.000+00:00", "version": 3,
             "predicted": "virginica", "margin": 0.04, "label": None,
             "instance": {"sepal_length": 6.1, "sepal_width": 2.8, "petal_length": 4.9, "petal_width": 1.8}},
        ],
    },
    "Erased": {"model": "iris", "request_id": SOME_REQUEST, "rows": 1, "labels": 1},
    "FeedbackItem": ONE,
    "Feedback": {"items": [ONE, {"request_id": SOME_REQUEST, "index": 1, "label": "two"}]},
    "FeedbackTaken": {"accepted": 2},
    "Quality": {
        "model": "digits", "since": None, "until": None, "version": None, "task": "classification", "rows": 1200,
        "labelled": 400, "unknown_labels": 0, "is_complete": True, "correct": 392, "accuracy": 0.98,
        "interval": [0.961, 0.9898],
        "classes": [
            {"class": "seven", "labelled": 40, "correct": 39, "recall": 0.975, "recall_interval": [0.871, 0.996],
             "predicted": 41, "precision": 0.951, "precision_interval": [0.839, 0.987]},
        ],
        "versions": [{"version": 3, "rows": 1200, "labelled": 400, "correct": 392, "accuracy": 0.98,
                      "interval": [0.961, 0.9898]}],
    },
}  # fmt: skip
