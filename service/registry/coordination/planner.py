"""The part of a registry that leads: it looks at the store and decides what all processes load and answer with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from models.errors import StoreUnavailable
from models.store.store import Store
from service.registry.coordination.capture_watch import CaptureWatch
from service.registry.coordination.committed_state import CommittedModel, CommittedState, Report, committed_models
from service.registry.coordination.coordinator import Coordinator
from service.registry.coordination.desired_state import DesiredModel, DesiredState, add_stand_in, wanted_versions
from service.registry.coordination.memory_plan import Key, MemoryPlan, plan_memory
from service.registry.coordination.model_documents import ModelDocuments
from service.registry.coordination.traffic_split import SwitchClock
from service.registry.memory_budget import Memory
from service.registry.store_listing import ObservedModel
from service.registry.store_watch import StoreWatch

__all__ = ["IDLE_S", "REVIEW_S", "Planner"]

ON_DEMAND = 4
"""How many versions of a model are loaded at most because clients name them by number."""
IDLE_S = 300.0
"""How long such a version stays without being requested."""
REVIEW_S = 5.0
"""How often to plan anew although nothing has changed: time passes, and memory comes and goes."""
CONFIRM_S = 10.0
"""How long a model that is missing in the store stays loaded: the store may be being restored."""
MOST_NAMES = 50
"""Of refused versions, in one line of the log."""

log = structlog.get_logger("service")


class Planner:
    """Computes the desired state and the committed state.

    Args:
        store: Gives the store, opened when it is first needed.
        coordinator: Where both are posted.
        keep_versions: How many of a model's newest versions are loaded, beside those with a label.
        full_look_s: Seconds between two full looks at the store.
        memory: What there is for versions.
        switch_clock: Seconds that only go forward, the same in all processes; tells when the step of a rollout begins.
    """

    def __init__(
        self, store: Callable[[], Store], coordinator: Coordinator, *, keep_versions: int, full_look_s: float,
        memory: Memory, switch_clock: SwitchClock,
    ) -> None:  # fmt: skip
        self._store = store
        self._coordinator = coordinator
        self._keep_versions = keep_versions
        self._full_look_s = full_look_s
        self._clock = switch_clock.clock
        self._memory = memory
        self._documents = ModelDocuments(store, coordinator.desired_state, switch_clock)
        self._watch: StoreWatch | None = None
        self._listed: Mapping[str, ObservedModel] | None = None
        self._observed: Mapping[str, ObservedModel] | None = None
        self._captures = CaptureWatch(store)
        self._store_error = ""
        self._followed_request = 0
        self._basis: tuple[object, ...] = ()
        self._planned_s = 0.0

    def look(self) -> bool:
        """Observe the store; whether it is another one than at the last look."""
        self._followed_request = self._coordinator.look_requests
        before = self._observed, self._store_error
        try:
            listed = self._look()
        except StoreUnavailable as error:
            self._store_error = str(error)
        else:
            self._store_error = ""
            if listed is not self._listed:
                self._observed = self._documents.read(listed, self._observed or {})
                is_whole = self._captures.follow(listed) and self._documents.is_whole
                self._listed = listed if is_whole else None  # else the next look reads them
        return self._observed is not before[0] or self._store_error != before[1]

    def _look(self) -> Mapping[str, ObservedModel]:
        desired = self._coordinator.desired_state().models
        if self._watch is None:
            self._watch = StoreWatch(
                self._store(), full_every_s=self._full_look_s, confirm_s=CONFIRM_S if self._full_look_s else 0.0,
                had_models=bool(desired), clock=self._clock,
            )  # fmt: skip
        return self._watch.look({name: one.wanted for name, one in desired.items()})

    def plan(self) -> None:
        """Post a desired state if another one is needed than the one before; look at the store first, if requested."""
        coordinator = self._coordinator
        if coordinator.look_requests != self._followed_request:
            self.look()
        reports, before, now_s = coordinator.reports(), coordinator.desired_state(), self._clock()
        basis = (self._observed, self._store_error, reports, coordinator.revision())
        if basis == self._basis and now_s < self._planned_s + REVIEW_S:
            return
        self._basis, self._planned_s = basis, now_s
        desired = replace(before, store_error=self._store_error)
        if self._observed is not None:
            models, plan = self._desired_models(self._observed, reports, before)
            desired = replace(desired, models=models, has_seen_store=True, is_complete=not plan.postponed)
        if desired != before:
            with coordinator.committing():
                coordinator.post(replace(desired, revision=before.revision + 1))

    def commit(self) -> None:
        """Post a committed state if what the processes have loaded allows for another one than before."""
        coordinator = self._coordinator
        with coordinator.committing():
            reports, before, desired = coordinator.reports(), coordinator.committed_state(), coordinator.desired_state()
            serving = [one for one in reports if one.is_serving] or reports[:1]
            models = committed_models(desired.models, serving, before)
            is_ready = before.is_ready or _may_be_ready(desired, reports, models)
            if (models, is_ready) != (before.models, before.is_ready):
                coordinator.post(CommittedState(before.revision + 1, models, is_ready))

    def _desired_models(
        self, observed: Mapping[str, ObservedModel], reports: Sequence[Report], before: DesiredState
    ) -> tuple[dict[str, DesiredModel], MemoryPlan]:
        wanted = {name: self._wanted(name, model, reports) for name, model in observed.items()}
        committed = self._coordinator.committed_state().models
        refused = {
            (name, number): reason for name, one in before.models.items() for number, reason in one.refused.items()
        }
        plan = plan_memory(
            wanted, reports, self._memory.budget(processes=len(reports)),
            graph_bytes=lambda name, number: observed[name].versions[number].graph_bytes,
            answering={(name, number) for name, one in committed.items() for number in one.ready},
            refused_before=refused,
        )  # fmt: skip
        _log_refused({key: reason for key, reason in plan.refused.items() if key not in refused})
        plan.refused |= {key: reason for key, reason in refused.items() if key in plan.refused}  # as it was first told
        captures = self._captures.documents
        models = {
            name: _desired_model(name, model, wanted[name], plan, captures.get(name, {}))
            for name, model in observed.items()
        }
        return models, plan

    def _wanted(self, name: str, model: ObservedModel, reports: Sequence[Report]) -> list[int]:
        serving = self._coordinator.committed_state().model(name).serving.values()
        in_use = {*serving, *self._requested(name, reports)}
        on_trial = () if model.split is None else (model.split.candidate, model.split.baseline)
        wanted = wanted_versions(
            model.versions, model.labels, keep=self._keep_versions, in_use=in_use, on_trial=on_trial
        )
        failed = {number for report in reports for number in report.failed.get(name, ())}
        return add_stand_in(wanted, model.versions, failed=failed)

    def _requested(self, model: str, reports: Sequence[Report]) -> list[int]:
        """Versions of a model that clients named lately, the latest first."""
        oldest_s = self._clock() - IDLE_S
        latest: dict[int, float] = {}
        for report in reports:
            for version, at_s in report.requested.get(model, {}).items():
                latest[version] = max(at_s, latest.get(version, at_s))
        named = sorted(((at_s, version) for version, at_s in latest.items() if at_s >= oldest_s), reverse=True)
        return [version for _, version in named][:ON_DEMAND]


def _desired_model(
    name: str, model: ObservedModel, wanted: Sequence[int], plan: MemoryPlan, capture: Mapping[str, Any]
) -> DesiredModel:
    return DesiredModel(
        {number: version.tag for number, version in model.versions.items()}, model.labels,
        tuple(one for one in wanted if (name, one) not in plan.refused and (name, one) not in plan.postponed),
        {one: plan.refused[name, one] for one in wanted if (name, one) in plan.refused}, model.split, model.rollout_tag,
        capture,
    )  # fmt: skip


def _log_refused(refused: Mapping[Key, str]) -> None:
    """One line, whatever their number; each has its own status."""
    if refused:
        versions = [f"{name}/{number}" for name, number in refused]
        log.warning(
            "versions refused", count=len(refused), versions=versions[:MOST_NAMES], reason=next(iter(refused.values()))
        )


def _may_be_ready(desired: DesiredState, reports: Sequence[Report], models: Mapping[str, CommittedModel]) -> bool:
    """Whether every process serves what it should, and that is something, where there is anything."""
    return desired.is_complete and all(one.is_serving for one in reports) and bool(models or not desired.models)
