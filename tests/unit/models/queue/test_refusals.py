import pytest

from models.queue.refusals import refusal_of

REFUSED = {
    # redis-py takes the code off a message where it has a class for it.
    "command not allowed when used memory > 'maxmemory'.": "memory is full",
    "Command # 1 (HSET k) of pipeline caused error: command not allowed when used memory > 'maxmemory'.": "memory is",
    "Error running script: @user_script: 2: -OOM command not allowed when used memory > 'maxmemory'.": "memory is full",
    "MISCONF Errors writing to the AOF file: No space left on device": "disk is full, or cannot be written",
    "Command # 2 (SET k 1) of pipeline caused error: MISCONF Valkey cannot save snapshots": "disk is full",
    "You can't write against a read only replica.": "a replica",
    "NOREPLICAS Not enough good replicas to write.": "too few replicas",
}
OTHER = ("WRONGTYPE Operation against a key", "NOAUTH Authentication required.", "Connection refused", "")


@pytest.mark.parametrize("message", REFUSED)
def test_a_server_that_takes_no_writes_says_why(message: str) -> None:
    """In words that name the queue."""
    assert REFUSED[message] in str(refusal_of(Exception(message)))


@pytest.mark.parametrize("message", OTHER)
def test_another_error_is_no_refusal(message: str) -> None:
    """It is for others to say what it is."""
    assert refusal_of(Exception(message)) is None
