"""Captured rows of a model with their true labels: `captured://MODEL?since=30d`."""

from obstore.store import ObjectStore

from models.capture.captured_source import TARGET, CapturedSource, LabelledRows, read_labelled
from models.errors import DataError, did_you_mean, shown
from models.preprocessing.instances import Array, Feature
from models.sources.columns import check_dropping
from models.spec import DataSpec
from trainer.data.dataset import Dataset

__all__ = ["read_captured"]


def read_captured(objects: ObjectStore, data: DataSpec) -> Dataset:
    """Read the rows that have a label; it is the target, whatever `data.target` says.

    Raises:
        DataError: When there are none, or not the columns that the spec names.
        StoreUnavailable: When the store does not answer.
    """
    check_dropping(data, "")
    rows = read_labelled(objects, CapturedSource.of(data.source))
    names = _columns(rows, data)
    return Dataset(
        data.source, _inputs(rows, names), rows.targets, rows.sha256,
        columns=None if names is None else tuple(map(Feature, names)), class_names=rows.class_names, target=TARGET,
        unused=tuple(one for one in rows.features or () if names is not None and one not in names),
        passed_over=rows.left_out,
    )  # fmt: skip


def _columns(rows: LabelledRows, data: DataSpec) -> tuple[str, ...] | None:
    """The columns to train on, where an instance is a row of a table."""
    if rows.features is None or data.features is None:
        return rows.features
    wanted = (data.features,) if isinstance(data.features, str) else tuple(data.features)
    for name in wanted:
        if name not in rows.features:
            expected = f"one of the captured columns {', '.join(rows.features[:20])}"
            received = f"{shown(name)}{did_you_mean(name, rows.features)}"
            raise DataError(where="data.features", expected=expected, received=received)
    return wanted


def _inputs(rows: LabelledRows, names: tuple[str, ...] | None) -> Array:
    if names is None or rows.features is None or names == rows.features:
        return rows.inputs
    return rows.inputs[:, [rows.features.index(name) for name in names]]
