"""What a job would need of a worker's memory, told before it is queued."""

import zipfile
from dataclasses import dataclass
from math import prod
from pathlib import Path

from models.errors import DataError, Problem
from models.keras_catalog.parameter_counts import count_parameters, training_bytes
from models.keras_catalog.shape_rules import Shape
from models.settings import Settings
from models.sources.damaged_files import UNREADABLE
from models.sources.npz_arrays import read_plain_header
from models.spec.parts import Spec

__all__ = ["MemoryBounds", "check_expanded", "check_weights"]

FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class MemoryBounds:
    """The most that a worker may need.

    Args:
        data_bytes: For the arrays of a compressed file, as float32.
        network_bytes: For a network's weights, gradients and optimizer.
    """

    data_bytes: int = Settings().max_data_bytes
    network_bytes: int = Settings().max_network_bytes

    @classmethod
    def of(cls, settings: Settings) -> "MemoryBounds":
        """As the settings say."""
        return cls(settings.max_data_bytes, settings.max_network_bytes)


def check_expanded(path: Path, where: str, bounds: MemoryBounds) -> None:
    """Refuse an archive that would expand to more than a worker may hold; its headers say it.

    Raises:
        DataError: With both sizes.
    """
    size = _expanded_bytes(path) if path.suffix.lower() == ".npz" else 0
    if size > bounds.data_bytes:
        expected = f"arrays of at most {bounds.data_bytes} bytes as float32 (ONEHOT_MAX_DATA_BYTES)"
        received = f"{size} bytes in a file of {path.stat().st_size}"
        raise DataError(where=where, expected=expected, received=received)


def _expanded_bytes(path: Path) -> int:
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                with archive.open(member) as file:
                    header = read_plain_header(file)
                total += max(member.file_size, prod(header.shape) * FLOAT_BYTES)
    except UNREADABLE:
        return total  # what cannot be read is told by its reader
    return total


def check_weights(spec: Spec, shape: Shape | None, bounds: MemoryBounds, problems: list[Problem]) -> None:
    """Add a problem, at the largest layer, when the network needs more memory than a worker may have."""
    counts = count_parameters(spec.layers, shape)
    size = training_bytes(sum(counts), spec.compile.optimizer.class_name)
    if size > bounds.network_bytes:
        largest = max(range(len(counts)), key=counts.__getitem__)
        expected = f"a network that trains in at most {bounds.network_bytes} bytes (ONEHOT_MAX_NETWORK_BYTES)"
        received = f"{counts[largest]} of its {sum(counts)} weights here: {size} bytes with gradients and optimizer"
        problems.append(Problem(f"layers.{largest}.{spec.layers[largest].class_name}", expected, received))
