"""The loaded versions of this process, kept equal to what the store holds and to what all processes agreed on.

`refresh` looks at the store, loads what is new, and lets go of what is old. Requests read a snapshot: they wait for no
lock and for no store, and a version that they have found stays theirs until they are done.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import structlog

from models.store.store import Store
from service.inference.predictor import Predictor
from service.registry.coordination.committed_state import Agreement, Report, agree
from service.registry.coordination.coordinator import Board, LocalBoard
from service.registry.coordination.desired_state import Plan
from service.registry.coordination.planner import IDLE_S, Planner
from service.registry.loaded_models import Shelves
from service.registry.memory_budget import Memory, give_back
from service.registry.snapshot import Holdings, Snapshot, take_snapshot

__all__ = ["Registry"]

GRAIN_S = IDLE_S / 10
"""How exactly the other processes know when a version was last asked for."""
MOST_FACTS = 50
"""Manifests of versions that are not loaded, read at one time."""
MOST_ROUNDS = 1_000
"""Of planning, loading and agreeing before the next look at the store."""

log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A snapshot and what it was made of."""

    held: Holdings
    agreement: Agreement
    snapshot: Snapshot


class Registry:
    """Loaded versions.

    Args:
        open_store: Opens the store; called in the process that serves, as a store does not survive a fork.
        keep_versions: How many of a model's newest versions are loaded, beside those with a label.
        full_look_s: Seconds between two full looks at the store.
        clock: Seconds that only go forward, the same in all processes.
        board: What this process shares with the others; else it is alone.
        memory: What there is for versions; else all that the machine has.
    """

    def __init__(
        self, open_store: Callable[[], Store], *, keep_versions: int, full_look_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic, board: Board | None = None, memory: Memory | None = None,
    ) -> None:  # fmt: skip
        self.board: Board = board or LocalBoard()
        self.is_serving = False
        self._open_store = open_store
        self._clock = clock
        self._planner = Planner(
            lambda: self.store, self.board, keep_versions=keep_versions, full_look_s=full_look_s,
            clock=clock, memory=memory or Memory(),
        )  # fmt: skip
        self._shelves = Shelves(lambda: self.store, clock=clock, on_change=self._hold)
        self._held = Holdings()
        self._seen = _Seen(self._held, Agreement(), take_snapshot(self._held, Agreement()))
        self._asked: dict[tuple[str, int], float] = {}
        self._has_news = False
        self._report = Report()
        self._started_s = 0.0
        self._followed = (0, 0, 0, 0)

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
        seen, board = self._seen, self.board
        if seen.held is self._held and seen.agreement.generation == board.generation:
            return seen.snapshot
        while True:
            agreement, held = board.agreement(), self._held
            if agreement.generation == board.generation:  # else what it names can be gone from what was read
                break
        self._seen = seen = _Seen(held, agreement, take_snapshot(held, agreement))
        return seen.snapshot

    def find(self, model: str, *, version: int | None = None, label: str | None = None) -> Predictor:
        """What answers for a version, a label, or neither.

        Raises:
            ModelNotFound, VersionNotFound, LabelNotFound: When there is none.
            VersionNotLoaded: When it is known but cannot answer now; a version that was named is loaded soon.
        """
        loaded = self.snapshot.model(model)
        if version is not None and version in loaded.versions:
            self._has_news = self._has_news or (model, version) not in self._asked
            self._asked[model, version] = self._clock()
        return loaded.find(version=version, label=label)

    def look_soon(self) -> None:
        """Let whichever process leads look at the store now rather than later."""
        self.board.ask_for_look()

    @property
    def is_behind(self) -> bool:
        """Whether another process, or a request, gave this one something to do; costs next to nothing."""
        return self._has_news or self._signs() != self._followed

    def _signs(self) -> tuple[int, int, int, int]:
        board = self.board
        leads = board.lead()
        return board.plan_number, board.generation, leads and board.news, leads and board.looks_asked

    def refresh(self) -> None:
        """Look at the store if that is due here, load, agree, let go. Only one thread may do this."""
        if self.board.lead():
            self._planner.look()
        self.advance()

    def advance(self) -> None:
        """Do what the other processes gave this one to do, and look at the store if one of them asked for it."""
        self._started_s = self._started_s or self._clock()
        looks_asked = self.board.looks_asked
        if self.board.lead() and looks_asked != self._followed[3]:
            self._planner.look()
        for _ in range(MOST_ROUNDS):
            before = self._signs()
            self._has_news = False
            self._round(leads=self.board.lead())
            self._followed = (*self._signs()[:3], looks_asked)
            if self._followed[:3] == before[:3]:
                break
        # A few at a time: what is to be loaded does not wait for what is only shown.
        self._has_news = self._shelves.read_facts(most=MOST_FACTS) or self._has_news

    @property
    def others_serve(self) -> bool:
        """Whether another process answers requests."""
        return any(one.is_serving for one in self.board.reports()[1:])

    def successors(self) -> int:
        """How many processes that began after this one answer requests."""
        return sum(one.is_serving and one.started_s > self._started_s for one in self.board.reports()[1:])

    @property
    def why_not_ready(self) -> str | None:
        """What is missing before requests should come here; None when nothing is."""
        if self.board.is_stopping:
            return "the service is ending"
        snapshot = self.snapshot
        return None if snapshot.is_complete else f"waiting for {snapshot.waiting_for}"

    def _round(self, *, leads: bool) -> None:
        if leads:
            self._planner.plan(self.board.reports())
        plan = self.board.plan()
        self._follow(plan)
        if leads:
            self._agree(plan)
        self._let_go()
        if plan.has_seen_store and not self.is_serving:
            self._begin_to_serve()

    def _follow(self, plan: Plan) -> None:
        self._note_store_error(plan.store_error)
        self._shelves.see(plan)
        for name in plan.models:
            self._wait_for(f"the versions of model {name!r} to be loaded")
            before = self._held
            self._shelves.update(name)
            if self._held is not before:  # what one model has is told at once, and not again for each of the others
                self._tell()
        self._tell()

    def _hold(self) -> None:
        """Let requests see what the shelves have now."""
        self._held = replace(self._held, models=self._shelves.models)

    def _tell(self) -> None:
        """Let the others know what this process has, when that has changed."""
        report = Report(
            self._shelves.loaded, self._shelves.failed, self._asked_lately(), self.is_serving, self._started_s,
        )  # fmt: skip
        if report != self._report:
            self._report = report
            self.board.report(report)

    def _asked_lately(self) -> dict[str, dict[int, float]]:
        """When clients named versions, told again only when it has become much later."""
        oldest_s = self._clock() - IDLE_S
        asked: dict[str, dict[int, float]] = {}
        for (model, version), at_s in list(self._asked.items()):
            if at_s < oldest_s:
                self._asked.pop((model, version), None)
                continue
            told_s = self._report.asked.get(model, {}).get(version)
            asked.setdefault(model, {})[version] = at_s if told_s is None or at_s > told_s + GRAIN_S else told_s
        return asked

    def _agree(self, plan: Plan) -> None:
        """Only the leader does."""
        with self.board.agreeing():
            reports = self.board.reports()
            before = self.board.agreement()
            models = agree(plan.models, [one for one in reports if one.is_serving] or reports[:1], before)
            if models != before.models:
                self.board.post_agreement(Agreement(before.generation + 1, models))

    def _let_go(self) -> None:
        was_loaded = self._shelves.let_go(self.board.agreement())
        self._tell()
        if was_loaded:
            give_back()

    def _begin_to_serve(self) -> None:
        """From now on the others wait for this process; before, it must have everything that answers already."""
        with self.board.agreeing():
            if self._shelves.has_all(self.board.agreement()):
                self.is_serving = True
                self._tell()
        if self.is_serving:
            self._held = replace(self._held, is_complete=True, waiting_for="")
            log.info("ready", **self.snapshot.describe())

    def _note_store_error(self, reason: str) -> None:
        if reason == self._held.store_error:
            return
        log.warning("store away", reason=reason) if reason else log.info("store back")
        waiting_for = "" if self._held.is_complete else reason or self._held.waiting_for
        self._held = replace(self._held, store_error=reason, waiting_for=waiting_for)

    def _wait_for(self, what: str) -> None:
        if not self._held.is_complete:
            self._held = replace(self._held, waiting_for=what)
