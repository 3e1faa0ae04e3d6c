"""What has to happen before anything else of the service is imported, as quickly as it can be done."""

import importlib
import sys

from gevent import events, monkey

__all__ = ["load_structlog", "patch_standard_library"]


def patch_standard_library() -> None:
    """Let everything that blocks wait in gevent's event loop.

    gevent tells of each of its 25 steps, and looks each time for plugins in the metadata of every installed package:
    where tensorflow is installed too that takes longer than everything else here. We have no such plugin.
    """
    ask_plugins = events.notify_and_call_entry_points
    events.notify_and_call_entry_points = events.notify
    try:
        monkey.patch_all()
    finally:
        events.notify_and_call_entry_points = ask_plugins


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
