"""Schemas of monitoring: live rows and predictions against the training's."""

from typing import Any

from service.openapi.json_schema import (
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Schema,
    array,
    either,
    nullable,
    object_of,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
FIGURE: Schema = nullable(NUMBER)
OUT_OF_RANGE: Schema = object_of(minimum=FIGURE, maximum=FIGURE, below=SHARE, above=SHARE)

SCHEMAS: dict[str, Schema] = {
    "ColumnDrift": object_of(
        ["name", "kind", "drifted", "psi", "psi_limit", "jensen_shannon", "jensen_shannon_limit", "missing", "bins"],
        name=STRING,
        kind=STRING | {"description": "`number` or `category`"},
        drifted=BOOLEAN | {"description": "Beyond chance, and by enough to matter"},
        psi=nullable(NUMBER, description="Population stability index to the training rows; null without live rows"),
        psi_limit=nullable(NUMBER, description="What chance rarely exceeds at this number of rows"),
        jensen_shannon=nullable(NUMBER, description="Distance of Jensen and Shannon, to the base 2"),
        jensen_shannon_limit=nullable(NUMBER, description="What chance rarely exceeds at this number of rows"),
        missing=object_of(training=SHARE, live=SHARE) | {"description": "Share of rows without a value"},
        out_of_range=OUT_OF_RANGE | {"description": "Of a number: the training's range, shares of rows outside"},
        unseen=SHARE | {"description": "Of a category: share of rows whose category no training row has"},
        bins=array(object_of(name=STRING, training=SHARE, live=SHARE), description="Shares of the rows with a value"),
    )
    | {"description": "One column of the live rows, or of what was predicted for them, against the training rows"},
    "Monitoring": object_of(
        model=STRING,
        version=INTEGER,
        window_s=NUMBER,
        since=nullable(INTEGER, description="When the window begins: seconds since 1970, at the beginning of a bucket"),
        is_complete=BOOLEAN | {"description": "Whether other services' rows are in it: the queue's server answered"},
        rows=INTEGER | {"description": "Rows that were compared"},
        rows_answered=INTEGER | {"description": "Rows that were answered; under much load not all are compared"},
        failures=INTEGER | {"description": "Requests on which the version failed"},
        training=OBJECT | {"description": "Its rows and where they come from"},
        columns_left_out=INTEGER | {"description": "Columns of an instance that are not looked at one by one"},
        drift=NUMBER | {"description": "The largest PSI beyond chance, of all columns but the confidence"},
        alarms=array(STRING, description="What is wrong, a sentence each; empty where nothing is"),
        features=array(reference("ColumnDrift")),
        classes=either(NULL, reference("ColumnDrift")) | {"description": "The predicted class, of a classifier"},
        confidence=either(NULL, reference("ColumnDrift")) | {"description": "Its probability"},
        outputs=array(reference("ColumnDrift"), description="Labels one by one, or numbers, of other versions"),
    )
    | {"description": "The live rows of a window, against the rows that the version was trained on"},
}
FAR = {"psi": 0.31, "psi_limit": 0.015, "jensen_shannon": 0.23, "jensen_shannon_limit": 0.052}
NEAR = {"psi": 0.004, "psi_limit": 0.012, "jensen_shannon": 0.027, "jensen_shannon_limit": 0.047}
NONE_MISSING = {"training": 0.0, "live": 0.0}
AGE: dict[str, Any] = {
    "name": "age", "kind": "number", "drifted": True, **FAR, "missing": NONE_MISSING,
    "out_of_range": {"minimum": 18.0, "maximum": 80.0, "below": 0.0, "above": 0.004},
    "bins": [{"name": "up to 41", "training": 0.5, "live": 0.27}, {"name": "over 41", "training": 0.5, "live": 0.73}],
}  # fmt: skip
CLASSES: dict[str, Any] = {
    "name": "predicted class", "kind": "category", "drifted": False, **NEAR, "missing": NONE_MISSING, "unseen": 0.0,
    "bins": [{"name": "no", "training": 0.5, "live": 0.48}, {"name": "yes", "training": 0.5, "live": 0.52},
             {"name": "other", "training": 0.0, "live": 0.0}],
}  # fmt: skip
EXAMPLES: dict[str, Any] = {
    "ColumnDrift": AGE,
    "Monitoring": {
        "model": "classic", "version": 1, "window_s": 3600.0, "since": 1767225600, "is_complete": True, "rows": 5210,
        "rows_answered": 5210, "failures": 0, "columns_left_out": 0,
        "training": {"rows": 8000, "source": "classic.csv", "sha256": "9f" * 32, "part": "train"},
        "drift": 0.295,
        "alarms": ["'age' has drifted: PSI 0.31, where 5210 rows of the training's kind have at most 0.015"],
        "features": [AGE], "classes": CLASSES, "confidence": None, "outputs": [],
    },
}  # fmt: skip
