"""Processes that are started beside this one, and end with it."""

import ctypes
import os
import signal
import sys

__all__ = ["die_with_parent", "module_command"]

PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int) -> None:
    """Have this process killed when its parent is gone, so that no orphan trains on; does nothing but on Linux.

    Args:
        parent_pid: Who the parent is; when it died before this call, the process ends at once.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules; a folder `trainer` in the current directory is not ours."""
    return [sys.executable, "-P", "-m", module, *arguments]
