"""The part of a registry that leads: it looks at the store and decides what all processes are to load."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from models.errors import StoreUnavailable
from models.store.store import Store
from service.registry.coordination.committed_state import Report
from service.registry.coordination.coordinator import Board
from service.registry.coordination.desired_state import ModelPlan, Plan, add_stand_in, wanted_versions
from service.registry.memory_budget import Memory
from service.registry.store_watch import StoreWatch, SurveyedModel

__all__ = ["IDLE_S", "Planner"]

ON_DEMAND = 4
"""How many versions of a model are loaded at most because clients name them by number."""
IDLE_S = 300.0
"""How long such a version stays without being asked for."""

REVIEW_S = 5.0
"""How often to plan anew although nothing that was told has changed: time passes, and memory comes and goes."""

log = structlog.get_logger("service")


class Planner:
    """Looks and plans.

    Args:
        store: Gives the store, opened when it is first needed.
        board: Where plans are posted.
        keep_versions: How many of a model's newest versions are loaded, beside those with a label.
        full_look_s: Seconds between two full looks at the store.
        clock: Seconds that only go forward, the same in all processes.
        memory: What there is for versions.
    """

    def __init__(
        self, store: Callable[[], Store], board: Board, *, keep_versions: int, full_look_s: float,
        clock: Callable[[], float], memory: Memory,
    ) -> None:  # fmt: skip
        self._store = store
        self._board = board
        self._keep_versions = keep_versions
        self._full_look_s = full_look_s
        self._clock = clock
        self._memory = memory
        self._watch: StoreWatch | None = None
        self._surveyed: Mapping[str, SurveyedModel] | None = None
        self._labels: dict[str, tuple[str, dict[str, int]]] = {}
        self._error = ""
        self._grounds: tuple[object, ...] = ()
        self._planned_s = 0.0

    def look(self) -> None:
        """Take notice of what is in the store now."""
        try:
            surveyed = self._look()
        except StoreUnavailable as error:
            self._error = str(error)
            return
        self._error = ""
        self._surveyed = surveyed
        self._labels = {name: self._read_labels(name, one.labels_tag) for name, one in surveyed.items()}

    def _look(self) -> Mapping[str, SurveyedModel]:
        if self._watch is None:
            self._watch = StoreWatch(self._store(), full_every_s=self._full_look_s, clock=self._clock)
        surveyed = self._watch.look()
        if not surveyed and self._board.plan().models:
            # A mount that went away looks like this; what is loaded goes on serving.
            self._watch = None
            raise StoreUnavailable("it is empty, and it was not before")
        return surveyed

    def _read_labels(self, model: str, tag: str) -> tuple[str, dict[str, int]]:
        """The labels with the tag of their file; read again only when that has changed."""
        known = self._labels.get(model)
        if known is not None and known[0] == tag:
            return known
        try:
            return tag, self._store().labels(model) if tag else {}
        except StoreUnavailable as error:
            log.warning("labels not read", model=model, reason=str(error))
            before = self._board.plan().models.get(model)
            return "", known[1] if known else dict(before.labels) if before else {}

    def plan(self, reports: Sequence[Report]) -> None:
        """Post a plan if another one is needed than the one before."""
        before, now_s = self._board.plan(), self._clock()
        grounds = (self._surveyed, self._labels, self._error, list(reports), self._board.generation, before.number)
        if grounds == self._grounds and now_s < self._planned_s + REVIEW_S:
            return
        self._planned_s = now_s
        has_seen_store = before.has_seen_store or self._surveyed is not None
        models = before.models if self._surveyed is None else self._plan_all(self._surveyed, reports, before)
        plan = Plan(before.number, models, self._error, has_seen_store)
        if plan != before:
            self._board.post_plan(replace(plan, number=before.number + 1))
        self._grounds = (*grounds[:-1], self._board.plan_number)

    def _plan_all(
        self, surveyed: Mapping[str, SurveyedModel], reports: Sequence[Report], before: Plan
    ) -> dict[str, ModelPlan]:
        plans = {name: self._plan_one(name, one, reports) for name, one in surveyed.items()}
        budget = self._memory.budget(processes=len(reports))
        for name, plan in plans.items():
            known = before.models.get(name)
            refused: dict[int, str] = {}
            for number in plan.wanted:
                missing = sum(
                    not (number in one.loaded.get(name, ()) or number in one.failed.get(name, ())) for one in reports
                )
                reason = budget.take(surveyed[name].versions[number].graph_bytes, processes=missing)
                if reason is not None:
                    refused[number] = known.refused.get(number, reason) if known else reason
            wanted = tuple(number for number in plan.wanted if number not in refused)
            plans[name] = ModelPlan(plan.tags, plan.labels, wanted, refused)
        return plans

    def _plan_one(self, name: str, surveyed: SurveyedModel, reports: Sequence[Report]) -> ModelPlan:
        tags = {number: version.tag for number, version in surveyed.versions.items()}
        labels = self._labels[name][1]
        held = {*self._board.agreement().model(name).serving.values(), *self._asked(name, reports)}
        wanted = wanted_versions(tags, labels, keep=self._keep_versions, held=held)
        failed = {number for report in reports for number in report.failed.get(name, ())}
        return ModelPlan(tags, labels, tuple(add_stand_in(wanted, tags, failed=failed)))

    def _asked(self, model: str, reports: Sequence[Report]) -> list[int]:
        """Versions of a model that clients named lately, the latest first."""
        oldest_s = self._clock() - IDLE_S
        latest: dict[int, float] = {}
        for report in reports:
            for version, at_s in report.asked.get(model, {}).items():
                latest[version] = max(at_s, latest.get(version, at_s))
        named = sorted(((at_s, version) for version, at_s in latest.items() if at_s >= oldest_s), reverse=True)
        return [version for _, version in named][:ON_DEMAND]
