"""The versions of one model in this process: which are loaded, which failed and why.

Only the thread that refreshes touches a shelf; everybody else reads the snapshots that are made of it.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Protocol

from models.errors import CorruptVersion, OnehotError, StoreUnavailable
from service.inference.predictor import Predictor
from service.registry.snapshot import OK, State, VersionFacts, VersionStatus

__all__ = ["Loader", "Shelf"]

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
REFUSED = "RESOURCE_EXHAUSTED"


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
    """One version: what is shown of it, and what was tried.

    Args:
        status: Its predictor stays there when a loaded version turns out to be broken, until another one answers.
        tag: Of its files in the store.
        loaded_tag: With which it was loaded, or found broken.
        tried_tag: With which that was last tried.
        facts_tag: With which its facts were last read.
        failures: In a row.
        retry_at_s: When to try again.
        is_published: Whether the store still has it.
    """

    status: VersionStatus
    tag: str
    loaded_tag: str | None = None
    tried_tag: str | None = None
    facts_tag: str | None = None
    failures: int = 0
    retry_at_s: float = 0.0
    is_published: bool = True

    @property
    def is_loaded(self) -> bool:
        return self.status.predictor is not None

    @property
    def has_failed(self) -> bool:
        return self.status.error_code not in (OK, REFUSED)

    def is_due(self, now_s: float) -> bool:
        """Whether loading it (again) may bring something new."""
        if self.tried_tag != self.tag:
            return True
        is_as_wanted = self.loaded_tag == self.tag and self.is_loaded and not self.has_failed
        return not is_as_wanted and now_s >= self.retry_at_s


class Shelf:
    """One model's versions.

    Args:
        name: The model's name.
        loader: Loads its versions.
        clock: Seconds that only go forward.
        on_change: Called whenever something else is to be shown.
    """

    def __init__(
        self, name: str, loader: Loader, *, clock: Callable[[], float], on_change: Callable[[], None]
    ) -> None:  # fmt: skip
        self.name = name
        self._loader = loader
        self._clock = clock
        self._on_change = on_change
        self._slots: dict[int, _Slot] = {}

    @property
    def statuses(self) -> Mapping[int, VersionStatus]:
        """Where each version stands here, ascending."""
        return MappingProxyType({number: self._slots[number].status for number in sorted(self._slots)})

    @property
    def loaded(self) -> frozenset[int]:
        """Those that can answer."""
        return frozenset(number for number, slot in self._slots.items() if slot.is_loaded)

    @property
    def failed(self) -> frozenset[int]:
        """Those that cannot answer, or should not any more."""
        return frozenset(n for n, slot in self._slots.items() if slot.has_failed or not slot.is_published)

    def see(self, tags: Mapping[int, str]) -> None:
        """Take notice of the versions that are in the store now; nothing is loaded yet, and nothing let go."""
        slots = {number: slot for number, slot in self._slots.items() if number in tags or slot.is_loaded}
        for number, slot in slots.items():
            slot.is_published = number in tags
        for number, tag in tags.items():
            slots[number] = slots.get(number) or _Slot(VersionStatus(number), tag)
            slots[number].tag = tag
        self._slots = slots

    def update(self, wanted: Collection[int], refused: Mapping[int, str]) -> None:
        """Load what is wanted and not loaded; nothing is let go yet.

        Args:
            wanted: Numbers, in the order in which they matter.
            refused: Number → why it is not to be loaded although it is wanted.
        """
        self._note_refusals(refused)
        for number in wanted:
            if number in self._slots:
                self._load_if_due(number)

    def let_go(self, kept: Collection[int]) -> bool:
        """Drop what is neither wanted nor answers any more; whether anything was loaded of it."""
        dropped = [slot for number, slot in self._slots.items() if number not in kept
                   and (slot.is_loaded or slot.status.state is State.START)]  # fmt: skip
        was_loaded = any(slot.is_loaded for slot in dropped)
        for slot in dropped:
            slot.status = replace(slot.status, state=State.END, predictor=None)
            slot.tried_tag = slot.tag if slot.has_failed else None
        self._slots = {n: slot for n, slot in self._slots.items() if slot.is_published or slot.is_loaded}
        if dropped:
            self._on_change()
        return was_loaded

    def read_missing_facts(self, *, most: int) -> int:
        """Read what is shown of versions that are not loaded, the newest first.

        Args:
            most: How many manifests to read now.

        Returns:
            How many were missing.
        """
        missing = [
            slot for _, slot in sorted(self._slots.items(), reverse=True)
            if slot.status.facts is None and slot.facts_tag != slot.tag
        ]  # fmt: skip
        for slot in missing[: max(most, 0)]:
            slot.facts_tag = slot.tag
            with suppress(OnehotError):  # its status says why once it is wanted
                slot.status = replace(slot.status, facts=self._loader.facts(slot.status.version))
        if missing and most > 0:
            self._on_change()
        return len(missing)

    def _note_refusals(self, refused: Mapping[int, str]) -> None:
        for number, slot in self._slots.items():
            reason = refused.get(number)
            if reason is not None and not slot.is_loaded:
                slot.status = replace(slot.status, state=State.END, error_code=REFUSED, reason=reason)
            elif reason is None and slot.status.error_code == REFUSED:
                slot.status = replace(slot.status, state=State.START, error_code=OK, reason="")
                slot.tried_tag = None

    def _load_if_due(self, number: int) -> None:
        slot = self._slots[number]
        if not slot.is_due(self._clock()):
            return
        if not slot.is_loaded:
            slot.status = replace(slot.status, state=State.LOADING, error_code=OK, reason="")
            self._on_change()
        slot.tried_tag = tag = slot.tag
        try:
            predictor = self._loader.load(number)
        except OnehotError as error:
            self._note_failure(slot, error)
        else:
            slot.status = VersionStatus(
                number, State.AVAILABLE, predictor=predictor, facts=VersionFacts.of(predictor.manifest)
            )
            slot.failures = 0
            slot.loaded_tag = tag
        self._on_change()

    def _note_failure(self, slot: _Slot, error: OnehotError) -> None:
        """A version that fails stays failed, with its reason, and is tried again later, or when its files change."""
        slot.failures += 1
        slot.retry_at_s = self._clock() + min(FIRST_PAUSE_S * 2 ** (slot.failures - 1), LONGEST_PAUSE_S)
        away = isinstance(error, StoreUnavailable)
        if away and slot.is_loaded:
            return  # the store is away, the version in memory is as good as before
        code = "UNAVAILABLE" if away else "DATA_LOSS" if isinstance(error, CorruptVersion) else "INTERNAL"
        slot.status = replace(slot.status, state=State.END, error_code=code, reason=str(error))
