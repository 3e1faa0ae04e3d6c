"""Moves of labels: forward and back, against the verdict of a gate by force only, each of them recorded."""

from dataclasses import dataclass

from models.errors import CorruptVersion, GateDoesNotHold, LabelNotFound, NoEarlierVersion, VersionNotFound
from models.names import STABLE
from models.store.gate_verdict import failed_rules, gate_verdict
from models.store.promotions import MOVE, ROLLBACK, Move, PromotionLog
from models.store.store import Store

__all__ = ["Moved", "gate_holds", "move_label", "move_label_on", "planned_move", "planned_rollback", "roll_back"]


@dataclass(frozen=True, slots=True)
class Moved:
    """A label that was moved.

    Args:
        version: Where it is.
        previous: Where it was; None when it was nowhere.
        verdict: The rules of the version's gate that do not hold: it moves by force.
    """

    version: int
    previous: int | None
    verdict: tuple[str, ...] = ()


def move_label(store: Store, model: str, label: str, version: int, *, by: str, force: bool = False) -> Moved:
    """Move a label to a version; against the verdict of its gate only by force.

    Args:
        store: Where both are.
        model: The model's name.
        label: The label, which may be new.
        version: Where it goes.
        by: Who moves it, a user and machine or the name of a key.
        force: Whether it moves although the gate does not hold.

    Raises:
        ModelNotFound, VersionNotFound: When there is no such version.
        GateDoesNotHold: When its gate does not hold and the move is not forced.
        StoreUnavailable: When the store does not answer.
    """
    planned = planned_move(store, model, label, version, force=force)
    store.set_label(model, label, version, move=Move(by, MOVE, planned.verdict))
    return planned


def planned_move(store: Store, model: str, label: str, version: int, *, force: bool = False) -> Moved:
    """What a move would do; nothing is changed. As `move_label`, and raises what it raises."""
    store.resolve(model, version=version)
    verdict = _allowed(store, model, label, version, force=force)
    return Moved(version, store.labels(model).get(label), verdict)


def move_label_on(store: Store, model: str, label: str, version: int, *, expected: int, by: str) -> int:
    """Move a label through the gate, unless it is not where it was expected; again is as once.

    Args:
        store: Where both are.
        model: The model's name.
        label: The label.
        version: Where it goes.
        expected: Where it must be, if it is anywhere, for the move to happen.
        by: Who moves it.

    Returns:
        Where it is now.

    Raises:
        VersionNotFound, GateDoesNotHold, StoreUnavailable: As `move_label`.
    """
    _allowed(store, model, label, version, force=False)
    is_there = store.set_label(model, label, version, expected=expected, move=Move(by))
    return version if is_there else store.labels(model).get(label, expected)


def roll_back(
    store: Store, model: str, *, label: str = STABLE, to: int | None = None, by: str, force: bool = False
) -> Moved:
    """Move a label back to the version that it named before, whose files are checked first, in one atomic write.

    Args:
        store: Where both are.
        model: The model's name.
        label: The label.
        to: This version; else what the record of promotions says.
        by: Who moves it, a user and machine or the name of a key.
        force: Whether it moves although the gate of that version does not hold.

    Raises:
        ModelNotFound, LabelNotFound, VersionNotFound, NoEarlierVersion: When there is nothing to go back to.
        CorruptVersion: When it is broken.
        GateDoesNotHold: When its gate does not hold and the move is not forced.
        StoreUnavailable: When the store does not answer.
    """
    while True:
        planned = planned_rollback(store, model, label=label, to=to, force=force)
        move = Move(by, ROLLBACK, planned.verdict)
        if store.set_label(model, label, planned.version, expected=planned.previous, move=move):
            return planned


def planned_rollback(
    store: Store, model: str, *, label: str = STABLE, to: int | None = None, force: bool = False
) -> Moved:
    """Where a label would go back to; nothing is changed. As `roll_back`, and raises what it raises."""
    current = _current(store, model, label)
    target = to if to is not None else _before(store, model, label, current)
    store.verify(model, target)
    return Moved(target, current, _allowed(store, model, label, target, force=force))


def _allowed(store: Store, model: str, label: str, version: int, *, force: bool) -> tuple[str, ...]:
    """The failed rules of a version's gate, which are recorded with a forced move."""
    gate = store.manifest(model, version).gate
    sentence = gate_verdict(gate)
    if sentence is not None and not force:
        raise GateDoesNotHold(model, version, label=label, verdict=sentence)
    return tuple(failed_rules(gate))


def _current(store: Store, model: str, label: str) -> int:
    """What a label names; without `stable`, what answers in its place."""
    if label == STABLE:
        return store.resolve(model)
    store.resolve(model)
    labels = store.labels(model)
    if label not in labels:
        raise LabelNotFound(model, label)
    return labels[label]


def _before(store: Store, model: str, label: str, current: int) -> int:
    """What the label named before; where that was not recorded, the version before whose gate holds."""
    versions = store.versions(model)
    for version in PromotionLog(store.objects, model).named(label, current=current):
        if version in versions:
            return version
    for version in reversed([number for number in versions if number < current]):
        if gate_holds(store, model, version):
            return version
    raise NoEarlierVersion(model, current)


def gate_holds(store: Store, model: str, version: int) -> bool:
    """Whether a label may go back to a version: to none that cannot be read."""
    try:
        return not failed_rules(store.manifest(model, version).gate)
    except (CorruptVersion, VersionNotFound):
        return False
