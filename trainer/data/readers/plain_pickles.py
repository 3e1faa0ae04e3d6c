"""The pickles of the CIFAR archives, read without running what a pickle could name: arrays, lists and text only."""

import pickle
from typing import IO, Any

__all__ = ["load_plain"]

ALLOWED = frozenset({
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
})  # fmt: skip


class PlainUnpickler(pickle.Unpickler):
    """Knows numpy's arrays and nothing else."""

    def find_class(self, module: str, name: str, /) -> Any:
        """Refuse every name that is not of an array.

        Raises:
            ValueError: Names what the pickle asked for.
        """
        if (module, name) not in ALLOWED:
            raise ValueError(f"a pickle that names {module}.{name}, which is never loaded")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def load_plain(file: IO[bytes]) -> Any:
    """Load a pickle of Python 2, whose text is bytes.

    Raises:
        ValueError: When it holds anything but arrays, lists and text.
    """
    try:
        return PlainUnpickler(file, encoding="bytes").load()
    except pickle.UnpicklingError as error:
        raise ValueError(f"a broken pickle: {error}") from error
