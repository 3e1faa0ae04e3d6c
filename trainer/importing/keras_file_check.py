"""The check of a `.keras` or `.h5` file before Keras loads it: nothing in it may run code of its own."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from models.errors import DataError
from models.keras_catalog.objects import ObjectSpec, refused_names
from models.sources.damaged_files import reading
from trainer.importing.h5_file import is_h5, keras_classes, read_h5
from trainer.importing.other_files import refuse_other_files

__all__ = ["check_keras_file", "compiled_loss", "layer_specs"]

CONFIG = "config.json"
MOST_CONFIG_BYTES = 64 * 2**20
KERAS = "keras"
VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__"})
"""Plain values that Keras writes as if they were objects: the ends of a network's branches, arrays, slices."""
UNSERVABLE = frozenset({"Lambda", "TFSMLayer", "FlaxLayer", "JaxLayer", "TorchModuleWrapper", "StringLookup",
                        "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"})  # fmt: skip
"""Layers that a spec may not name either, and that no file makes right; merging layers are welcome here."""


def check_keras_file(content: bytes, *, where: str) -> dict[str, Any]:
    """Read the network's description, and refuse what Keras would have to trust.

    Args:
        content: The file's bytes.
        where: What the file is called in errors.

    Returns:
        The description, `config.json`; of an `.h5` file in the same form.

    Raises:
        DataError: Names the layer and says why.
    """
    refuse_other_files(where)
    if is_h5(content):
        network, compiled = read_h5(content, where=where)
        _check_objects(network, where, without_module=keras_classes())
        return {**network, "compile_config": compiled}
    config = _config(content, where)
    _check_objects(config, where)
    return config


def _check_objects(config: Mapping[str, Any], where: str, *, without_module: frozenset[str] = frozenset()) -> None:
    """Refuse the first object that cannot be served, or is none of Keras' own.

    Args:
        config: A network's description.
        where: The file's name.
        without_module: The classes that may stand without the module they come from.
    """
    for path, name, entry in _objects(config, ""):
        place = f"{where}: {path or 'the network'}"
        if name in UNSERVABLE:
            received = f"{name}, refused because {refused_names('layers')[name]}"
            raise DataError(where=place, expected="a layer that can be served", received=received)
        module = entry.get("module")
        is_known = module is None and name in without_module
        if not is_known and (not isinstance(module, str) or module.partition(".")[0] != KERAS):
            received = f"{name} of {module or entry.get('registered_name') or 'an unknown module'}"
            raise DataError(
                where=place, expected="a class of Keras itself: code of others is not run", received=received
            )


def _config(content: bytes, where: str) -> dict[str, Any]:
    expected = "a .keras file, as Keras 3 saves it"
    with reading(where, expected=expected), zipfile.ZipFile(BytesIO(content)) as archive:
        if archive.getinfo(CONFIG).file_size > MOST_CONFIG_BYTES:
            raise DataError(where=where, expected=f"a {CONFIG} of at most {MOST_CONFIG_BYTES} bytes", received="more")
        config = json.loads(archive.read(CONFIG))
    if not isinstance(config, dict):
        raise DataError(where=where, expected=f"a mapping in {CONFIG}", received=type(config).__name__)
    return config


def _objects(value: Any, path: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every object of a class in a description, with the place where it stands."""
    if isinstance(value, Mapping):
        name, config = value.get("class_name"), value.get("config")
        if isinstance(name, str) and "config" in value:
            own = config.get("name") if isinstance(config, Mapping) else None
            path = ".".join(part for part in (path, f"{name} {own!r}" if isinstance(own, str) else name) if part)
            if value.get("module") != "builtins" and name not in VALUES:  # a function, by its name
                yield path, name, value
        for item in value.values():
            yield from _objects(item, path)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item, path)


def layer_specs(network: Any) -> tuple[ObjectSpec, ...]:
    """The layers of a loaded network in the words of a spec, as far as `models.spec.head` reads them."""
    return tuple(spec for layer in network.layers for spec in _layer_specs(layer))


def _layer_specs(layer: Any) -> tuple[ObjectSpec, ...]:
    """One layer; those of a network that stands as a layer in another."""
    return layer_specs(layer) if hasattr(layer, "layers") else (_layer_spec(layer),)


def _layer_spec(layer: Any) -> ObjectSpec:
    arguments = {
        name: getattr(layer, name) for name in ("units", "filters") if isinstance(getattr(layer, name, None), int)
    }
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", None)
    return ObjectSpec(type(layer).__name__, arguments | ({"activation": name} if name else {}))


def compiled_loss(config: Mapping[str, Any]) -> ObjectSpec | None:
    """The loss that the network was compiled with, as far as it says whether the outputs are logits.

    Args:
        config: The file's description, as `check_keras_file` returns it.
    """
    loss = (config.get("compile_config") or {}).get("loss")
    while isinstance(loss, list | Mapping) and len(loss) == 1:  # one loss for each output, in a list or by name
        (loss,) = loss.values() if isinstance(loss, Mapping) else loss
    if not isinstance(loss, Mapping) or not isinstance(loss.get("config"), Mapping):
        return None
    return ObjectSpec(str(loss.get("class_name")), {"from_logits": bool(loss["config"].get("from_logits"))})
