"""A look at captured rows: whether there are any with a label, and what they are like where they are few."""

from collections import Counter

from obstore.store import ObjectStore

from models.capture.captured_source import TARGET, CapturedSource, read_labelled
from models.capture.segments import captured_folder, list_segments
from models.errors import DataError, StoreUnavailable
from models.sources.known_sources import DataShape, Targets
from models.spec import DataSpec

__all__ = ["captured_shape"]

MOST_BYTES = 8 * 2**20


def captured_shape(data: DataSpec, objects: ObjectStore) -> DataShape:
    """The shape of the rows that a spec's source means; nothing of many rows, and where the store does not answer.

    Raises:
        DataError: When there are none with a label.
    """
    source = CapturedSource.of(data.source)
    try:
        segments = list_segments(objects, captured_folder(source.model))
        if not segments:
            expected = f"captured rows of {source.model}: PUT /v1/models/{source.model}/capture switches that on"
            raise DataError(where="data.source", expected=expected, received="none")
        if sum(one.size for one in segments) > MOST_BYTES:
            return DataShape()
        rows = read_labelled(objects, source)
    except StoreUnavailable:
        return DataShape()  # the trainer will see what is there
    names, shape = rows.class_names, rows.inputs.shape[1:]
    if rows.features is not None and isinstance(data.features, tuple):
        shape = (len(data.features),)
    if names is None or rows.targets.ndim > 1:
        return DataShape(shape)
    counts = Counter(rows.targets.tolist())
    return DataShape(
        shape, len(names), {name: counts[name] for name in names},
        Targets(rows.targets, f"{source.text}: {TARGET}", names),
    )  # fmt: skip
