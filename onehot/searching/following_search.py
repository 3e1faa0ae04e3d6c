"""Follow one search to its end and report how it ended."""

import sys
import time
from collections.abc import Mapping
from typing import Any

from onehot.client import Service
from onehot.failures import Canceled, ServiceRefused, ServiceUnreachable, WorkFailed
from onehot.following import FINISHED, INTERRUPTED_STATUS, print_result
from onehot.output import print_json, print_line, program
from onehot.searching.search_screen import ShowSearch, search_screen, shown_value

__all__ = ["follow_search", "print_best"]

RUNNING = "running"
LOOK_S = 1.0
GIVE_UP_S = 60.0


def follow_search(service: Service, search_id: str, *, as_json: bool, poll_s: float) -> None:
    """Follow a search on the screen until its winner answers; Ctrl-C leaves the search running.

    Args:
        service: Whom to ask.
        search_id: Of the search.
        as_json: Whether its document is printed.
        poll_s: How often the service looks for new versions.

    Raises:
        WorkFailed: When the search did not finish.
        NotPromoted: When the gate of the winner does not hold.
    """
    try:
        with search_screen(sys.stderr, search_id) as show:
            search = _watch(service, search_id, show)
    except KeyboardInterrupt:
        print_line(f"\nSearch {search_id} goes on without you looking.", err=True)
        print_line(f"  {program()} searches follow {search_id}\n  {program()} searches cancel {search_id}", err=True)
        sys.exit(INTERRUPTED_STATUS)
    if as_json:
        print_json(search)
    if search["status"] != FINISHED:
        raise _failure(search)
    if not as_json:
        print_best(search)
    print_result(service, search["result"] or {}, as_json=as_json, poll_s=poll_s)


def _watch(service: Service, search_id: str, show: ShowSearch) -> dict[str, Any]:
    """Ask until the search has ended; a service that is away for a moment is asked again.

    Raises:
        ServiceUnreachable, ServiceRefused: When it stays away for a minute, or there is no such search.
    """
    lost_since_s: float | None = None
    while True:
        try:
            search: dict[str, Any] = service.get(f"/v1/searches/{search_id}")
        except (ServiceUnreachable, ServiceRefused) as error:
            now_s = time.monotonic()
            lost_since_s = lost_since_s or now_s
            passes = not isinstance(error, ServiceRefused) or (error.may_retry and error.status >= 500)
            if not passes or now_s - lost_since_s > GIVE_UP_S:
                raise
        else:
            lost_since_s = None
            show(search)
            if search["status"] != RUNNING:
                return search
        time.sleep(LOOK_S)


def print_best(search: Mapping[str, Any]) -> None:
    """Print the winner, of how many it was chosen, and its parameters as `--set` takes them."""
    best, winner = search.get("best"), search.get("winner")
    if best is None or winner is None:
        return
    number, value = winner["trial"], shown_value(winner["value"])
    print_line(f"Trial {number} won: {search['objective']} {value}, the best of {len(search['trials'])} trials")
    parameters = search["trials"][number]["parameters"]
    for path, one in parameters.items():
        print_line(f"  {path} = {one}")
    print_line(f"Its pictures: {program()} searches report {search['id']}")


def _failure(search: Mapping[str, Any]) -> WorkFailed:
    if search["status"] == "canceled":
        return Canceled(f"search {search['id']} was canceled")
    reason = (search.get("error") or {}).get("message") or search["status"]
    return WorkFailed(f"search {search['id']} failed: {reason}")
