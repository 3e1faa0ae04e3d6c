"""The events of a job, as `onehot_client` follows them, with the command line's errors."""

from collections.abc import Iterator

from onehot_client import Event

from onehot.client import Service, in_words

__all__ = ["END", "EPOCH", "FOLD", "follow_events"]

END = "end"
EPOCH = "epoch"
FOLD = "fold"
"""An epoch of another training than the version's: of a fold or a repeat."""


def follow_events(service: Service, job_id: str) -> Iterator[Event]:
    """Yield a job's events from its first to its end, each once, connecting again where the connection is lost.

    Raises:
        ServiceUnreachable: When nothing comes of it for a minute; the job goes on all the same.
        ServiceRefused: When there is no such job.
    """
    with in_words():
        yield from service.follow(job_id)
