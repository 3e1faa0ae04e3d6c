import errno
import signal

import pytest

from models.errors import DataError, StoreFull, StoreUnavailable, TrainingDiverged, WorkerLost
from trainer.fit.progress import Superseded, TrainingCanceled, TrainingPaused
from trainer.launch.failures import ProcessKilled, error_document, is_final, may_help_again
from trainer.launch.subprocess_training import TrainingFailed


class ResourceExhaustedError(Exception):
    """As tensorflow names it."""


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StoreUnavailable("no such host"), True),
        (ProcessKilled(number=9, peak_mib=1.0), True),
        (ValueError("not ours"), True),
        (TrainingFailed(kind="StoreUnavailable", message=""), True),
        (TrainingPaused(), True),
        (StoreFull("No space left on device"), False),
        (DataError(where="a", expected="b", received="c"), False),
        (TrainingDiverged(epoch=3), False),
        (TrainingFailed(kind="TrainingDiverged", message=""), False),
        (TrainingCanceled(), False),
        (WorkerLost(), False),
        (MemoryError(), False),
        (OSError(errno.ENOSPC, "No space left on device", "scratch"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_can_go_better_is_tried_again(error, again) -> None:
    """Everything that would end the same way is not."""
    assert may_help_again(error) is again


def test_checkpoints_stay_while_somebody_can_go_on() -> None:
    """A superseded attempt leaves them to its successor."""
    assert [is_final(error) for error in (TrainingPaused(), Superseded(), ValueError("x"))] == [False] * 3
    assert [is_final(error) for error in (TrainingCanceled(), TrainingDiverged(epoch=1))] == [True] * 2


@pytest.mark.parametrize(
    "error",
    [MemoryError(), ResourceExhaustedError("OOM when allocating"), RuntimeError("RESOURCE_EXHAUSTED: out of memory")],
    ids=["Python", "tensorflow", "jax"],
)
def test_memory_that_runs_out_is_told_alike(error) -> None:
    """Whichever process noticed it."""
    told = error_document(error)
    assert told["type"] == "OutOfMemory"
    assert "lower fit.batch_size" in told["message"]


def test_a_full_disk_is_named() -> None:
    """With the place."""
    told = error_document(OSError(errno.ENOSPC, "No space left on device", "scratch"))
    assert told == {
        "type": "DiskFull",
        "message": "no space left on the worker's disk (scratch): make room, then submit the job again",
    }


def test_a_killed_process_tells_signal_and_peak() -> None:
    """And what SIGKILL may mean."""
    assert "signal 9 at a peak of 512 MiB" in str(ProcessKilled(number=signal.SIGKILL, peak_mib=512.2))
    assert "memory runs out" not in str(ProcessKilled(number=signal.SIGSEGV, peak_mib=1.0))


def test_an_error_that_is_not_ours_is_told_in_one_line() -> None:
    """And nothing of the inside."""
    assert error_document(ValueError("first\nsecond"))["message"] == "first"
    assert error_document(KeyError()) == {"type": "KeyError", "message": "KeyError"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Exception encountered when calling Embedding.call().\n\n\x1b[1m{{function_node __wrapped__Gather}} "
            "indices[3,1] = 49 is not in [0, 20) [Op:ResourceGather] name: \x1b[0m\n\nArguments received:\n  • a=1",
            "Exception encountered when calling Embedding.call(). indices[3,1] = 49 is not in [0, 20)",
        ),
        (
            "Graph execution error:\n\nDetected at node gradient/Sum defined at (most recent call last):\n"
            '  File "x.py", line 3, in f\n\nIncompatible shapes: [16,3] vs. [16]\n\t [[{{node sub}}]] [Op:__infer]',
            "Graph execution error: Incompatible shapes: [16,3] vs. [16]",
        ),
    ],
)
def test_what_a_framework_tells_further_on_is_told_too(text, message) -> None:
    """Its first line says only where it was."""
    assert error_document(ValueError(text))["message"] == message
