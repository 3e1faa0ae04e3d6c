"""The end of a job of a search, told to its search."""

import logging

from redis import Redis
from rq.job import Job

from models.errors import StoreUnavailable
from models.queue.names import SEARCH_JOBS, SEARCHES_KNOWN
from models.queue.search_step import member_of, search_member
from models.searches.search_document import open_jobs, running_searches
from models.settings import Settings
from models.store.store import Store

__all__ = ["find_running_searches", "hear", "hear_of_search"]

log = logging.getLogger("trainer")


def hear_of_search(connection: Redis, store: Store, settings: Settings, job: Job) -> None:
    """Let the search of a job that has ended go on; a job that belongs to none is passed over."""
    if (member := search_member(job)) is not None:
        hear(connection, store, settings, member)


def hear(connection: Redis, store: Store, settings: Settings, member: str) -> None:
    """Let a search go on after one of its jobs; what the store does not take now is tried again later.

    Args:
        connection: To the queue's server.
        store: Where the search is.
        settings: For the jobs that are queued next.
        member: As of `models.queue.search_step.member_of`.
    """
    from trainer.search.advance import Searches  # noqa: PLC0415 -- its samplers take long to import, and few need them

    try:
        Searches(connection, store, settings).hear(member)
    except StoreUnavailable as error:
        log.warning("%s: its search does not go on yet: %s", member, error)
    except ValueError as error:  # the queue's server was given something else
        log.warning("%s: its search does not go on: %s", member, error)
        connection.srem(SEARCH_JOBS, member)


def find_running_searches(connection: Redis, store: Store) -> None:
    """Have a queue's server that knows nothing of searches, as after FLUSHALL, know the jobs that they wait for.

    Those that it does not have are queued again, as all that are gone.
    """
    if connection.exists(SEARCHES_KNOWN):
        return
    for document in running_searches(store):
        for job_id in open_jobs(document):
            connection.sadd(SEARCH_JOBS, member_of(document["model"], document["id"], job_id))
    connection.set(SEARCHES_KNOWN, 1)
