"""The course of a rollout in the store: begun, sent on by a person, brought to its end by whichever process looks."""

from collections.abc import Callable
from contextlib import suppress

from models.errors import GateDoesNotHold, RolloutRefused, VersionNotFound
from models.names import STABLE
from models.rollout.rollout import (
    ENDED,
    PAUSED,
    PROMOTED,
    PROMOTING,
    ROLLED_BACK,
    RUNNING,
    STOPPED,
    Rollout,
    begun,
)  # fmt: skip
from models.rollout.rollout_store import RolloutStore, now
from models.spec.rollout.rollout_plan import RolloutPlan
from models.store.gate_verdict import gate_verdict
from models.store.label_moves import move_label_on
from models.store.store import Store

__all__ = ["begin_rollout", "paused", "promoted", "resumed", "roll_out_published", "rolled_back", "settled", "stopped"]

LATELY = 10
"""Records in which a job that publishes again looks for its rollout."""


def begin_rollout(store: Store, model: str, candidate: int, plan: RolloutPlan, *, by: str) -> Rollout:
    """Begin a rollout against the version that is the default one now.

    Args:
        store: Where the versions are.
        model: The model's name.
        candidate: The version that is to become the default one.
        plan: What it goes through.
        by: Who begins it: a job, or the name of a key.

    Raises:
        ModelNotFound, VersionNotFound: When there is no such version.
        RolloutRefused: When one is under way, or the candidate is the default version.
        GateDoesNotHold: When the candidate's gate does not hold, so that `stable` could not move to it in the end.
        StoreUnavailable: When the store does not answer.
    """
    settled(store, model)
    baseline = store.resolve(model)
    if baseline == candidate:
        raise RolloutRefused(model, reason=f"version {candidate} is the default version already")
    verdict = gate_verdict(store.manifest(model, candidate).gate)
    if verdict is not None:
        raise GateDoesNotHold(model, candidate, label=STABLE, verdict=verdict)
    return RolloutStore(store, model).begin(begun(model, candidate, plan, baseline=baseline, by=by, now=now()))


def roll_out_published(store: Store, model: str, candidate: int, plan: RolloutPlan, *, job_id: str) -> Rollout | None:
    """Begin the rollout of a version that a job has published, once for each version.

    Args:
        store: Where the versions are.
        model: The model's name.
        candidate: The version, whose gate holds.
        plan: What it goes through.
        job_id: Whose version it is.

    Returns:
        The rollout; None where another one is under way, or where `stable` names this version or a newer one.

    Raises:
        StoreUnavailable: When the store does not answer; again is as once.
    """
    rollouts = RolloutStore(store, model)
    by, found = f"job {job_id}", rollouts.read()
    if found is not None and (found.candidate, found.by) == (candidate, by):
        return found
    if any(rollouts.record(one).by == by for one in rollouts.record_ids()[:LATELY]):
        return None
    if store.labels(model).get(STABLE, 0) >= candidate:
        return None
    with suppress(RolloutRefused):
        return begin_rollout(store, model, candidate, plan, by=by)
    return None


def promoted(store: Store, model: str, *, by: str) -> Rollout:
    """Move `stable` to the candidate at once, past the steps that are left.

    Raises:
        RolloutNotFound, RolloutRefused: When there is none, or it has ended.
        StoreUnavailable: When the store does not answer.
    """
    return _sent(store, model, PROMOTING, f"promoted by {by}", (RUNNING, PAUSED, PROMOTING))


def rolled_back(store: Store, model: str, *, by: str) -> Rollout:
    """Send everything back to the default version; raises as `promoted`."""
    return _sent(store, model, ROLLED_BACK, f"rolled back by {by}", (RUNNING, PAUSED))


def paused(store: Store, model: str, *, by: str) -> Rollout:
    """Hold the step as it is, for how long ever; raises as `promoted`."""
    return _sent(store, model, PAUSED, f"paused by {by}", (RUNNING, PAUSED))


def resumed(store: Store, model: str, *, by: str) -> Rollout:
    """Begin the step that was paused again; raises as `promoted`."""
    return _sent(store, model, RUNNING, f"resumed by {by}", (RUNNING, PAUSED))


def stopped(store: Store, model: str, *, by: str) -> Rollout:
    """End the rollout, so that everything goes back, and take its document away; its record stays.

    Raises:
        RolloutNotFound: When there is none.
        StoreUnavailable: When the store does not answer.
    """
    settled(store, model)
    rollouts = RolloutStore(store, model)
    ended = rollouts.change(_to(STOPPED, f"stopped by {by}", (RUNNING, PAUSED), is_refused=False))
    if ended.state in ENDED:
        rollouts.remove(ended)
    return ended


def settled(store: Store, model: str) -> Rollout | None:
    """Finish what is decided and not done, as its process may have died: the label, the state, the record.

    A rollout whose default version was changed by others ends, too. Doing it again, by any process, changes nothing.

    Returns:
        The rollout after that; None when there is none.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    rollouts = RolloutStore(store, model)
    found = rollouts.read()
    if found is None:
        return None
    end = _end(store, found)
    if end is None:
        rollouts.keep_record(found)
        return found
    return rollouts.change(_to(*end, (found.state,), is_refused=False))


def _end(store: Store, rollout: Rollout) -> tuple[str, str] | None:
    """The state in which a rollout has ended, and why; None when it goes on, or is said to have ended already."""
    if rollout.state == PROMOTING:
        return _promotion(store, rollout)
    stable = store.labels(rollout.model).get(STABLE, rollout.baseline) if rollout.is_under_way else rollout.baseline
    if stable == rollout.baseline:
        return None
    return _elsewhere(rollout, stable)


def _promotion(store: Store, rollout: Rollout) -> tuple[str, str]:
    """Move `stable` through the gate, unless that was done."""
    model, candidate = rollout.model, rollout.candidate
    try:
        by = f"rollout {rollout.id}"
        stable = move_label_on(store, model, STABLE, candidate, expected=rollout.baseline, by=by)
    except (GateDoesNotHold, VersionNotFound) as error:
        return ROLLED_BACK, str(error)
    return (PROMOTED, rollout.reason) if stable == candidate else _elsewhere(rollout, stable)


def _elsewhere(rollout: Rollout, stable: int) -> tuple[str, str]:
    if stable == rollout.candidate:
        return PROMOTED, "label `stable` was moved to it by hand"
    return STOPPED, f"label `stable` was moved to version {stable} meanwhile"


def _sent(store: Store, model: str, state: str, reason: str, allowed: tuple[str, ...]) -> Rollout:
    settled(store, model)
    made = RolloutStore(store, model).change(_to(state, reason, allowed, is_refused=True))
    return settled(store, model) or made


def _to(state: str, reason: str, allowed: tuple[str, ...], *, is_refused: bool) -> Callable[[Rollout], Rollout]:
    """The change to a state; one that is in it already stays as it is.

    Args:
        state: Where it goes.
        reason: Why.
        allowed: The states from which.
        is_refused: Whether another state is an error; else it stays.
    """

    def changed(rollout: Rollout) -> Rollout:
        if rollout.state == state:
            return rollout
        if rollout.state in allowed:
            return rollout.moved(state, reason, now=now())
        if not is_refused:
            return rollout
        raise RolloutRefused(
            rollout.model, reason=f"it is {rollout.state.replace('_', ' ')}, and does not change any more"
        )

    return changed
