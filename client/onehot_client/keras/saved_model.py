"""Files of Keras: what is in them is looked at before Keras loads them, and no code of theirs is run."""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from onehot_client.keras.keras_objects import OWN_CODE
from onehot_client.keras.runtime import load_keras, undisturbed
from onehot_client.keras.without_word import IMPORT_INSTEAD, REFUSED, Problems, UnsupportedModel

__all__ = ["load_model_file"]

CONFIG = "config.json"
MOST_CONFIG_BYTES = 64 * 2**20
VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__"})
"""What a description holds like objects, and what is none."""
HOMES = ("losses", "metrics", "activations")
"""Where Keras has functions that are saved by their names."""


def load_model_file(path: Path) -> Any:
    """Load a `.keras` or `.h5` file in Keras' safe mode.

    Args:
        path: Of the file.

    Returns:
        The model, compiled where it was saved so.

    Raises:
        UnsupportedModel: Names every part that a spec has no word for.
        ValueError: When it is no such file.
    """
    if not path.is_file():
        raise ValueError(f"{path}: expected a .keras or .h5 file; received no such file")
    if zipfile.is_zipfile(path):
        _check_description(path)
    with undisturbed():
        try:
            return load_keras().saving.load_model(path, safe_mode=True)
        except (ValueError, TypeError, OSError, KeyError, AttributeError) as error:
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ValueError(f"{path}: expected a model that Keras loads; received {reason}") from error


def _check_description(path: Path) -> None:
    """Name the parts that are no Sequential's or none of Keras', before Keras asks for their code."""
    problems = Problems()
    description = _description(path)
    name = description.get("class_name")
    if name is None:
        raise ValueError(f"{path}: expected a .keras file as Keras 3 saves it; received an archive without a network")
    if name != "Sequential":
        kind = "a functional model" if name in ("Functional", "Model") else "a model class of your own"
        raise UnsupportedModel([f"{name}: {kind}; a spec is a Sequential: {IMPORT_INSTEAD}"])
    _check_objects(_objects(description.get("config"), "layers"), problems)
    _check_objects(_objects(description.get("compile_config"), ""), problems)
    problems.raise_any()


def _check_objects(objects: Iterable[tuple[str, Mapping[str, Any]]], problems: Problems) -> None:
    """Name every object that a spec has no word for; what stands inside one is part of it."""
    refused: str | None = None
    for place, entry in objects:
        if refused is not None and place.startswith(refused):
            continue
        reason = _refusal(entry)
        if reason is not None:
            problems.add(place, reason)
            refused = f"{place}."


def _refusal(entry: Mapping[str, Any]) -> str | None:
    name, module = str(entry["class_name"]), entry.get("module")
    if name in REFUSED:
        return REFUSED[name]
    if name == "__lambda__" or (name == "function" and not _is_own_function(entry.get("config"))):
        return OWN_CODE
    if name != "function" and (not isinstance(module, str) or module.partition(".")[0] != "keras"):
        return f"a class of your own ({entry.get('registered_name') or name}); a spec names Keras' only"
    return None


def _is_own_function(name: Any) -> bool:
    """Whether a function's name is one of Keras'."""
    keras = load_keras()
    return isinstance(name, str) and any(hasattr(getattr(keras, home), name) for home in HOMES)


def _description(path: Path) -> Mapping[str, Any]:
    """`config.json`, as Keras 3 writes it; empty where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            is_fit = archive.getinfo(CONFIG).file_size <= MOST_CONFIG_BYTES
            found = json.loads(archive.read(CONFIG)) if is_fit else {}
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected a .keras file as Keras 3 saves it; received {error}") from error
    return found if isinstance(found, Mapping) else {}


def _objects(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of a class in a description, with the place where it stands."""
    if isinstance(value, Mapping):
        name = value.get("class_name")
        if isinstance(name, str) and "config" in value:
            place = ".".join(part for part in (place, name) if part)
            if name not in VALUES:
                yield place, value
        for key, item in value.items():
            inner = place if key in ("config", "layers") else f"{place}.{key}".lstrip(".")
            yield from _objects(item, inner)
    elif isinstance(value, list):
        for index, item in enumerate(_without_input(value)):
            yield from _objects(item, f"{place}.{index}")


def _without_input(items: list[Any]) -> list[Any]:
    """Layers count from the one behind the input, as Keras' `model.layers` does."""
    return [item for item in items if not (isinstance(item, Mapping) and item.get("class_name") == "InputLayer")]
