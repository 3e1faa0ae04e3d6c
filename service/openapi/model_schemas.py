"""Schemas of published and loaded versions: status, labels, deletion, reports."""

from typing import Any

from models.names import LARGEST_VERSION, TASKS
from service.openapi.json_schema import (
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NEXT,
    NUMBER,
    OBJECT,
    POSITIVE_INTEGER,
    STRING,
    Schema,
    array,
    enumeration,
    mapping,
    nullable,
    object_of,
    pattern,
    reference,
)

__all__ = ["EXAMPLES", "SCHEMAS"]

STATE: Schema = enumeration(
    "START", "LOADING", "AVAILABLE", "UNLOADING", "END", description="TensorFlow Serving's word; AVAILABLE answers"
)
LABELS: Schema = mapping(POSITIVE_INTEGER, description="Label → version")

INTERVAL: Schema = object_of(
    [], additional=True, value=NUMBER, lower=NUMBER, upper=NUMBER, method=enumeration("rows", "bootstrap")
)
REPORT: Schema = object_of(
    [],
    additional=True,
    format_version=INTEGER,
    model=STRING,
    task=enumeration(*TASKS, description="What its head computes"),
    class_names=array(STRING, description="In the order of the outputs"),
    parts=mapping(OBJECT, description="train, validation, test: `rows`, `metrics`, `class_counts`"),
    intervals=mapping(INTERVAL, description="Metric of the test part → its value, with the bounds of 95 %"),
    curves=nullable(OBJECT, description="`roc`, `precision_recall`: points by class, and the chosen threshold"),
    residuals=nullable(array(OBJECT), description="Of a regression, by output"),
    importance=nullable(OBJECT, description="Permutation importance of a table's columns"),
    mistakes=array(OBJECT, description="The most confidently wrong rows, with their `values` or `image` (PNG, base64)"),
    cell_rows=array(OBJECT, description="Some rows of each cell of the confusion matrix, as `mistakes` has them"),
    label_errors=nullable(OBJECT, description="Validation and test rows whose label may be wrong"),
    network=nullable(OBJECT, description="`layers` with shapes and parameters"),
    best_epoch=nullable(OBJECT, description="`epoch` of the least `metric`, from 1"),
    history=array(OBJECT, description="Loss and metrics of each epoch"),
    timings_s=mapping(NUMBER, description="Seconds by step"),
) | {"description": "The evaluation as it was published: report.json; older versions lack what came later"}
REPORT_EXAMPLE = {
    "format_version": 1,
    "model": "iris",
    "task": "softmax",
    "intervals": {"accuracy": {"value": 0.96, "lower": 0.8, "upper": 0.99, "method": "rows"}},
    "best_epoch": {"metric": "val_loss", "epoch": 18},
}

FILE: Schema = object_of(sha256=pattern("^[0-9a-f]{64}$"), size=INTEGER) | {"description": "Its digest, its bytes"}
MANIFEST: Schema = object_of(
    [],
    additional=True,
    model=STRING,
    version=POSITIVE_INTEGER,
    job_id=STRING | {"description": "The job or the run that made it"},
    created_at=DATE_TIME,
    task=enumeration(*TASKS, description="What its head computes"),
    preprocessing=array(OBJECT, description="The steps with their fitted values"),
    metrics=mapping(NUMBER, description="On held-out rows"),
    golden_rows=object_of(rows=INTEGER, tolerance=NUMBER)
    | {"description": "How many rows the served graph was proved on, and the largest difference that was allowed"},
    files=mapping(FILE, description="Every file of the version"),
    data=mapping({}, description="Source, digest and rows of the data"),
    package_versions=mapping(STRING),
) | {"description": "What the manifest says, without the golden rows themselves"}
MANIFEST_EXAMPLE = {
    "model": "iris",
    "version": 1,
    "created_at": "2026-01-01T00:00:00+00:00",
    "task": "softmax",
    "golden_rows": {"rows": 4, "tolerance": 1e-05},
    "files": {"model.onnx": {"sha256": "0" * 64, "size": 2048}},
}

