"""An uploaded data set for people: its columns or classes, what stands out, and a spec that fits it."""

from dataclasses import asdict, replace
from typing import Any

from models.errors import DataError
from models.spec.parts import CsvSpec
from models.spec.yaml_text import load_document
from models.store.datasets import DatasetInfo, Datasets
from models.suggestions.suggested_features import suggest_features
from models.suggestions.suggested_spec import DataSource, suggest_spec
from models.suggestions.suggested_targets import suggest_target
from service.jobs.data_preview.column_summary import summarized
from service.jobs.data_preview.seen_data import SeenData, see_data

__all__ = ["preview_dataset", "propose_spec"]

MOST_COLUMNS = 200
MOST_CLASSES = 50


def preview_dataset(
    datasets: Datasets, reference: str, *, target: str | None = None, csv: CsvSpec | None = None
) -> dict[str, Any]:
    """What is to be known of a data set before it is trained on, as JSON.

    Args:
        datasets: The uploaded ones.
        reference: A name or a digest.
        target: The column or array to be predicted; else one with a usual name.
        csv: How a file of text is written; what is not said is told from it.

    Raises:
        DatasetNotFound: When there is none.
        DataError: When it cannot be read, or has no such target.
        StoreUnavailable: When the store does not answer.
    """
    info = datasets.find(reference)
    with datasets.local(info.sha256) as path:
        seen = see_data(path, info.source, name=info.name, target=target, csv=csv)
    return {
        "source": info.source, "name": info.name, "kind": seen.kind, "rows": seen.data.rows,
        "seen_rows": len(seen.data.features), "shape": list(seen.data.instance_shape),
        "target": seen.data.target, "choices": list(seen.choices), "columns": _columns(seen),
        "csv": asdict(seen.table.csv) if seen.table and seen.table.csv else None, **_understood(seen),
    }  # fmt: skip


def propose_spec(
    datasets: Datasets, reference: str, *, target: str | None = None, features: tuple[str, ...] | None = None,
    model: str | None = None, csv: CsvSpec | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A spec that fits a data set: as YAML with comments, as a document, and what its reader should know.

    Args:
        datasets: The uploaded ones.
        reference: A name or a digest.
        target: The column or array to be predicted; else one with a usual name.
        features: The columns, or the array, to choose from; else all others.
        model: The model's name; else made of the data set's.
        csv: How a file of text is written; the spec says it too.

    Raises:
        DatasetNotFound: When there is none.
        DataError: When it cannot be read, has no such target, or nothing can be learned from it.
        StoreUnavailable: When the store does not answer.
    """
    info = datasets.find(reference)
    with datasets.local(info.sha256) as path:
        seen = see_data(path, info.source, name=info.name, target=target, features=features, csv=csv)
    suggested = suggest_spec(seen.data, replace(_named(info, seen), csv=csv), model=model)
    notes = [*suggested.notes, *_about_rows(seen)]
    return {"spec": load_document(suggested.text), "text": suggested.text, "notes": notes}


def _named(info: DatasetInfo, seen: SeenData) -> DataSource:
    drops = seen.table is not None and seen.table.missing_targets > 0
    return DataSource(info.source, seen.data.target, seen.resize, info.name, drop_missing_target=drops)


def _columns(seen: SeenData) -> list[dict[str, Any]]:
    table = seen.table
    if table is None:
        return []
    return [summarized(name, table.column(name), table.row_name) for name in table.names[:MOST_COLUMNS]]


def _understood(seen: SeenData) -> dict[str, Any]:
    """What can be learned of it; or why nothing can, which another target may change."""
    try:
        target, features = suggest_target(seen.data), suggest_features(seen.data)
    except DataError as error:
        return {"classes": [], "more_classes": 0, "predicts": None, "instance": None, "warnings": _about_rows(seen),
                "problem": str(error)}  # fmt: skip
    counts = list(target.counts.items())
    return {
        "classes": [{"name": name, "rows": rows} for name, rows in counts[:MOST_CLASSES]],
        "more_classes": max(len(counts) - MOST_CLASSES, 0),
        "predicts": target.described, "instance": features.meaning,
        "warnings": [*features.notes, *_about_rows(seen)], "problem": None,
    }  # fmt: skip


def _about_rows(seen: SeenData) -> list[str]:
    table = seen.table
    if table is None:
        return []
    missing, kept = table.missing_targets, len(table.cells)
    some = f"{kept} of {table.rows} rows were looked at: every {table.every}th, and some of each rare target."
    dropped = f"{table.target!r} has no value in {missing} of {kept} rows, which are left out."
    return [*([some] if kept < table.rows else []), *([dropped] if missing else [])]
