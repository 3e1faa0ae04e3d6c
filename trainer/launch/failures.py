"""The errors that end a training, in words for its submitter, and whether trying again can help."""

import re
import signal

from models.errors import DiskFull, OnehotError, StoreFull, StoreUnavailable, TrainingError, reason_of
from trainer.fit.progress import Superseded, TrainingPaused
from trainer.launch.subprocess_training import TrainingFailed
from trainer.network.keras_messages import plain_lines

__all__ = ["OutOfMemory", "ProcessKilled", "error_document", "explained", "is_final", "may_help_again"]

LONGEST_FOREIGN_MESSAGE = 300
FOR_NOW = ("ProcessKilled", "StoreUnavailable")
"""Errors of a process of its own that trying again may help against."""
CALLING, IN_GRAPH = "Exception encountered when calling", "Graph execution error"
"""How messages of Keras and tensorflow begin that name the cause only further on."""
AROUND = ("Detected at node", "Node:", "File ", "Arguments received", "<stack traces", "[[", "•", "Stack trace")
"""How lines begin that do not name it either."""
NODE = re.compile(r"\{\{[^}]*\}\}|\[Op:[^]]*\]( name:)?")
MEMORY_ERRORS = ("ResourceExhaustedError", "OutOfMemoryError")
MEMORY_WORDS = ("RESOURCE_EXHAUSTED", "out of memory", "failed to allocate")


class OutOfMemory(TrainingError):
    """An allocation failed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the training needs more memory than there is ({reason}): lower fit.batch_size, make the network "
            "smaller, or train where there is more memory"
        )


class ProcessKilled(TrainingError):
    """The process that trained was ended by a signal."""

    def __init__(self, *, number: int, peak_mib: float) -> None:
        self.number = number
        self.peak_mib = peak_mib
        hint = "; the kernel does this when memory runs out" if number == signal.SIGKILL else ""
        super().__init__(
            f"the training's process was ended by signal {number} at a peak of {peak_mib:.0f} MiB of memory{hint}"
        )


def explained(error: BaseException) -> BaseException:
    """An error of ours in the place of one of the system's or a framework's that has a known meaning."""
    if isinstance(error, OnehotError):
        return error
    if _is_memory(error):
        return OutOfMemory(reason_of(error))
    if isinstance(error, OSError) and error.errno in DiskFull.ERRNOS:
        return DiskFull(str(error.filename or "temporary files"))
    return error


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in MEMORY_ERRORS:
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in MEMORY_WORDS)


def may_help_again(error: BaseException) -> bool:
    """Whether the same job may succeed when it is tried again."""
    error = explained(error)
    if isinstance(error, TrainingFailed):
        return error.kind in FOR_NOW
    if isinstance(error, StoreUnavailable):
        return not isinstance(error, StoreFull)
    return isinstance(error, TrainingPaused | ProcessKilled) or not isinstance(error, OnehotError)


def is_final(error: BaseException) -> bool:
    """Whether a training that ended so is never resumed from its checkpoints."""
    return not may_help_again(error) and not isinstance(error, Superseded)


def error_document(error: BaseException) -> dict[str, str]:
    """An error as its type and its message; of errors that are not ours the first line, and nothing of the inside."""
    error = explained(error)
    kind = error.kind if isinstance(error, TrainingFailed) else type(error).__name__
    ours = isinstance(error, OnehotError)
    message = str(error) if ours else _foreign_message(error)[:LONGEST_FOREIGN_MESSAGE]
    return {"type": kind, "message": message or kind}


def _foreign_message(error: BaseException) -> str:
    """The first line of what a framework says; and what it is about, where the first line only says where."""
    first = reason_of(error)
    lines = plain_lines(NODE.sub("", str(error)))[1:]
    said = [line for line in lines if not line.startswith(AROUND)]
    if not said or not first.startswith((CALLING, IN_GRAPH)):
        return first
    return f"{first} {said[0] if first.startswith(CALLING) else said[-1]}"
