"""The loaded versions of this process, kept equal to the desired state; requests are answered by the committed state.

`refresh` observes the store where this process leads, loads what is new, and unloads what is old. Requests read a
snapshot: they wait for no lock and for no store, and a version that they have found stays theirs until they are done.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import structlog

from models.store.manifest import Manifest
from models.store.store import Store
from service.errors import VersionNotLoaded
from service.inference.predictor import Predictor
from service.registry.coordination.committed_state import CommittedState, Report
from service.registry.coordination.coordinator import Coordinator
from service.registry.coordination.desired_state import DesiredState
from service.registry.coordination.planner import IDLE_S, REVIEW_S, Planner
from service.registry.coordination.traffic_split import SwitchClock
from service.registry.loaded_models import LoadedModels
from service.registry.memory_budget import Memory, give_back
from service.registry.shown_facts import ShownFacts
from service.registry.snapshot import Snapshot

__all__ = ["WAITING", "Registry"]

WAITING = "waiting for"
"""How reasons begin that pass by themselves."""
GRAIN_S = IDLE_S / 10
"""How exactly the other processes know when a version was last requested."""
MOST_FACTS = 50
"""Manifests of versions that are not loaded, read at one time."""
MOST_ROUNDS = 1_000
"""Of planning, loading and committing before the next look at the store."""
LARGEST_SHARE = 0.005
"""Of the time, that goes into reviews at most: the more models there are, the rarer they are."""
LONGEST_REVIEW_S = 60.0
REPORT_S = 0.1
"""How long loading goes on before what is loaded so far is reported: of many models each report is long."""
COMMIT_S = 1.0
"""How long loading goes on before what is loaded so far answers."""

log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class _Seen:
    """The snapshot that requests see, and what it was made of."""

    local: Snapshot
    state: CommittedState
    snapshot: Snapshot

    def followed_by(self, local: Snapshot, state: CommittedState) -> "_Seen":
        """What requests see next; a model that is as it was is not put together again."""
        before = self.local.models
        unchanged = {
            name: shown for name, shown in self.snapshot.models.items()
            if local.models.get(name) is before.get(name) and state.model(name) == self.state.model(name)
        }  # fmt: skip
        return _Seen(local, state, local.committed(state, unchanged=unchanged))


class Registry:
    """Loaded versions.

    Args:
        open_store: Opens the store; called in the process that serves, as a store does not survive a fork.
        keep_versions: How many of a model's newest versions are loaded, beside those with a label.
        full_look_s: Seconds between two full looks at the store.
        clock: Seconds that only go forward, the same in all processes.
        coordinator: What this process shares with the others; else it is alone.
        memory: What there is for versions; else all that the machine has.
    """

    def __init__(
        self, open_store: Callable[[], Store], *, keep_versions: int, full_look_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic, coordinator: Coordinator | None = None,
        memory: Memory | None = None,
    ) -> None:  # fmt: skip
        self.coordinator = coordinator or Coordinator()
        self.is_serving = False
        self._open_store = open_store
        self._clock = clock
        self.switch_clock = SwitchClock(clock)
        self._planner = Planner(
            lambda: self.store, self.coordinator, keep_versions=keep_versions, full_look_s=full_look_s,
            memory=memory or Memory(), switch_clock=self.switch_clock,
        )  # fmt: skip
        self._models = LoadedModels(lambda: self.store, clock=clock, on_change=self._publish)
        self._local = Snapshot()
        self._waiting_for = self._local.waiting_for
        self._seen = _Seen(self._local, CommittedState(), self._local)
        self.splits = self._local.splits
        """Of the snapshot that was read last: each request reads one, and asks here for the price of an attribute."""
        self._loaded: tuple[Snapshot, frozenset[tuple[str, int]]] = (self._local, frozenset())
        self._requested: dict[tuple[str, int], float] = {}
        self._waited_for: set[str] = set()
        self._has_new_request = False
        self._report = Report()
        self._started_s = 0.0
        self._followed = 0
        self._review_due_s = -math.inf
        self.shown_facts = ShownFacts(lambda: self.store)

    @cached_property
    def store(self) -> Store:
        """The store, opened at its first use.

        Raises:
            StoreUnavailable: When it cannot be opened; the next use tries again.
        """
        return self._open_store()

    @property
    def snapshot(self) -> Snapshot:
        """What answers now: the same in all processes from one instant to the next."""
        seen, coordinator = self._seen, self.coordinator
        if seen.local is self._local and seen.state.revision == coordinator.committed_revision:
            return seen.snapshot
        while True:
            committed, local = coordinator.committed_state(), self._local
            if committed.revision == coordinator.committed_revision:  # else its versions can be unloaded by now
                break
        self._seen = seen = seen.followed_by(local, committed)
        self.splits = seen.snapshot.splits
        return seen.snapshot

    @property
    def loaded_versions(self) -> frozenset[tuple[str, int]]:
        """Model and number of every version that answers; the same object until the snapshot is another one."""
        snapshot = self.snapshot
        if self._loaded[0] is not snapshot:
            self._loaded = (snapshot, snapshot.loaded_versions)
        return self._loaded[1]

    @property
    def manifests(self) -> list[Manifest]:
        """Of every version that answers."""
        statuses = (one for model in self.snapshot.models.values() for one in model.versions.values())
        return [one.predictor.manifest for one in statuses if one.predictor is not None]

    def routed(self, model: str, version: int) -> Predictor | None:
        """What answers for a version that a rollout has chosen; None when it does not answer any more."""
        found = self.snapshot.models.get(model)
        status = None if found is None else found.versions.get(version)
        return None if status is None else status.predictor

    def find(self, model: str, *, version: int | None = None, label: str | None = None) -> Predictor:
        """What answers for a version, a label, or neither.

        Raises:
            ModelNotFound, VersionNotFound, LabelNotFound: When there is none.
            VersionNotLoaded: When it is known but cannot answer now; a version that was named is loaded soon.
        """
        loaded = self.snapshot.model(model)
        if version is not None and version in loaded.versions:
            self._note_request(model, version)
        try:
            return loaded.find(version=version, label=label)
        except VersionNotLoaded:
            self._waited_for.add(model)
            raise

    def _note_request(self, model: str, version: int) -> None:
        at_s = self._clock()
        if at_s > self._requested.get((model, version), -math.inf) + GRAIN_S:
            self._requested[model, version] = at_s
            self._has_new_request = True

    def capture_of(self, model: str) -> Mapping[str, Any]:
        """What is captured of a model's predictions; the same object until it changes, so each request may ask."""
        return self._models.desired.model(model).capture

    def look_soon(self) -> None:
        """Let the process that leads look at the store now rather than later."""
        self.coordinator.request_look()

    @property
    def sees_store(self) -> bool:
        """Whether the last look at the store succeeded."""
        return self._models.desired.has_seen_store and not self._models.desired.store_error

    @property
    def is_behind(self) -> bool:
        """Whether another process, or a request, gave this one something to do; costs next to nothing."""
        return self._has_new_request or self.coordinator.revision() != self._followed

    def refresh(self) -> None:
        """Look at the store where this process leads, then `advance` if it must. Only one thread may do this."""
        has_news = self.coordinator.lead() and self._planner.look()
        is_ready = self.coordinator.committed_state().is_ready
        if has_news or self.is_behind or not is_ready or self._clock() >= self._review_due_s:
            self.advance()
        else:
            self._send_report()

    def advance(self) -> None:
        """Plan, load, commit and unload until there is nothing left to follow."""
        began_s = self._clock()
        self._started_s = self._started_s or began_s
        for _ in range(MOST_ROUNDS):
            before = self.coordinator.revision()
            self._has_new_request = False
            self._reconcile(leads=self.coordinator.lead())
            self._followed = self.coordinator.revision()
            if self._followed == before:
                break
        now_s = self._clock()
        review_s = min(max(REVIEW_S, (now_s - began_s) / LARGEST_SHARE), LONGEST_REVIEW_S)
        self._review_due_s = min(now_s + review_s, self._models.next_try_s)
        # A few at a time: what is to be loaded does not wait for what is only shown.
        self._has_new_request = self._models.read_facts(most=MOST_FACTS) or self._has_new_request

    @property
    def others_serve(self) -> bool:
        """Whether another process answers requests."""
        return any(one.is_serving for one in self.coordinator.reports()[1:])

    def successors(self) -> int:
        """How many processes that began after this one answer requests."""
        return sum(one.is_serving and one.started_s > self._started_s for one in self.coordinator.reports()[1:])

    @property
    def why_not_ready(self) -> str | None:
        """What is missing before requests should come here; None when nothing is."""
        if self.coordinator.is_stopping:
            return "the service is ending"
        snapshot = self.snapshot
        if not snapshot.is_complete:
            return f"{WAITING} {snapshot.waiting_for}"
        if self.coordinator.committed_state().is_ready:
            return None
        return snapshot.why_none_answers or f"{WAITING} the other processes of the service to load the same"

    def _reconcile(self, *, leads: bool) -> None:
        """Bring this process from what it has to what is desired; the leader decides on both states."""
        if leads:
            self._planner.plan()
        desired = self.coordinator.desired_state()
        self._load(desired, leads=leads)
        if leads:
            self._planner.commit()
        self._unload()
        if desired.is_complete and not self.is_serving and not self._models.waits_for_store:
            self._begin_to_serve()

    def _load(self, desired: DesiredState, *, leads: bool) -> None:
        reason = desired.store_error
        if reason != self._models.desired.store_error:
            log.warning("store away", reason=reason) if reason else log.info("store back")
        self._waiting_for = reason or self._waiting_for
        self._models.follow(desired)
        committed_s, reported_s = self._clock(), -math.inf
        for name in self._in_order(desired.models):
            self._waiting_for = f"the versions of model {name!r} to be loaded"
            before = self._local
            self._models.load(name)
            if self._local is not before and self._clock() >= reported_s + REPORT_S:  # before all others are loaded
                self._send_report()
                reported_s = self._clock()
            if leads and self._clock() > committed_s + COMMIT_S:  # what is loaded answers while others are being loaded
                self._send_report()
                self._planner.commit()
                committed_s = self._clock()
        self._send_report()

    def _in_order(self, names: Iterable[str]) -> Iterator[str]:
        """Names of models, first those that requests wait for now."""
        left = dict.fromkeys(names)
        while left:
            name = next((one for one in tuple(self._waited_for) if one in left), None) or next(iter(left))
            self._waited_for.discard(name)
            del left[name]
            yield name
        self._waited_for.clear()

    def _unload(self) -> None:
        was_loaded = self._models.unload(self.coordinator.committed_state())
        self._send_report()
        if was_loaded:
            give_back()

    def _begin_to_serve(self) -> None:
        """From now on the others wait for this process; before, it must have everything that answers already."""
        with self.coordinator.committing():
            if self._models.has_all(self.coordinator.committed_state()):
                self.is_serving = True
                self._send_report()
        if self.is_serving:
            self._publish()

    def _publish(self) -> None:
        """Let requests see what this process has now."""
        waiting_for = "" if self.is_serving else self._waiting_for
        self._local = Snapshot(self._models.state, self.is_serving, waiting_for)

    def _send_report(self) -> None:
        """Let the others know what this process has, when that has changed."""
        models = self._models
        report = Report(models.loaded, models.failed, self._requested_lately(), self.is_serving, self._started_s)
        if report != self._report and self.coordinator.report(report):
            self._report = report

    def _requested_lately(self) -> dict[str, dict[int, float]]:
        """When clients named versions, of those that are not idle."""
        oldest_s = self._clock() - IDLE_S
        requested: dict[str, dict[int, float]] = {}
        for (model, version), at_s in list(self._requested.items()):
            if at_s >= oldest_s:
                requested.setdefault(model, {})[version] = at_s
        return requested
