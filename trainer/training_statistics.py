"""Statistics of training rows: raw, as a client would send them, with what the exported graph computes for them."""

from collections.abc import Iterator
from dataclasses import replace
from math import prod

from models.errors import DataError, InputError
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import Preprocessing
from models.statistics.output_columns import OutputColumns
from models.statistics.profiling import chosen_rows, profile
from models.statistics.version_statistics import VersionStatistics
from models.store.manifest import Manifest
from trainer.data import Dataset
from trainer.data.rows import BATCH_BYTES, Rows, preprocessed, row_bytes, take_rows
from trainer.export.parity import graph_predictions

__all__ = ["PREDICTED_ROWS", "make_statistics"]

PREDICTED_ROWS = 10_000
"""How many rows are computed: their shares are known to a percent then."""


def make_statistics(manifest: Manifest, graph: bytes, dataset: Dataset, *, part: str) -> VersionStatistics:
    """Describe the rows that a version was trained on.

    Args:
        manifest: Of the version, or its draft.
        graph: Its exported graph.
        dataset: The training rows.
        part: Which part of their source they are, in words.

    Raises:
        DataError: When they are not what the version takes.
    """
    dataset = _padded(manifest, dataset)
    _check(manifest, dataset)
    rows = take_rows(dataset.features, chosen_rows(dataset.rows))
    predictions = graph_predictions(graph, _inputs(manifest, dataset))
    data = {"source": dataset.source, "sha256": dataset.sha256, "part": part}
    batches = (batch.reshape(-1, *manifest.instance.shape) for batch in _batches(rows))
    return profile(manifest.instance, OutputColumns.of(manifest), batches, predictions, rows=dataset.rows, data=data)


def _padded(manifest: Manifest, dataset: Dataset) -> Dataset:
    """The same with sequences of one length, as requests are counted, where the version pads them."""
    steps = manifest.fitted_preprocessing
    return dataset if steps.padding is None else replace(dataset, features=steps.whole_rows(dataset.features[:]))


def _check(manifest: Manifest, dataset: Dataset) -> None:
    """Check that there are rows, each an instance of the version."""
    instance = manifest.instance
    if not dataset.rows:
        raise DataError(where=dataset.source, expected="at least one training row", received="none")
    if prod(dataset.instance_shape) != instance.size:
        expected = f"instances of shape {list(instance.shape)}, which the version takes"
        raise DataError(where=dataset.source, expected=expected, received=f"shape {list(dataset.instance_shape)}")


def _inputs(manifest: Manifest, dataset: Dataset) -> Rows:
    """Some of the rows as the graph takes them, `(rows, *input shape) float32`."""
    steps: Preprocessing = manifest.fitted_preprocessing
    rows = take_rows(dataset.features, chosen_rows(dataset.rows, PREDICTED_ROWS))
    try:
        if tuple(rows.shape[1:]) != manifest.instance.shape:
            return steps.apply(rows[:].reshape(-1, *manifest.instance.shape))
        return preprocessed(rows, steps)
    except InputError as error:
        where = f"{dataset.source}: {error.where}"
        raise DataError(where=where, expected=error.expected, received=error.received) from error


def _batches(rows: Rows) -> Iterator[Array]:
    """All rows in order, few at once, `(batch, *instance shape)` of their own dtype."""
    step = max(BATCH_BYTES // row_bytes(rows), 1)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
