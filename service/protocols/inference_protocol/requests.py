"""An inference request of the Open Inference Protocol, made into a batch and the wishes for the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import orjson

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec, batch_of_array
from models.store.manifest import Manifest
from service.decoding.csv_table import batch_from_cells
from service.decoding.non_finite import place_of_non_finite
from service.protocols.inference_protocol.column_inputs import are_columns, decode_columns
from service.protocols.inference_protocol.datatypes import BYTES, DATATYPES, FP32, Datatype, datatype_named
from service.protocols.inference_protocol.parameters import binary_size, flag_of, parameters_of
from service.protocols.inference_protocol.tensors import (
    BinaryTail,
    binary_numbers,
    binary_texts,
    json_elements,
    json_numbers,
    split_body,
)

__all__ = ["OutputWish", "V2Request", "decode_request", "load_object", "takes_text"]

LARGEST_CLASS_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class OutputWish:
    """How the caller wants one output.

    Args:
        binary: As bytes after the JSON.
        classification: The best so many classes as text, in place of the numbers.
    """

    name: str
    binary: bool = False
    classification: int | None = None


@dataclass(frozen=True, slots=True)
class V2Request:
    """A decoded request.

    Args:
        batch: Raw instances as `Preprocessing.apply` takes them.
        outputs: In the order of the answer; never empty.
        id: Echoed when the caller gave one.
    """

    batch: Array
    outputs: tuple[OutputWish, ...]
    id: str | None = None


def decode_request(
    body: bytes, *, header_length: int | None, manifest: Manifest, on_rows: Callable[[int], None] = lambda _: None
) -> V2Request:
    """Decode the body of `POST /v2/models/M/infer`.

    Args:
        body: JSON, then the data of the binary inputs in the order in which they are listed.
        header_length: Bytes of JSON, from the header; `None` when it is absent, 0 for a raw binary request.
        manifest: Of the version that will answer.
        on_rows: Told how many instances there are, before they are read; what it raises ends the reading.

    Raises:
        InputError: Names the first place that is not as the protocol or the model wants it.
    """
    if header_length == 0:
        return _raw_request(body, manifest)
    text, tail = split_body(body, header_length)
    document = load_object(text, "body")
    parameters = parameters_of(document, "")
    batch = _decode_inputs(_inputs(document, manifest), tail, manifest, on_rows)
    tail.close()
    binary = flag_of(parameters, "binary_data_output", "parameters") or False
    return V2Request(batch, _output_wishes(document, manifest, binary=binary), _text_or_none(document, "id"))


def load_object(text: bytes, where: str) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        InputError: When it is not JSON (NaN and infinity are not) or not an object.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        place = place_of_non_finite(text)
        if place is not None:
            raise InputError(where=place, expected="finite numbers", received=f"NaN or infinity: {error}") from error
        raise InputError(where=where, expected="JSON", received=str(error)) from error
    if not isinstance(document, dict):
        raise InputError(where=where, expected="a JSON object", received=shown(document))
    return document


def takes_text(spec: InstanceSpec) -> bool:
    """Whether some column holds categories, so that one tensor of numbers cannot carry an instance."""
    return any(feature.is_text for feature in spec.features or ())


def _raw_request(body: bytes, manifest: Manifest) -> V2Request:
    """The whole body is the data of the only input, a batch of one; every output comes back as bytes."""
    if takes_text(manifest.instance):
        raise InputError(where="Inference-Header-Content-Length", expected="the JSON that describes a BYTES tensor",
                         received="0")  # fmt: skip
    values = binary_numbers(memoryview(body), FP32, manifest.instance.size, "body")
    batch = batch_of_array(values, manifest.instance, "body")
    return V2Request(batch, tuple(OutputWish(output.name, binary=True) for output in manifest.outputs))


def _inputs(document: Mapping[str, Any], manifest: Manifest) -> list[Mapping[str, Any]]:
    """The inputs of a request: one; or of a model with named columns as many as are columns."""
    inputs = document.get("inputs")
    most = max(1, len(manifest.instance.features or ()))
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= most:
        received = f"{len(inputs)} inputs" if isinstance(inputs, list) else shown(inputs)
        columns = f", or one for each of {most} columns" if most > 1 else ""
        expected = f"a list of one input, {manifest.inputs[0].name!r}{columns}"
        raise InputError(where="inputs", expected=expected, received=received)
    for index, given in enumerate(inputs):
        if not isinstance(given, dict):
            raise InputError(where=f"inputs[{index}]", expected="an object", received=shown(given))
        if not isinstance(given.get("name"), str):
            expected = repr(manifest.inputs[0].name) if len(inputs) == 1 else "the name of a column"
            raise InputError(where=f"inputs[{index}].name", expected=expected, received=shown(given.get("name")))
    return inputs


def _decode_inputs(
    inputs: list[Mapping[str, Any]], tail: BinaryTail, manifest: Manifest, on_rows: Callable[[int], None]
) -> Array:
    """One tensor is the batch, whatever its name; named columns come each in a tensor of its own."""
    if are_columns(inputs, manifest.instance):
        return decode_columns(inputs, tail, manifest.instance, on_rows)
    return _decode_input(inputs[0], tail, manifest, on_rows)


def _decode_input(
    given: Mapping[str, Any], tail: BinaryTail, manifest: Manifest, on_rows: Callable[[int], None]
) -> Array:
    where, spec = "inputs[0]", manifest.instance
    datatype = datatype_named(given.get("datatype"), f"{where}.datatype")
    _check_suits(datatype, spec, f"{where}.datatype")
    shape = _shape(given.get("shape"), spec, f"{where}.shape")
    on_rows(shape[0])
    size = binary_size(given, where)
    if size is None:
        elements = json_elements(given.get("data"), datatype, shape, f"{where}.data")
        if datatype is BYTES:
            return _text_batch(elements, spec)
        return batch_of_array(_shaped(json_numbers(elements, datatype, f"{where}.data"), shape, spec), spec, where)
    size_place = f"{where}.parameters.binary_data_size"
    content = tail.take(size, size_place)
    if datatype is BYTES:
        return _text_batch(binary_texts(content, prod(shape), where), spec)
    numbers = binary_numbers(content, datatype, prod(shape), size_place)
    return batch_of_array(_shaped(numbers, shape, spec), spec, where)


def _shaped(numbers: Array, shape: tuple[int, ...], spec: InstanceSpec) -> Array:
    """The numbers in their shape where sequences may have several."""
    return numbers if spec.padding is None else numbers.reshape(shape)


def _check_suits(datatype: Datatype, spec: InstanceSpec, where: str) -> None:
    """BYTES for a model with text columns, a number for any other."""
    if (datatype is BYTES) == takes_text(spec):
        return
    numbers = ", ".join(name for name in DATATYPES if name != BYTES.name)
    expected = "BYTES, each cell as text, as the model has text columns" if takes_text(spec) else f"one of {numbers}"
    raise InputError(where=where, expected=expected, received=datatype.name)


def _shape(value: Any, spec: InstanceSpec, where: str) -> tuple[int, ...]:
    """The declared shape: the samples axis, then one instance in a form that the model takes."""
    expected = f"[batch, {', '.join(map(str, spec.shape))}]"
    if not isinstance(value, list) or not all(type(size) is int and size >= 0 for size in value):
        raise InputError(where=where, expected=f"a list of whole numbers, {expected}", received=shown(value))
    if not value or value[0] < 1 or not spec.accepts(tuple(value[1:])):
        flat = f" or [batch, {spec.size}]" if len(spec.shape) > 1 else ""
        raise InputError(where=where, expected=f"{expected}{flat} with a batch of at least 1", received=shown(value))
    return tuple(value)


def _text_or_none(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(where=name, expected="text", received=shown(value))
    return value


def _text_batch(texts: list[str], spec: InstanceSpec) -> Array:
    width = spec.size
    rows = [texts[start : start + width] for start in range(0, len(texts), width)]
    return batch_from_cells(rows, spec)


def _output_wishes(document: Mapping[str, Any], manifest: Manifest, *, binary: bool) -> tuple[OutputWish, ...]:
    """What the caller wants back; all outputs where the request does not say."""
    wishes = document.get("outputs")
    if wishes is not None and not isinstance(wishes, list):
        raise InputError(where="outputs", expected="a list of outputs", received=shown(wishes))
    if not wishes:
        return tuple(OutputWish(output.name, binary=binary) for output in manifest.outputs)
    known = {output.name for output in manifest.outputs}
    if len(wishes) > len(known):
        raise InputError(where="outputs", expected="each output once", received=f"{len(wishes)} outputs")
    return tuple(_output_wish(wish, f"outputs[{index}]", known, binary=binary) for index, wish in enumerate(wishes))


def _output_wish(wish: Any, where: str, known: set[str], *, binary: bool) -> OutputWish:
    if not isinstance(wish, dict):
        raise InputError(where=where, expected="an object", received=shown(wish))
    name = wish.get("name")
    if not isinstance(name, str) or name not in known:
        raise InputError(where=f"{where}.name", expected=", ".join(map(repr, sorted(known))), received=shown(name))
    parameters = parameters_of(wish, f"{where}.")
    own = flag_of(parameters, "binary_data", f"{where}.parameters")
    count = parameters.get("classification")
    if count is not None and (type(count) is not int or not 1 <= count <= LARGEST_CLASS_COUNT):
        raise InputError(where=f"{where}.parameters.classification", expected="a number of classes, at least 1",
                         received=shown(count))  # fmt: skip
    return OutputWish(name, binary if own is None else own, count)
