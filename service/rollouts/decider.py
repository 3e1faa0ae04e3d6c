"""Decides on the rollouts under way: in one process of one service at a time, about twice a second.

Within a service the leader does; between services the one with the lease that the queue's server gives. A decision is
a change of one document by compare-and-swap: whoever decided, it is right as long as the document is the one that was
decided on. Without the store or the queue's server nothing is decided.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from models.errors import OnehotError
from models.rollout.decision import BREACH, STAY, decided, decision
from models.rollout.figures import RolloutFigures
from models.rollout.rollout import PAUSED, PROMOTING, ROLLED_BACK, RUNNING, Rollout
from models.rollout.rollout_course import settled
from models.rollout.rollout_store import RolloutStore
from service.blocking_calls import run_in_thread
from service.errors import QueueUnavailable
from service.registry.coordination.desired_state import DesiredModel
from service.registry.coordination.traffic_split import SWITCH_S
from service.registry.registry import Registry
from service.rollouts.held_lease import NOT_MINE, Held
from service.rollouts.rollout_metrics import RolloutMetrics
from service.rollouts.rollouts import Rollouts, ShownRollout

if TYPE_CHECKING:
    from service.rollouts.decider_lease import DeciderLease

__all__ = ["Decider"]

TURN_S = 0.5
JUDGE_S = 0.9
"""Between two looks at the figures of a rollout, which are new once a second and take milliseconds to judge."""
WHOLE_S = 3.5
"""How long all figures must have been there before a step is passed: services that were cut off post theirs again."""
FAILED_S = 3.0
"""How long a candidate must be missing before that ends its rollout."""
FOLLOWED_S = SWITCH_S + 1.5
"""From the decision to promote until `stable` moves: all services send all callers to the candidate by then."""
ALL = 100.0

log = structlog.get_logger("service")


@dataclass(slots=True)
class _Watch:
    """What is remembered of a rollout from turn to turn.

    Args:
        frozen: Why nothing is decided.
        whole_since_s: Since when something can be; None while nothing can.
        failed_since_s: Since when its candidate is missing; None while it is not.
        judged_s: When its figures were judged.
        figures: Those that were judged last.
    """

    frozen: str | None = None
    whole_since_s: float | None = None
    failed_since_s: float | None = None
    judged_s: float = -math.inf
    figures: RolloutFigures | None = None


class Decider:
    """The loop of one process.

    Args:
        registry: Knows which models have a rollout, and leads, or does not.
        rollouts: Knows the figures.
        metrics: Count the decisions.
        open_lease: Connects to the queue's server, for the service of this id.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, registry: Registry, rollouts: Rollouts, metrics: RolloutMetrics, *,
        open_lease: "Callable[[str], DeciderLease]", clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._registry = registry
        self._rollouts = rollouts
        self._metrics = metrics
        self._open_lease = open_lease
        self._clock = clock
        self._lease: DeciderLease | None = None
        self._watched: dict[str, _Watch] = {}
        self._settled: dict[str, str] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Decide from now on; in a forked process, after the fork."""
        threading.Thread(target=self._run, name="decider", daemon=True).start()

    def stop(self) -> None:
        """Decide nothing more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(TURN_S):
            try:
                self.turn()
            except Exception:  # the boundary of a thread that must not end
                log.exception("rollouts were not looked at")

    def turn(self) -> None:
        """Look at every rollout once, if this process decides; in the event loop."""
        models = dict(self._to_look_at())
        leads = bool(models) and run_in_thread(self._registry.coordinator.lead)
        held = self._held() if leads else NOT_MINE
        decides = held is None or held.is_mine
        for model in [one for one in self._watched if one not in models or not decides]:
            del self._watched[model]
            self._metrics.show_frozen(model, is_frozen=False)
        for model, desired in models.items() if decides else ():
            if held is not None:
                self._look(model, desired, held)
            elif desired.split is not None:
                self._freeze(model, "the queue's server does not answer")

    def _to_look_at(self) -> Iterator[tuple[str, DesiredModel]]:
        """Models with a rollout under way, and those with one that has ended and was not looked at since."""
        for model, one in self._registry.coordinator.desired_state().models.items():
            if one.split is not None or (one.rollout_tag and self._settled.get(model) != one.rollout_tag):
                yield model, one

    def _held(self) -> Held | None:
        """What the queue's server says of the lease; None where it does not answer."""
        try:
            if self._lease is None:
                self._lease = run_in_thread(self._open_lease, self._rollouts.service)
            held = self._lease.take()
        except QueueUnavailable:
            return None
        self._registry.switch_clock.offset_s = held.offset_s
        return held

    def _look(self, model: str, desired: DesiredModel, held: Held) -> None:
        """Finish what was decided, then decide."""
        try:
            rollout = self._finished(model, held)
            if rollout is not None and rollout.state in (RUNNING, PAUSED):
                self._decide(rollout, held)
            elif desired.split is None:
                self._settled[model] = desired.rollout_tag
        except OnehotError as error:  # above all a store that is away
            self._freeze(model, str(error))
        except Exception:  # one model's rollout stops no other
            log.exception("rollout not looked at", model=model)

    def _finished(self, model: str, held: Held) -> Rollout | None:
        """The rollout, when what was decided before is done as far as it can be."""
        store = self._registry.store
        store.require_folder()
        found = run_in_thread(RolloutStore(store, model).read)
        if found is not None and found.state == PROMOTING and not _is_followed(found, held.server_s):
            return found
        after = run_in_thread(settled, store, model)
        if found is not None and after is not None and after.state != found.state:
            self._tell(after)
        return after

    def _decide(self, rollout: Rollout, held: Held) -> None:
        model, watch = rollout.model, self._watched.setdefault(rollout.model, _Watch())
        if self._clock() < watch.judged_s + JUDGE_S:
            return
        watch.judged_s = self._clock()
        shown = self._rollouts.shown(model, rollout)
        if shown.failed is not None:
            self._stop_failed(rollout, shown, watch, held)
            return
        watch.failed_since_s, watch.figures = None, shown.figures
        made = run_in_thread(decision, rollout, shown.figures)
        if shown.frozen is not None:
            self._freeze(model, shown.frozen)
        else:
            self._thaw(model, watch)
        if made.action == BREACH or (made.action != STAY and self._is_sure(watch)):
            self._write(rollout, lambda now_there: decided(now_there, made, now=_time_of(held)))

    def _is_sure(self, watch: _Watch) -> bool:
        return watch.whole_since_s is not None and self._clock() - watch.whole_since_s >= WHOLE_S

    def _stop_failed(self, rollout: Rollout, shown: ShownRollout, watch: _Watch, held: Held) -> None:
        """End a rollout whose candidate has been missing for a while."""
        now_s, reason = self._clock(), str(shown.failed)
        self._freeze(rollout.model, reason)
        watch.failed_since_s = now_s if watch.failed_since_s is None else watch.failed_since_s
        if now_s - watch.failed_since_s >= FAILED_S:
            figures = decision(rollout, watch.figures or shown.figures).shown  # a candidate that is gone counts none
            self._write(rollout, lambda now_there: now_there.moved(
                ROLLED_BACK, reason, now=_time_of(held), figures=figures))  # fmt: skip

    def _write(self, rollout: Rollout, change: Callable[[Rollout], Rollout]) -> None:
        """Write a decision, unless the rollout is another one by now; all processes look at once."""
        judged = (rollout.id, rollout.stage, rollout.state)

        def changed(now_there: Rollout) -> Rollout:
            is_same = (now_there.id, now_there.stage, now_there.state) == judged
            return change(now_there) if is_same else now_there

        after = run_in_thread(RolloutStore(self._registry.store, rollout.model).change, changed)
        self._registry.look_soon()
        if (after.stage, after.state) != (rollout.stage, rollout.state):
            self._tell(after)

    def _tell(self, rollout: Rollout) -> None:
        """One line and one count for what has happened."""
        event = rollout.story[-1].event
        log.info(
            "rollout", model=rollout.model, rollout=rollout.id, candidate=rollout.candidate, happened=event,
            step=str(rollout.current), reason=rollout.reason,
        )  # fmt: skip
        self._metrics.decided(rollout.model, event)

    def _freeze(self, model: str, reason: str) -> None:
        """Note why nothing is decided, and log when that is news."""
        watch = self._watched.setdefault(model, _Watch())
        watch.whole_since_s = None
        if watch.frozen != reason:
            log.warning("rollout frozen", model=model, reason=reason)
            watch.frozen = reason
        self._metrics.show_frozen(model, is_frozen=True)

    def _thaw(self, model: str, watch: _Watch) -> None:
        if watch.whole_since_s is None:
            watch.whole_since_s = self._clock()
        if watch.frozen is not None:
            log.info("rollout goes on", model=model)
            watch.frozen = None
        self._metrics.show_frozen(model, is_frozen=False)


def _is_followed(rollout: Rollout, server_s: float) -> bool:
    """Whether every service sends all callers to the candidate by now, so that moving `stable` changes nothing."""
    if not rollout.current.is_shadow and rollout.current.percent >= ALL:
        return True
    return server_s - datetime.fromisoformat(rollout.story[-1].at).timestamp() >= FOLLOWED_S


def _time_of(held: Held) -> str:
    """The time of the queue's server, UTC, ISO 8601."""
    return datetime.fromtimestamp(held.server_s, UTC).isoformat(timespec="milliseconds")
