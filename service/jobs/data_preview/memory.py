"""What a job would need of a worker's memory, told before it is queued."""

from dataclasses import dataclass

from models.errors import Problem
from models.keras_catalog.parameter_counts import count_parameters, training_bytes
from models.keras_catalog.shape_rules import Shape
from models.settings import Settings
from models.spec.parts import Spec

__all__ = ["MemoryBounds", "check_weights"]


@dataclass(frozen=True, slots=True)
class MemoryBounds:
    """The most that a worker may need.

    Args:
        data_bytes: For what a compressed file becomes, arrays as float32.
        network_bytes: For a network's weights, gradients and optimizer.
    """

    data_bytes: int = Settings().max_data_bytes
    network_bytes: int = Settings().max_network_bytes

    @classmethod
    def of(cls, settings: Settings) -> "MemoryBounds":
        """As the settings say."""
        return cls(settings.max_data_bytes, settings.max_network_bytes)


def check_weights(spec: Spec, shape: Shape | None, bounds: MemoryBounds, problems: list[Problem]) -> None:
    """Add a problem, at the largest layer, when the network needs more memory than a worker may have."""
    counts = count_parameters(spec.layers, shape)
    size = training_bytes(sum(counts), spec.compile.optimizer.class_name)
    if size > bounds.network_bytes:
        largest = max(range(len(counts)), key=counts.__getitem__)
        expected = f"a network that trains in at most {bounds.network_bytes} bytes (ONEHOT_MAX_NETWORK_BYTES)"
        received = f"{counts[largest]} of its {sum(counts)} weights here: {size} bytes with gradients and optimizer"
        problems.append(Problem(f"layers.{largest}.{spec.layers[largest].class_name}", expected, received))
