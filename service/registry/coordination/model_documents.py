"""The documents that stand beside a model's versions, its labels and its rollout, read when they have changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import structlog

from models.errors import StoreUnavailable
from models.rollout.rollout_store import RolloutStore
from models.store.compare_and_swap import UnreadableDocument
from models.store.store import Store
from service.blocking_calls import several_at_once
from service.registry.coordination.desired_state import DesiredState
from service.registry.coordination.traffic_split import SwitchClock, TrafficSplit
from service.registry.store_listing import ObservedModel

__all__ = ["ModelDocuments"]

Content = TypeVar("Content")
Models = Mapping[str, ObservedModel]
NOTHING = ObservedModel({}, "")

log = structlog.get_logger("service")


class ModelDocuments:
    """Reads the documents of models.

    Args:
        store: Gives the store.
        desired_state: Gives what all follow now: where a document cannot be read, that stays.
        switch_clock: Tells when the step of a rollout begins.
    """

    def __init__(
        self, store: Callable[[], Store], desired_state: Callable[[], DesiredState], switch_clock: SwitchClock
    ) -> None:
        self._store = store
        self._desired_state = desired_state
        self._switch_clock = switch_clock
        self.is_whole = True
        """Whether all documents could be asked for the last time."""

    def read(self, listed: Models, known: Models) -> Models:
        """The models of a listing with their documents, which are read again only where a tag has changed.

        Labels are read after rollouts: a rollout that has ended has moved them before.

        Args:
            listed: What a listing found.
            known: The models as they were before.
        """
        self.is_whole = True
        splits = several_at_once(self._read_split, _changed(listed, known, lambda one: one.rollout_tag))
        with_splits = {name: self._with_split(name, one, known, splits) for name, one in listed.items()}
        moved = _changed(listed, known, lambda one: (one.labels_tag, one.rollout_tag))
        unread = [name for name in moved if listed[name].labels_tag and (name in splits or not listed[name].labels)]
        labels = several_at_once(self._read_labels, unread)
        return {name: self._with_labels(name, one, known, labels) for name, one in with_splits.items()}

    def _read_split(self, model: str) -> TrafficSplit | StoreUnavailable | None:
        return _tried(lambda: self._split(model))

    def _split(self, model: str) -> TrafficSplit | None:
        rollout = RolloutStore(self._store(), model).read()
        return None if rollout is None else self._switch_clock.split_of(rollout)

    def _read_labels(self, model: str) -> Mapping[str, int] | StoreUnavailable:
        return _tried(lambda: self._store().labels(model))

    def _with_split(
        self, name: str, model: ObservedModel, known: Models, read: Mapping[str, TrafficSplit | StoreUnavailable | None]
    ) -> ObservedModel:
        if name not in read:
            return replace(model, split=known.get(name, NOTHING).split)
        split = read[name]
        stays = self._desired_state().model(name).split
        if not isinstance(split, StoreUnavailable):
            return replace(model, split=_unless_same(stays, split))
        tag = self._tag_after(split, model.rollout_tag, "rollout not read", name)
        return replace(model, split=stays, rollout_tag=tag)

    def _with_labels(
        self, name: str, model: ObservedModel, known: Models, read: Mapping[str, Mapping[str, int] | StoreUnavailable]
    ) -> ObservedModel:
        """A model with its labels; where they could not be read, with those that were read before."""
        if name not in read:
            before = known.get(name, NOTHING)
            return replace(model, labels=before.labels) if before.labels_tag == model.labels_tag else model
        labels = read[name]
        if not isinstance(labels, StoreUnavailable):
            return replace(model, labels=labels)
        stays = self._desired_state().model(name).labels
        tag = self._tag_after(labels, model.labels_tag, "labels not read", name)
        return replace(model, labels=stays, labels_tag=tag)

    def _tag_after(self, error: StoreUnavailable, tag: str, event: str, model: str) -> str:
        """The tag of a document that was not read: one that is broken stays so until it is written again."""
        log.warning(event, model=model, reason=str(error))
        if isinstance(error, UnreadableDocument):
            return tag
        self.is_whole = False
        return ""


def _unless_same(before: TrafficSplit | None, split: TrafficSplit | None) -> TrafficSplit | None:
    """A split that was read again, by another process perhaps: it began when it began."""
    if before is not None and split is not None and replace(split, from_s=before.from_s) == before:
        return before
    return split


def _changed(listed: Models, known: Models, tag: Callable[[ObservedModel], object]) -> list[str]:
    """The models of which a document came, went or changed."""
    return [name for name, one in listed.items() if tag(one) != tag(known.get(name, NOTHING))]


def _tried(read: Callable[[], Content]) -> Content | StoreUnavailable:
    try:
        return read()
    except StoreUnavailable as error:
        return error
