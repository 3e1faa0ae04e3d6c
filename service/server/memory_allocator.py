"""How the C library keeps the memory of one large body for the next one."""

import ctypes
import os

__all__ = ["keep_freed_memory"]

# glibc's own names and, for the first, its own maximum.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
MAPPED_FROM_BYTES = 32 * 1024 * 1024
KEPT_BYTES = 64 * 1024 * 1024

BY_HAND = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")


def keep_freed_memory() -> bool:
    """Keep up to 64 MiB that were freed, rather than hand them back to the kernel after each large body.

    glibc adapts both limits to the largest block that was freed so far, and then hands back and asks anew at each
    request whose buffers lie at the end of the heap: every page of them is cleared again by the kernel.

    Returns:
        Whether anything was set: another C library has no such limits, and what the environment says is left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or any(name in os.environ for name in BY_HAND):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES) and mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))
