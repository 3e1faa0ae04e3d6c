"""The versions of one model in this process: which are wanted, which are loaded, which answers for what.

Only the thread that refreshes touches a shelf; everybody else reads the snapshots that are made of it.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from models.errors import CorruptVersion, OnehotError, StoreUnavailable
from models.names import LATEST, STABLE
from service.predictor import Predictor
from service.snapshot import DEFAULT, OK, LoadedModel, State, VersionFacts, VersionStatus
from service.survey import Tag

__all__ = ["Loader", "Shelf", "wanted_versions"]

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0


class Loader(Protocol):
    """How the versions of one model come out of the store."""

    def load(self, version: int) -> Predictor:
        """A version that answers.

        Raises:
            OnehotError: Says why there is none.
        """

    def facts(self, version: int) -> VersionFacts:
        """What a version's manifest says.

        Raises:
            OnehotError: When it cannot be read.
        """


@dataclass(slots=True)
class _Slot:
    """One published version: what is shown of it, and what was tried."""

    status: VersionStatus
    tag: Tag
    tried_tag: Tag | None = None
    facts_tag: Tag | None = None
    failures: int = 0
    retry_at_s: float = 0.0

    @property
    def is_loaded(self) -> bool:
        return self.status.predictor is not None

    def is_due(self, now_s: float) -> bool:
        """Whether loading it (again) may bring something new."""
        if self.tried_tag != self.tag:
            return True
        return not self.is_loaded and now_s >= self.retry_at_s


class Shelf:
    """One model's versions.

    Args:
        name: The model's name.
        loader: Loads its versions.
        keep_versions: How many of the newest are loaded, beside those with a label.
        clock: Seconds that only go forward.
        on_change: Called whenever something else is to be shown.
    """

    def __init__(
        self,
        name: str,
        loader: Loader,
        *,
        keep_versions: int,
        clock: Callable[[], float],
        on_change: Callable[[], None],
    ) -> None:
        self.name = name
        self.labels: Mapping[str, int] = {}
        self.labels_tag = ""
        self._loader = loader
        self._keep_versions = keep_versions
        self._clock = clock
        self._on_change = on_change
        self._slots: dict[int, _Slot] = {}
        self._serving: dict[str, int] = {}

    @property
    def view(self) -> LoadedModel:
        """The model as it is now."""
        versions = {number: self._shown(slot.status) for number, slot in self._slots.items()}
        return LoadedModel(self.name, MappingProxyType(versions), self.labels, MappingProxyType(dict(self._serving)))

    def note_labels(self, labels: Mapping[str, int], tag: str) -> None:
        """Take the labels as their file of this tag has them."""
        self.labels = MappingProxyType(dict(labels))
        self.labels_tag = tag

    def see(self, published: Mapping[int, Tag]) -> None:
        """Take notice of the versions that are in the store now; nothing is loaded yet."""
        slots = {}
        for number, tag in published.items():
            slots[number] = self._slots.get(number) or _Slot(VersionStatus(number), tag)
            slots[number].tag = tag
        self._slots = slots
        self._decide_serving()

    def update(self, asked: Collection[int]) -> None:
        """Load what is wanted and not loaded, then let go of what is not wanted.

        Args:
            asked: Numbers that clients asked for lately.
        """
        wanted = self._wanted(asked)
        for number in wanted:
            self._load_if_due(number)
        self._load_a_stand_in(wanted)
        self._unload_all_but(self._wanted(asked))
        self._read_missing_facts()

    def _wanted(self, asked: Collection[int]) -> list[int]:
        held = {*self._serving.values(), *asked}
        return wanted_versions(list(self._slots), self.labels, keep=self._keep_versions, held=held)

    def _load_if_due(self, number: int) -> None:
        slot = self._slots[number]
        if not slot.is_due(self._clock()):
            return
        if not slot.is_loaded:
            slot.status = replace(slot.status, state=State.LOADING, error_code=OK, reason="")
            self._on_change()
        tag = slot.tag
        try:
            predictor = self._loader.load(number)
        except OnehotError as error:
            self._note_failure(slot, error)
        else:
            slot.status = VersionStatus(
                number, State.AVAILABLE, predictor=predictor, facts=VersionFacts.of(predictor.manifest)
            )
            slot.failures = 0
            slot.tried_tag = tag
        self._decide_serving()
        self._on_change()

    def _note_failure(self, slot: _Slot, error: OnehotError) -> None:
        """A version that fails stays failed, with its reason, and is tried again later, or when its files change."""
        slot.failures += 1
        slot.retry_at_s = self._clock() + min(FIRST_PAUSE_S * 2 ** (slot.failures - 1), LONGEST_PAUSE_S)
        away = isinstance(error, StoreUnavailable)
        if away and slot.is_loaded:
            return  # the store is away, the version in memory is as good as before
        slot.tried_tag = slot.tag
        code = "UNAVAILABLE" if away else "DATA_LOSS" if isinstance(error, CorruptVersion) else "INTERNAL"
        slot.status = replace(slot.status, state=State.END, error_code=code, reason=str(error), predictor=None)

    def _load_a_stand_in(self, wanted: Collection[int]) -> None:
        """When nothing that is wanted can be loaded, the newest older version that can."""
        for number in sorted(set(self._slots) - set(wanted), reverse=True):
            if any(slot.is_loaded for slot in self._slots.values()):
                return
            self._load_if_due(number)

    def _unload_all_but(self, kept: Collection[int]) -> None:
        dropped = [slot for number, slot in self._slots.items() if number not in kept
                   and (slot.is_loaded or slot.status.state is State.START)]  # fmt: skip
        for slot in dropped:
            slot.status = VersionStatus(slot.status.version, State.END, facts=slot.status.facts)
            slot.tried_tag = None
        if dropped:
            self._on_change()

    def _read_missing_facts(self) -> None:
        """What is shown of versions that are not loaded."""
        missing = [slot for slot in self._slots.values() if slot.status.facts is None and slot.facts_tag != slot.tag]
        for slot in missing:
            slot.facts_tag = slot.tag
            with suppress(OnehotError):  # its status says why once it is wanted
                slot.status = replace(slot.status, facts=self._loader.facts(slot.status.version))
        if missing:
            self._on_change()

    def _decide_serving(self) -> None:
        """A label goes to its version once that is loaded; until then it stays where it was."""
        loaded = [number for number, slot in self._slots.items() if slot.is_loaded]
        answering = {label: self._answering(label, target, loaded) for label, target in self._targets().items()}
        self._serving = {label: number for label, number in answering.items() if number is not None}

    def _targets(self) -> dict[str, int]:
        """The version that should answer for each label, and for none."""
        newest = max(self._slots, default=0)
        return {**self.labels, LATEST: newest, DEFAULT: self.labels.get(STABLE, newest)}

    def _answering(self, label: str, target: int, loaded: Collection[int]) -> int | None:
        if target in loaded:
            return target
        before = self._serving.get(label)
        if before in loaded:
            return before
        if label not in (DEFAULT, LATEST, STABLE):
            return None  # a canary that cannot be loaded is nobody else's business
        older = [number for number in loaded if number < target]
        return max(older or loaded, default=None)

    def _shown(self, status: VersionStatus) -> VersionStatus:
        """The default version, when it failed, says who answers in its place."""
        answering = self._serving.get(DEFAULT)
        if status.error_code == OK or status.version != self._targets()[DEFAULT] or answering is None:
            return status
        return replace(status, reason=f"{status.reason}; version {answering} answers in its place")


def wanted_versions(
    published: Collection[int], labels: Mapping[str, int], *, keep: int, held: Collection[int]
) -> list[int]:
    """The versions to have loaded, in the order in which they matter.

    Args:
        published: All numbers that there are.
        labels: Label → version.
        keep: How many of the newest.
        held: Those that answer now or were asked for by number.
    """
    newest = sorted(published, reverse=True)
    default = labels.get(STABLE, newest[0] if newest else 0)
    order = [default, *newest[:1], *labels.values(), *newest[:keep], *sorted(held, reverse=True)]
    return [number for number in dict.fromkeys(order) if number in set(published)]
