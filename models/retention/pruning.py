"""Pruning a store: old versions that nothing needs, and what processes that died left behind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from models.errors import ModelNotFound, OnehotError, StoreUnavailable, VersionInUse, VersionNotFound
from models.names import is_model_name
from models.retention.deletion import delete_checked
from models.retention.leftovers import Leftover, model_leftovers, shared_leftovers
from models.retention.listing import Files, StoredFile, files_below, published
from models.retention.protection import Protection
from models.store.object_store import children
from models.store.store import Store

__all__ = ["DELETED", "FAILED", "KEPT", "Outcome", "Retention", "prune"]

DELETED, KEPT, FAILED = "deleted", "kept", "failed"
VERSION = "version"
STILL_ANSWERS = timedelta(minutes=10)
"""After a label has left a version, services may still answer with it, until they have loaded the other one."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Which versions of a model are old: none of the newest, and none that is young.

    Args:
        keep: How many of the newest stay.
        older_than: As long stays every version.
    """

    keep: int = 10
    older_than: timedelta = timedelta(days=30)

    def old(self, versions: Mapping[int, datetime], now: datetime) -> list[int]:
        """The versions that go unless something needs them, ascending.

        Args:
            versions: Number → when it was published.
            now: On the same clock.
        """
        beyond = sorted(versions, reverse=True)[self.keep :]
        return sorted(number for number in beyond if versions[number] < now - self.older_than)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing, or would become of it.

    Args:
        kind: `version`, or a leftover's.
        path: In the store.
        outcome: `deleted`, `kept` or `failed`.
        reason: Why it was not deleted; empty where it was.
        size: In bytes.
    """

    kind: str
    path: str
    outcome: str
    reason: str = ""
    size: int = 0


def prune(
    store: Store, retention: Retention, *, model: str | None = None, by: str, now: datetime, dry_run: bool = False
) -> Iterator[Outcome]:
    """Delete what is old and what is left over; what is damaged in one model stops no other.

    Args:
        store: The store.
        retention: Which versions are old.
        model: Only this one; else all, and what is left over of uploads.
        by: Who deletes it.
        now: By the store's clock.
        dry_run: Only find out what would be deleted.

    Raises:
        ModelNotFound: When there is no such model.
        StoreUnavailable: When the store does not answer.
    """
    run = _Run(store, retention, by, now, dry_run)
    if model is not None:
        if not store.claimed(model):
            raise ModelNotFound(model)
        yield from run.of_model(model)
        return
    store.require_folder()
    for name in filter(is_model_name, sorted(children(store.objects, ""))):
        yield from run.of_model(name)
    yield from run.of_uploads()


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of pruning; its fields are the arguments of `prune`."""

    store: Store
    retention: Retention
    by: str
    now: datetime
    dry_run: bool

    def of_model(self, model: str) -> Iterator[Outcome]:
        try:
            files = files_below(self.store, model)
            for leftover in model_leftovers(self.store, model, files, by=self.by, now=self.now):
                yield self._removed(leftover)
            yield from self._versions(model, files)
        except OnehotError as error:
            yield self._failed(Outcome("model", model, FAILED), error)

    def of_uploads(self) -> Iterator[Outcome]:
        for leftover in shared_leftovers(self.store, now=self.now):
            yield self._removed(leftover)

    def _versions(self, model: str, files: Files) -> Iterator[Outcome]:
        protection = Protection.of(self.store, model)
        marked = {folder for folder, found in files.items() if any(file.is_mark for file in found)}
        versions = {number: at for number, at in published(files).items() if str(number) not in marked}
        old = self.retention.old(versions, self.now)
        needed = self._needed(protection) if old else {}
        for number in old:
            outcome = Outcome(VERSION, f"{model}/{number}", DELETED, size=_size(files[str(number)]))
            if number in needed:
                yield replace(outcome, outcome=KEPT, reason=needed[number], size=0)
            elif self.dry_run:
                yield outcome
            else:
                yield self._attempted(outcome, partial(delete_checked, protection, number, by=self.by))

    def _needed(self, protection: Protection) -> dict[int, str]:
        lately = protection.log.named_since(self.now - STILL_ANSWERS)
        return {**dict.fromkeys(lately, "a label named it a moment ago"), **protection.reasons()}

    def _removed(self, leftover: Leftover) -> Outcome:
        outcome = Outcome(leftover.kind, leftover.path, DELETED, size=_size(leftover.files))
        return outcome if self.dry_run else self._attempted(outcome, leftover.remove)

    def _attempted(self, outcome: Outcome, remove: Callable[[], None]) -> Outcome:
        try:
            remove()
        except VersionInUse as error:
            return replace(outcome, outcome=KEPT, reason=error.reason, size=0)
        except (ModelNotFound, VersionNotFound):  # another process was faster
            return outcome
        except (OnehotError, OSError) as error:
            return self._failed(outcome, error)
        return outcome

    def _failed(self, outcome: Outcome, error: Exception) -> Outcome:
        """What failed, unless that is the whole store: then nothing else can be done."""
        if isinstance(error, StoreUnavailable):
            children(self.store.objects, "")
        return replace(outcome, outcome=FAILED, reason=str(error), size=0)


def _size(files: Iterable[StoredFile]) -> int:
    return sum(file.size for file in files)
