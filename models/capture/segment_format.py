"""The format of a segment: some captured predictions of one version, as an `.npz` archive that numpy reads.

header.json     format, model, version, task, class_names, threshold, features, shape
request_id.npy  (rows,) bytes      of the request that brought the row
index.npy       (rows,) int32      its place in that request
at.npy          (rows,) float64    when it was computed, in seconds since 1970
outputs.npy     (rows, …) float32  what the version gave
inputs.npy      (rows, …)          the raw instances: float32, or uint8 where they are whole numbers from 0 to 255
inputs.jsonl                       instead of it, one row a line, where columns hold text or gaps
"""

import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from models.errors import reason_of
from models.preprocessing.instances import Array
from models.store.manifest import Manifest
from models.strict_json import read_object

__all__ = ["CapturedRows", "Layout", "decode", "encode"]

FORMAT = 1
HEADER, INPUTS, JSON_INPUTS = "header.json", "inputs.npy", "inputs.jsonl"
FAST = 1
"""Of zlib's levels: a tenth more bytes for a third of the time."""
DAMAGE = (
    OSError, ValueError, KeyError, TypeError, EOFError, OverflowError, MemoryError, RuntimeError, SyntaxError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError,
)  # fmt: skip
"""What the readers of archives and arrays raise for bytes that are none; `NotImplementedError` is a `RuntimeError`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the rows of a segment have in common.

    Args:
        model: The model's name.
        version: That computed them.
        task: Of the version.
        class_names: In the order of its outputs.
        threshold: That decides for a class, where the version has one.
        features: The columns that are kept, where an instance is a row of a table.
        shape: Of one instance, as it is kept.
    """

    model: str
    version: int
    task: str
    class_names: tuple[str, ...]
    threshold: float | tuple[float, ...] | None
    features: tuple[str, ...] | None
    shape: tuple[int, ...]

    @classmethod
    def of(cls, manifest: Manifest, drop: Sequence[str] = ()) -> Self:
        """Of a version, without the columns that are dropped."""
        columns, shape = manifest.instance.features, manifest.instance.shape
        names = None if columns is None else tuple(one.name for one in columns if one.name not in drop)
        kept = shape if names is None else (len(names),)
        return cls(
            manifest.model, manifest.version, manifest.task, manifest.class_names, manifest.threshold, names, kept
        )

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> Self:
        """Read it back; KeyError, TypeError or ValueError where it is none."""
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']}")
        features, threshold = header["features"], header["threshold"]
        return cls(
            str(header["model"]), int(header["version"]), str(header["task"]), tuple(map(str, header["class_names"])),
            tuple(threshold) if isinstance(threshold, list) else threshold,
            None if features is None else tuple(map(str, features)), tuple(map(int, header["shape"])),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CapturedRows:
    """Captured predictions of one version.

    Args:
        layout: What they have in common.
        request_ids: `(rows,)` bytes.
        indexes: `(rows,) int32`.
        at_s: `(rows,) float64`.
        outputs: `(rows, …) float32`.
        inputs: `(rows, *shape)` float32, uint8 or object; None where they were not read.
    """

    layout: Layout
    request_ids: Array
    indexes: Array
    at_s: Array
    outputs: Array
    inputs: Array | None = None

    def __len__(self) -> int:
        return len(self.request_ids)

    def take(self, rows: Array) -> Self:
        """These rows only: `(chosen,) int64`, or a mask `(rows,) bool`."""
        return type(self)(
            self.layout, self.request_ids[rows], self.indexes[rows], self.at_s[rows], self.outputs[rows],
            None if self.inputs is None else self.inputs[rows],
        )  # fmt: skip


def encode(rows: CapturedRows) -> bytes:
    """The bytes of a segment."""
    content = io.BytesIO()
    arrays = {"request_id": rows.request_ids, "index": rows.indexes, "at": rows.at_s, "outputs": rows.outputs}
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as archive:
        archive.writestr(HEADER, json.dumps({"format": FORMAT, **asdict(rows.layout)}))
        for name, array in arrays.items():
            _write_array(archive, f"{name}.npy", array)
        if rows.inputs is not None and rows.inputs.dtype == object:
            lines = (json.dumps(_plain(row)) for row in rows.inputs.tolist())
            archive.writestr(JSON_INPUTS, "\n".join(lines))
        elif rows.inputs is not None:
            _write_array(archive, INPUTS, _narrow(rows.inputs))
    return content.getvalue()


def decode(content: bytes, *, with_inputs: bool = True) -> CapturedRows:
    """Read a segment.

    Raises:
        ValueError: When it is none, or damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            layout = Layout.from_header(read_object(archive.read(HEADER)))
            arrays = [_read_array(archive, f"{name}.npy") for name in ("request_id", "index", "at", "outputs")]
            inputs = _read_inputs(archive, layout) if with_inputs else None
    except DAMAGE as error:
        raise ValueError(f"a segment that cannot be read: {reason_of(error)}") from error
    counts = {len(one) for one in (*arrays, *([] if inputs is None else [inputs]))}
    if len(counts) != 1 or arrays[0].dtype.kind != "S":
        raise ValueError("a segment whose columns do not belong together")
    ids, indexes, at_s, outputs = arrays
    return CapturedRows(layout, ids, indexes, at_s, outputs, inputs)


def _write_array(archive: zipfile.ZipFile, name: str, array: Array) -> None:
    with archive.open(name, "w") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def _read_array(archive: zipfile.ZipFile, name: str) -> Array:
    with archive.open(name) as file:
        array: Array = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _read_inputs(archive: zipfile.ZipFile, layout: Layout) -> Array:
    if INPUTS in archive.namelist():
        array = _read_array(archive, INPUTS)
        return array if array.dtype.kind == "O" else array.astype(np.float32)
    rows = [json.loads(line) for line in archive.read(JSON_INPUTS).decode().split("\n")]
    cells = np.empty((len(rows), *layout.shape), dtype=object)
    for index, row in enumerate(rows):
        cells[index] = row
    return cells


def _plain(value: Any) -> Any:
    """Cells of a row as JSON has them: a gap is null, whatever it was."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if value != value else value  # noqa: PLR0124 -- NaN is the one value that differs from itself


def _narrow(inputs: Array) -> Array:
    """Pixels as bytes, exactly; everything else as it is."""
    if inputs.ndim < 3:
        return inputs
    with np.errstate(invalid="ignore"):
        narrow = inputs.astype(np.uint8)
    return narrow if np.array_equal(narrow, inputs) else inputs
