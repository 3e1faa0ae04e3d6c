"""What a listing of the store lacks that was there before: it is missing when another listing, later, lacks it too."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import obstore
import structlog

from models.errors import StoreUnavailable
from models.store.object_store import answering
from models.store.store import Store
from service.registry.store_listing import ObservedModel

__all__ = ["MisplacedVersions", "MissingParts"]

LABELS, ROLLOUT = 0, -1
"""Stand for a model's labels and its rollout among the numbers of its versions."""
MOST_NAMES = 50
"""In one line of the log."""
MANIFEST = re.compile(r"(.*/)?[1-9][0-9]*/manifest\.json")
ELSEWHERE = ("[1-9]*/manifest.json", "*/*/[1-9]*/manifest.json")
"""Where manifests are in a folder that is one of the models, or one that holds the store."""

log = structlog.get_logger("service")


class MisplacedVersions(StoreUnavailable):
    """A store without a version, and with one in a place where none can be."""

    def __init__(self, path: str) -> None:
        self.path = path
        super(StoreUnavailable, self).__init__(
            f"ONEHOT_STORE: expected versions at <model>/<version>/manifest.json; received {path}: name the folder, "
            "or bucket and prefix, that holds the folders of the models"
        )


class MissingParts:
    """Versions and labels of models that are missing.

    Args:
        confirm_s: How long they are kept; then another listing must lack them, too. A store that is being restored has
            less than before for a while.
        had_models: Whether the store had models when another process watched it.
    """

    def __init__(self, store: Store, *, confirm_s: float, had_models: bool) -> None:
        self._store = store
        self._confirm_s = confirm_s
        self._had_models = had_models
        self._since_s: dict[tuple[str, int], float] = {}

    def next_look_s(self, planned_s: float) -> float:
        """When to list the store again, if it was planned for so late a time."""
        return min([planned_s, *(at_s + self._confirm_s for at_s in self._since_s.values())])

    def keep(
        self, before: Mapping[str, ObservedModel], found: dict[str, ObservedModel], *, now_s: float
    ) -> dict[str, ObservedModel]:
        """The store as it was found, with what is missing for too short a time.

        Raises:
            StoreUnavailable: When it is empty and was not: a mount that went away looks like this.
            MisplacedVersions: When it is empty and another folder than it should be.
        """
        if not found and (before or self._had_models):
            raise StoreUnavailable("it is empty, and it was not before")
        if not found and (path := next(_misplaced(self._store), None)) is not None:
            raise MisplacedVersions(path)
        missing = {(name, part) for name, one in before.items() for part in _parts(one) - _parts(found.get(name))}
        since_s = {part: self._since_s.get(part, now_s) for part in missing}
        waiting = {part: at_s for part, at_s in since_s.items() if now_s < at_s + self._confirm_s}
        if waiting.keys() - self._since_s.keys():
            models = sorted({name for name, _ in waiting})
            log.warning(
                "store lacks what it had", models=models[:MOST_NAMES], count=len(models), kept_s=self._confirm_s
            )
        self._since_s = waiting
        kept: defaultdict[str, set[int]] = defaultdict(set)
        for name, part in waiting:
            kept[name].add(part)
        return found | {name: _joined(found.get(name), before[name], parts) for name, parts in kept.items()}


def _parts(model: ObservedModel | None) -> set[int]:
    if model is None:
        return set()
    documents = {LABELS: model.labels_tag, ROLLOUT: model.rollout_tag}
    return {*model.versions, *(part for part, tag in documents.items() if tag)}


def _joined(found: ObservedModel | None, before: ObservedModel, parts: set[int]) -> ObservedModel:
    """A model as it was found, and these parts as they were before."""
    versions = {number: before.versions[number] for number in parts - {LABELS, ROLLOUT}}
    versions |= found.versions if found is not None else {}
    labelled = before if LABELS in parts or found is None else found
    rolled = before if ROLLOUT in parts or found is None else found
    return replace(
        labelled, versions={number: versions[number] for number in sorted(versions)},
        rollout_tag=rolled.rollout_tag, split=rolled.split,
    )  # fmt: skip


def _misplaced(store: Store) -> Iterator[str]:
    """Manifests of versions, wherever they are in a store that has none in its place."""
    found = _objects(store) if store.folder is None else _elsewhere(store.folder)
    return (path for path in found if MANIFEST.fullmatch(path))


def _elsewhere(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder)) for place in ELSEWHERE for path in folder.glob(place))


def _objects(store: Store) -> Iterator[str]:
    with answering():
        for batch in obstore.list(store.objects):
            yield from (meta["path"] for meta in batch)
