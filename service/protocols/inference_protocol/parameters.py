"""The parameters of a request, an input or an output."""

from collections.abc import Mapping
from typing import Any

from models.errors import InputError, shown

__all__ = ["binary_size", "flag_of", "parameters_of"]

NOT_HERE = ("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
LONGEST_NAME = 64
"""Of a caller's invention, in an error."""


def parameters_of(holder: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    """The parameters of a request, an input or an output; unknown ones are passed over, as the protocol has it."""
    where = f"{prefix}parameters"
    parameters = holder.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise InputError(where=where, expected="an object", received=shown(parameters))
    for name, value in parameters.items():
        if not isinstance(value, str | int | float | bool):
            place = f"{where}.{name[:LONGEST_NAME]}"
            raise InputError(where=place, expected="text, a number, true or false", received=shown(value))
    for name in NOT_HERE:
        if name in parameters:
            raise InputError(where=f"{where}.{name}", expected="no shared memory: send the data", received=name)
    return parameters


def binary_size(given: Mapping[str, Any], where: str) -> int | None:
    """How many bytes of the tail the input has; `None` when its data is in the JSON."""
    parameters = parameters_of(given, f"{where}.")
    size = parameters.get("binary_data_size")
    if size is None:
        return None
    if type(size) is not int or size < 0:
        raise InputError(where=f"{where}.parameters.binary_data_size", expected="a number of bytes",
                         received=shown(size))  # fmt: skip
    if given.get("data") is not None:
        raise InputError(where=f"{where}.data", expected="no data beside binary_data_size", received="both")
    return size


def flag_of(parameters: Mapping[str, Any], name: str, where: str) -> bool | None:
    """A parameter that is true or false; None where it is not given."""
    value = parameters.get(name)
    if value is not None and not isinstance(value, bool):
        raise InputError(where=f"{where}.{name}", expected="true or false", received=shown(value))
    return value
