"""structlog without a library that it would look for, imported before anything else of the service."""

import importlib
import sys

__all__ = ["load_structlog"]


def load_structlog() -> None:
    """Import structlog without rich, which it would draw tracebacks with.

    Its tracebacks show what local variables hold, payloads among it; and importing it takes a tenth of the start.
    """
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # as importlib has it: there is none
    try:
        importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]
