"""A table with one input for each column, as MLServer's codec of pandas sends it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.errors import InputError, shown
from models.preprocessing.instances import Array, Feature, InstanceSpec
from service.decoding.csv_table import batch_from_cells
from service.protocols.inference_protocol.datatypes import BYTES, Datatype, datatype_named
from service.protocols.inference_protocol.parameters import binary_size
from service.protocols.inference_protocol.tensors import (
    BinaryTail,
    binary_numbers,
    binary_texts,
    json_elements,
    json_numbers,
)
from service.protocols.table_columns import rows_of_columns

__all__ = ["are_columns", "decode_columns"]

GAP = ""


def are_columns(inputs: Sequence[Mapping[str, Any]], spec: InstanceSpec) -> bool:
    """Whether each input is one column: there are several, or the only one is too small for an instance."""
    if len(inputs) > 1:
        return True
    shape = inputs[0].get("shape")
    is_small = isinstance(shape, list) and shape[1:] in ([], [1])
    return is_small and any(feature.name == inputs[0]["name"] for feature in spec.features or ())


def decode_columns(
    inputs: Sequence[Mapping[str, Any]], tail: BinaryTail, spec: InstanceSpec, on_rows: Callable[[int], None]
) -> Array:
    """Make a batch of columns. Each cell becomes text first, so that it means what it means in a CSV file.

    Args:
        inputs: Each with a name.
        tail: The bytes after the JSON.
        spec: What an instance looks like.
        on_rows: Told how many instances there are, before they are read.

    Returns:
        `(batch, features)` float32, or object where columns hold text.

    Raises:
        InputError: Names the first column or cell that does not fit.
    """
    features = {feature.name: feature for feature in spec.features or ()}
    columns: dict[str, list[str]] = {}
    for index, given in enumerate(inputs):
        where, name = f"inputs[{index}]", given["name"]
        if name in columns or name not in features:
            received = "the column twice" if name in columns else shown(name)
            raise InputError(where=f"{where}.name", expected=f"one of {shown(', '.join(features))}", received=received)
        rows = _rows(given.get("shape"), f"{where}.shape")
        on_rows(rows)
        columns[name] = _cells(given, tail, features[name], rows, where)
    return batch_from_cells(rows_of_columns(columns, spec, where="inputs", gap=GAP), spec)


def _rows(shape: Any, where: str) -> int:
    if isinstance(shape, list) and shape[1:] in ([], [1]) and shape and type(shape[0]) is int and shape[0] > 0:
        return shape[0]
    raise InputError(where=where, expected="[batch] or [batch, 1] with a batch of at least 1", received=shown(shape))


def _cells(given: Mapping[str, Any], tail: BinaryTail, feature: Feature, rows: int, where: str) -> list[str]:
    datatype = datatype_named(given.get("datatype"), f"{where}.datatype")
    size = binary_size(given, where)
    if size is None:
        return _json_cells(given.get("data"), datatype, feature, rows, f"{where}.data")
    place = f"{where}.parameters.binary_data_size"
    content = tail.take(size, place)
    if datatype is BYTES:
        return binary_texts(content, rows, where)
    values = binary_numbers(content, datatype, rows, place).tolist()
    return [_text(bool(value) if datatype.elements == {bool} else value, feature) for value in values]


def _json_cells(data: Any, datatype: Datatype, feature: Feature, rows: int, where: str) -> list[str]:
    """The data of a column, flat or each cell in a list of its own; null is a gap where there may be one."""
    gaps: set[int] = set()
    if isinstance(data, list):
        data = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in data]
        gaps = {index for index, cell in enumerate(data) if cell is None and feature.optional and datatype.elements}
    stand_in = next((kind() for kind in datatype.elements), None)
    elements = json_elements(
        [stand_in if index in gaps else cell for index, cell in enumerate(data)] if gaps else data,
        datatype,
        (rows,),
        where,
    )
    if datatype.is_integer:
        json_numbers(elements, datatype, where)
    return [GAP if index in gaps else _text(element, feature) for index, element in enumerate(elements)]


def _text(value: str | float, feature: Feature) -> str:
    """A value as a cell of a CSV file; true and false are numbers where no text is expected."""
    if isinstance(value, bool):
        return str(value).lower() if feature.kind == "category" else str(int(value))
    return value if isinstance(value, str) else repr(value)