SCHEMAS: dict[str, Schema] = {
    "Models": object_of(["models"], models=array(reference("Model"), description="By name"), next=NEXT)
    | {"description": "A page of models"},
    "Model": object_of(
        name=STRING,
        default_version=nullable(INTEGER, description="What answers a request without version or label"),
        labels=LABELS,
        versions=array(reference("Version"), description="The newest first"),
    )
    | {"description": "A model with its versions"},
    "Version": object_of(
        version=POSITIVE_INTEGER,
        state=STATE,
        error=nullable(STRING, description="Why it does not serve"),
        verdict=nullable(STRING, description="Why it was not promoted, or was by force only: its gate does not hold"),
        gate=nullable(OBJECT, description="What its gate asked for: `holds`, and `rules`, a phrase each"),
        labels=array(STRING, description="Those that name it"),
        created_at=nullable(DATE_TIME),
        task=enumeration(*TASKS, None, description="What its head computes"),
        class_names=array(STRING, description="In the order of the outputs"),
        metrics=mapping(NUMBER, description="On held-out rows"),
    )
    | {"description": "A published version, as it is loaded"},
    "ModelStatus": object_of(model_version_status=array(reference("VersionStatus"), description="The newest first"))
    | {"description": "TensorFlow Serving's status of a model"},
    "VersionStatus": object_of(version=pattern("^[0-9]+$"), state=STATE, status=reference("StatusOfVersion"))
    | {"description": "TensorFlow Serving's status of a version"},
    "StatusOfVersion": object_of(
        error_code=STRING | {"description": "OK, or the code of gRPC"},
        error_message=STRING | {"description": "Why it does not answer; empty where it does"},
    )
    | {"description": "Whether a version can answer"},
    "LabelRequest": object_of(
        [],
        version=POSITIVE_INTEGER | {"maximum": LARGEST_VERSION, "description": "Needed unless `rollback` is true"},
        rollback=BOOLEAN | {"description": "Back to the version that the label named before"},
        force=BOOLEAN | {"description": "Also when the gate does not hold"},
        dry_run=BOOLEAN | {"description": "Only find out what would come of it"},
    )
    | {"description": "Where a label goes: to a version, or back", "minProperties": 1},
    "LabelMoved": object_of(
        model=STRING,
        label=STRING,
        version=POSITIVE_INTEGER | {"description": "The one that it names now"},
        previous=nullable(INTEGER, description="The one that it named before"),
        labels=LABELS,
        moved=BOOLEAN | {"description": "False with `dry_run`: it would be moved"},
    )
    | {"description": "A label that was moved"},
    "VersionDeletion": object_of(
        [],
        force=BOOLEAN | {"description": "Also when a label names it, or a rollback would go to it"},
        dry_run=BOOLEAN | {"description": "Only find out whether it would be deleted"},
    )
    | {"description": "How a version is deleted"},
    "VersionDeleted": object_of(
        model=STRING,
        version=POSITIVE_INTEGER,
        deleted=BOOLEAN | {"description": "False with `dry_run`: it would be deleted"},
    )
    | {"description": "A version that is gone"},
    "VersionExamples": object_of(examples=array(reference("VersionExample")))
    | {"description": "Rows to try a version with"},
    "VersionExample": object_of(
        instance=reference("Instance"),
        prediction=array(NUMBER, description="What Keras predicted for it, in the order of the outputs"),
    )
    | {"description": "A raw row of the test part"},
    "Report": REPORT,
    "VersionManifest": MANIFEST,
}
VERSION_EXAMPLE = {"instance": {"petal": 1.4, "sepal": 5.1}, "prediction": [0.98, 0.01, 0.01]}
OK = {"error_code": "OK", "error_message": ""}
STATUS = {"version": "1", "state": "AVAILABLE", "status": OK}
VERSION = {
    "version": 1,
    "state": "AVAILABLE",
    "error": None,
    "verdict": None,
    "gate": {"holds": True, "rules": ["accuracy 0.9600, at least 0.9"]},
    "labels": ["stable"],
    "created_at": "2026-01-01T00:00:00+00:00",
    "task": "softmax",
    "class_names": ["setosa", "versicolor", "virginica"],
    "metrics": {"accuracy": 0.96},
}
MODEL = {"name": "iris", "default_version": 1, "labels": {"stable": 1}, "versions": [VERSION]}
EXAMPLES: dict[str, Any] = {
    "VersionExamples": {"examples": [VERSION_EXAMPLE]},
    "VersionExample": VERSION_EXAMPLE,
    "Models": {"models": [MODEL]},
    "Model": MODEL,
    "Version": VERSION,
    "ModelStatus": {"model_version_status": [STATUS]},
    "VersionStatus": STATUS,
    "StatusOfVersion": OK,
    "Report": REPORT_EXAMPLE,
    "LabelRequest": {"version": 1},
    "VersionDeletion": {"force": True, "dry_run": True},
    "VersionDeleted": {"model": "classic", "version": 1, "deleted": False},
    "LabelMoved": {
        "model": "classic",
        "label": "stable",
        "version": 1,
        "previous": None,
        "labels": {"stable": 1},
        "moved": True,
    },
    "VersionManifest": MANIFEST_EXAMPLE,
}
