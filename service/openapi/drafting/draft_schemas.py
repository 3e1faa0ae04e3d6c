"""Schemas of what comes before a training: a look at uploaded data, a proposed spec, a checked one."""

from typing import Any

from models.suggestions.column_profiles import CATEGORY, DATE, NUMBER
from service.openapi.json_schema import (
    BOOLEAN,
    INTEGER,
    NULL,
    OBJECT,
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
from service.openapi.json_schema import NUMBER as REAL
from service.openapi.spec_schemas import SPEC

__all__ = ["EXAMPLES", "SCHEMAS"]

MODEL: Schema = pattern("^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$")
NOTES: Schema = array(STRING, description="Each a sentence: what is left out and why, what to look at")

SCHEMAS: dict[str, Schema] = {
    "DatasetPreview": object_of(
        source=pattern("^dataset://[0-9a-f]{64}$", description="What `data.source` of a spec says"),
        name=STRING | {"description": "The name that it was uploaded under"},
        kind=enumeration("table", "arrays", "images", description="What it is made of"),
        rows=INTEGER,
        seen_rows=INTEGER | {"description": "How many of them were looked at"},
        shape=array(INTEGER, description="Of one instance; of a table, its features"),
        target=nullable(STRING, description="The column or array that is predicted; null where sub-folders are it"),
        choices=array(STRING, description="The columns or arrays that could be predicted"),
        columns=array(reference("ColumnPreview"), description="Of a table, the first 200"),
        csv=either(NULL, reference("CsvPreview")) | {"description": "Of a file of text, how it is read"},
        classes=array(reference("ClassPreview"), description="The first 50, where classes are predicted"),
        more_classes=INTEGER | {"description": "How many more there are"},
        predicts=nullable(STRING, description="What is predicted, in words"),
        instance=nullable(STRING, description="What it is predicted from, in words"),
        warnings=NOTES,
        problem=nullable(STRING, description="Why nothing can be learned with this target"),
    )
    | {"description": "What is to be known of a data set before it is trained on"},
    "CsvPreview": object_of(
        separator=STRING | {"description": "The character between two cells"},
        decimal=enumeration(".", ",", description="The sign before the fraction of a number"),
        encoding=STRING | {"description": "How text becomes bytes"},
        header=BOOLEAN | {"description": "Whether the first line names the columns"},
    )
    | {"description": "How a file of text is read: as it was asked for, else as it was told from the file"},
    "CsvRequest": object_of(
        [],
        separator=TEXT | {"description": "The character between two cells"},
        decimal=enumeration(".", ",", description="The sign before the fraction of a number"),
        encoding=TEXT | {"description": "How text becomes bytes"},
        header=BOOLEAN | {"description": "Whether the first line names the columns"},
    )
    | {"description": "How a file of text is to be read; what is left out is told from the file"},
    "ColumnPreview": object_of(
        name=STRING,
        kind=enumeration(NUMBER, CATEGORY, DATE, description="What its cells are"),
        gaps=INTEGER | {"description": "Cells that hold nothing"},
        different=INTEGER | {"description": "How many values it has"},
        examples=array(STRING, description="Its first values"),
        left_out=nullable(STRING, description="Why a proposed spec does not use it"),
        range=either(NULL, reference("ColumnRange")) | {"description": "Of numbers"},
        frequent=array(reference("FrequentValue"), description="Of categories and dates, the most frequent first"),
    )
    | {"description": "A column of a table"},
    "ColumnRange": object_of(
        minimum=REAL, mean=REAL, maximum=REAL,
        counts=array(INTEGER, description="How many are in each of twelve equal parts between the ends"),
    )
    | {"description": "Where the numbers of a column lie"},
    "FrequentValue": object_of(value=STRING, rows=INTEGER) | {"description": "A value, and how many rows have it"},
    "ClassPreview": object_of(name=STRING, rows=INTEGER) | {"description": "A class, and how many rows have it"},
    "ProposalRequest": object_of(
        ["source"],
        source=pattern("^dataset://.+$", description="An uploaded data set, by its digest or its name"),
        target=either(NULL, TEXT) | {"description": "The column or array to be predicted"},
        features=either(NULL, array(TEXT)) | {"description": "The columns, or the array, to choose from"},
        csv=either(NULL, reference("CsvRequest")) | {"description": "How a file of text is to be read"},
        model=either(NULL, MODEL) | {"description": "The model's name; else made of the data set's"},
    )
    | {"description": "What to write a spec for"},
    "ProposedSpec": object_of(
        spec=OBJECT | {"description": "The spec as a document"},
        text=STRING | {"description": "The same as YAML, with comments"},
        notes=NOTES,
    )
    | {"description": "A spec that trains as it stands"},
    "CheckedSpec": object_of(
        spec=OBJECT | {"description": "The training with everything that was left out in its place"},
        written=OBJECT | {"description": "The document as it was sent"},
        text=STRING | {"description": "The same as YAML, without comments"},
    )
    | {"description": "A spec that can be submitted"},
}  # fmt: skip
SOURCE = "dataset://" + "9f" * 32
COLUMN = {
    "name": "petal", "kind": "number", "gaps": 0, "different": 43, "examples": ["1.4", "1.3", "1.5"], "left_out": None,
    "range": {"minimum": 1.0, "mean": 3.76, "maximum": 6.9, "counts": [37, 13, 0, 1, 4, 11, 21, 21, 17, 12, 9, 4]},
    "frequent": [],
}  # fmt: skip
CLASS = {"name": "setosa", "rows": 50}
CSV = {"separator": ",", "decimal": ".", "encoding": "utf-8", "header": True}
EXAMPLES: dict[str, Any] = {
    "DatasetPreview": {
        "source": SOURCE, "name": "iris.csv", "kind": "table", "rows": 150, "seen_rows": 150, "shape": [1],
        "target": "species", "choices": ["petal", "species"], "columns": [COLUMN], "classes": [CLASS], "csv": CSV,
        "more_classes": 0, "predicts": "one of 3 classes: setosa (50), versicolor (50), virginica (50)",
        "instance": "a row of 1 numbers", "warnings": [], "problem": None,
    },
    "CsvPreview": CSV,
    "CsvRequest": {"separator": ";", "decimal": ","},
    "ColumnPreview": COLUMN,
    "ColumnRange": COLUMN["range"],
    "FrequentValue": {"value": "Biscoe", "rows": 168},
    "ClassPreview": CLASS,
    "ProposalRequest": {"source": "dataset://iris.csv", "target": "species"},
    "ProposedSpec": {"spec": SPEC, "text": "model: iris\n", "notes": ["'id' is left out: it numbers the rows."]},
    "CheckedSpec": {"spec": SPEC, "written": SPEC, "text": "model: iris\n"},
}  # fmt: skip
