"""The versions of one model in this process: which are loaded, which failed and why.

Only the thread that refreshes changes them; requests read the snapshots that are made of `state`.
"""

import math
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from models.errors import CorruptVersion, OnehotError, StoreUnavailable
from service.registry.coordination.desired_state import DesiredModel
from service.registry.snapshot import OK, REFUSED, UNAVAILABLE, LoadedModel, State, VersionFacts, VersionStatus
from service.registry.verified_loading import VersionLoader

__all__ = ["ModelVersions"]

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
PATIENT_FAILURES = 3
"""As often a store that does not answer is asked again before a process begins to serve without the version."""


@dataclass(slots=True)
class _Version:
    """One version: its status, and what was tried.

    Args:
        status: Keeps its predictor when a loaded version turns out to be broken, until another one answers.
        tag: Of its files in the store.
        tried_tag: With which loading was last tried.
        facts_tag: With which reading its facts was last tried.
        failures: In a row.
    """

    status: VersionStatus
    tag: str
    tried_tag: str | None = None
    facts_tag: str | None = None
    failures: int = 0
    retry_at_s: float = 0.0

    @property
    def is_loaded(self) -> bool:
        return self.status.predictor is not None

    def update(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)

    def is_due(self, now_s: float) -> bool:
        """Whether loading it (again) may bring something new."""
        return self.tried_tag != self.tag or (self.failures > 0 and now_s >= self.retry_at_s)


class ModelVersions:
    """One model's versions.

    Args:
        clock: Seconds that only go forward.
        on_change: Called whenever `state` is another one, but for `follow`.
    """

    def __init__(
        self, name: str, loader: VersionLoader, *, clock: Callable[[], float], on_change: Callable[[], None]
    ) -> None:  # fmt: skip
        self.state = LoadedModel(name, {}, {})
        self._loader = loader
        self._clock = clock
        self._on_change = on_change
        self._desired = DesiredModel()
        self._versions: dict[int, _Version] = {}
        self._loaded = self._failed = frozenset[int]()

    @property
    def loaded(self) -> frozenset[int]:
        """Those that can answer."""
        return self._loaded

    @property
    def failed(self) -> frozenset[int]:
        """Those that cannot answer, or should not any more."""
        return self._failed

    @property
    def next_try_s(self) -> float:
        """When what failed to load is to be tried again."""
        failed = self._failed.intersection(self._desired.wanted)
        return min((self._versions[number].retry_at_s for number in failed), default=math.inf)

    @property
    def waits_for_store(self) -> bool:
        """Whether a version is missing because the store did not answer a moment ago."""
        return any(
            one.status.error_code == UNAVAILABLE and one.failures < PATIENT_FAILURES for one in self._versions.values()
        )

    def follow(self, desired: DesiredModel) -> None:
        """Take notice of what is desired from now on; nothing is loaded yet, and nothing unloaded."""
        if desired == self._desired:
            return
        self._desired = desired
        for number, tag in desired.tags.items():
            self._versions.setdefault(number, _Version(VersionStatus(number), tag)).tag = tag
        for number, one in self._versions.items():
            one.update(is_published=number in desired.tags, tag=one.tag)
            self._note_refusal(number, one)
        self._forget_unpublished()
        self._set_state()

    def load(self) -> None:
        """Load what is wanted and not loaded."""
        for number in self._desired.wanted:
            self._load_if_due(self._versions[number])

    def unload(self, kept: Collection[int]) -> bool:
        """Drop what is not to be kept; whether anything was loaded of it."""
        others = {number: one for number, one in self._versions.items() if number not in kept}
        dropped = {n: one for n, one in others.items() if one.is_loaded or one.status.state is State.START}
        was_loaded = any(one.is_loaded for one in dropped.values())
        for number, one in dropped.items():
            one.update(state=State.END, predictor=None)
            one.tried_tag = one.tag if one.status.has_failed else None
            self._note_refusal(number, one)
        if dropped:
            self._forget_unpublished()
            self._change()
        return was_loaded

    def read_missing_facts(self, *, most: int, only_wanted: bool = False) -> int:
        """Read the facts of so many versions that are not loaded, the newest first; returns how many were missing.

        Args:
            most: How many are read.
            only_wanted: Whether those of versions that need not be loaded are left to the list that shows them.
        """
        numbers = {*self._desired.wanted, *self._desired.refused} if only_wanted else set(self._versions)
        missing = [
            one for one in map(self._versions.__getitem__, sorted(numbers, reverse=True))
            if one.status.facts is None and one.facts_tag != one.tag
        ]  # fmt: skip
        for one in missing[: max(most, 0)]:
            one.facts_tag = one.tag
            with suppress(OnehotError):  # its status says why once it is wanted
                one.update(facts=self._loader.facts(one.status.version))
        if missing and most > 0:
            self._change()
        return len(missing)

    def _change(self) -> None:
        self._set_state()
        self._on_change()

    def _set_state(self) -> None:
        statuses = {number: self._versions[number].status for number in sorted(self._versions)}
        self._loaded = frozenset(number for number, one in self._versions.items() if one.is_loaded)
        self._failed = frozenset(
            number for number, status in statuses.items() if status.has_failed or not status.is_published
        )
        self.state = LoadedModel(self.state.name, MappingProxyType(statuses), self._desired.labels)

    def _forget_unpublished(self) -> None:
        self._versions = {n: one for n, one in self._versions.items() if one.status.is_published or one.is_loaded}

    def _note_refusal(self, number: int, one: _Version) -> None:
        reason = self._desired.refused.get(number)
        if reason is not None and not one.is_loaded:
            one.update(state=State.END, error_code=REFUSED, reason=reason)
        elif reason is None and one.status.error_code == REFUSED:
            one.update(state=State.START, error_code=OK, reason="")
            one.tried_tag = None

    def _load_if_due(self, one: _Version) -> None:
        if not one.is_due(self._clock()):
            return
        if not one.is_loaded:
            one.update(state=State.LOADING, error_code=OK, reason="")
            self._change()
        one.tried_tag = one.tag
        try:
            predictor = self._loader.load(one.status.version)
        except OnehotError as error:
            self._note_failure(one, error)
        else:
            facts = VersionFacts.of(predictor.manifest)
            one.update(state=State.AVAILABLE, error_code=OK, reason="", predictor=predictor, facts=facts)
            one.failures = 0
        self._change()

    def _note_failure(self, one: _Version, error: OnehotError) -> None:
        """A version that fails stays failed, with its reason, and is tried again later, or when its files change."""
        one.failures += 1
        one.retry_at_s = self._clock() + min(FIRST_PAUSE_S * 2 ** (one.failures - 1), LONGEST_PAUSE_S)
        away = isinstance(error, StoreUnavailable)
        if away and one.is_loaded:
            return  # the store is away, the version in memory is as good as before
        code = UNAVAILABLE if away else "DATA_LOSS" if isinstance(error, CorruptVersion) else "INTERNAL"
        one.update(state=State.END, error_code=code, reason=str(error))
