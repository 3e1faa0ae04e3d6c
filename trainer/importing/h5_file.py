"""HDF5 files, as Keras 2 saved networks: their description, read without Keras."""

import json
from io import BytesIO
from typing import Any, NamedTuple

import h5py  # Keras' own reader of such files, which comes with it

from models.errors import DataError
from models.keras_catalog.objects import known_names, refused_names
from models.sources.damaged_files import UNREADABLE
from trainer.importing.other_files import WEIGHTS, unloaded_h5

__all__ = ["H5Description", "is_h5", "keras_classes", "read_h5"]

HDF5 = b"\x89HDF\r\n\x1a\n"
MOST_DESCRIPTION_BYTES = 64 * 2**20
NETWORKS = ("Sequential", "Functional", "Model", "InputLayer")
POLICIES = ("DTypePolicy", "Policy")
FAMILIES = ("layers", "activations", "initializers", "regularizers", "constraints")


class H5Description(NamedTuple):
    """What a file says of its network, and how that was compiled; the latter is empty where it was not."""

    network: dict[str, Any]
    compiled: dict[str, Any]


def is_h5(content: bytes) -> bool:
    """Whether a file is one of HDF5, whatever its name."""
    return content.startswith(HDF5)


def read_h5(content: bytes, *, where: str) -> H5Description:
    """Read the description of the network in a file.

    Args:
        content: The file's bytes.
        where: Its name.

    Raises:
        DataError: When it cannot be read, or holds weights alone.
    """
    try:
        with h5py.File(BytesIO(content), "r") as file:
            network, compiled = (_described(file, name) for name in ("model_config", "training_config"))
    except UNREADABLE as error:
        raise unloaded_h5(where, error) from error
    if not network:
        raise DataError(where=where, expected="a file with a network in it", received=WEIGHTS)
    return H5Description(network, compiled)


def _described(file: Any, name: str) -> dict[str, Any]:
    """One of the file's own attributes, which are JSON."""
    text = file.attrs.get(name, "")
    if len(text) > MOST_DESCRIPTION_BYTES:
        raise ValueError(f"a {name} of {len(text)} bytes")
    described = json.loads(text) if len(text) else {}
    return dict(described)


def keras_classes() -> frozenset[str]:
    """The classes of Keras that such a file names without their module."""
    known = {name for family in FAMILIES for name in (*known_names(family), *refused_names(family))}
    return frozenset({*known, *NETWORKS, *POLICIES})
