"""Follow one rollout to its end."""

import sys
import time
from typing import Any

from onehot.client import Service
from onehot.failures import ServiceRefused, ServiceUnreachable, WorkFailed
from onehot.following import INTERRUPTED_STATUS
from onehot.output import print_json, print_line, program
from onehot.releasing.rollout_text import event_line, progress_line

__all__ = ["PROMOTED", "follow_rollout"]

PROMOTED = "promoted"
LOOK_S = 1.0
GIVE_UP_S = 60.0


def follow_rollout(service: Service, model: str, *, as_json: bool) -> None:
    """Print what happens to a rollout until it has ended; Ctrl-C leaves it going on.

    Args:
        service: Whom to ask.
        model: Whose rollout.
        as_json: Whether its document is printed in the end, and the rest on stderr.

    Raises:
        WorkFailed: When it did not end in the promotion of the candidate, with the reason.
    """
    try:
        rollout = _watch(service, model, err=as_json)
    except KeyboardInterrupt:
        print_line(f"\nThe rollout of {model} goes on without you looking.", err=True)
        print_line(f"  {program()} rollout follow {model}\n  {program()} rollout rollback {model}", err=True)
        sys.exit(INTERRUPTED_STATUS)
    if as_json:
        print_json(rollout)
    if rollout["state"] != PROMOTED:
        ended = f"version {rollout['candidate']} of {model} was not promoted"
        raise WorkFailed(f"{ended}: {rollout['state'].replace('_', ' ')}, {rollout['reason']}")


def _watch(service: Service, model: str, *, err: bool) -> dict[str, Any]:
    """Ask until the rollout has ended; a service that is away for a moment is asked again.

    Raises:
        ServiceUnreachable, ServiceRefused: When it stays away for a minute, or there is no rollout.
    """
    told, last, lost_since_s, followed = 0, "", None, None
    while True:
        try:
            rollout = _same(service, model, followed)
        except (ServiceUnreachable, ServiceRefused) as error:
            lost_since_s = lost_since_s or time.monotonic()
            passes = not isinstance(error, ServiceRefused) or (error.may_retry and error.status >= 500)
            if not passes or time.monotonic() - lost_since_s > GIVE_UP_S:
                raise
        else:
            lost_since_s, followed = None, rollout["id"]
            for event in rollout["story"][told:]:
                print_line(event_line(rollout, event), err=err)
            told = len(rollout["story"])
            if rollout["ended_at"] is not None:
                return rollout
            last = _told_progress(rollout, last)
        time.sleep(LOOK_S)


def _same(service: Service, model: str, followed: str | None) -> dict[str, Any]:
    """The rollout that is followed, also when it has ended and another one has begun, or it was taken away."""
    try:
        rollout = service.rollout(model)
    except ServiceRefused as error:
        if followed is None or error.status != 404:
            raise
        return service.rollout_record(model, followed)
    return rollout if followed in (None, rollout["id"]) else service.rollout_record(model, str(followed))


def _told_progress(rollout: dict[str, Any], last: str) -> str:
    """Print what it waits for where that is seen: on a terminal, once for each change."""
    line = progress_line(rollout)
    if line != last and sys.stderr.isatty():
        print_line(f"  {line}", err=True)
    return line
