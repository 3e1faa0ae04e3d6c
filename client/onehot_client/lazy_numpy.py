"""numpy, loaded where it is first used: who imports the client only does not wait for it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
else:

    class LazyNumpy:
        """Stands for numpy, and keeps what was asked for."""

        def __getattr__(self, name: str) -> Any:
            import numpy  # noqa: PLC0415, ICN001 -- it takes longer than all the rest

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = LazyNumpy()
    Array = Any

__all__ = ["Array", "np"]
