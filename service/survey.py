"""One look at the whole store, in one listing: which versions there are, and whether a file of theirs has changed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import obstore
from obstore.exceptions import BaseError

from models.errors import StoreUnavailable
from models.names import is_model_name
from models.store import Store

__all__ = ["SurveyedModel", "survey"]

MANIFEST_FILE = "manifest.json"
LABELS_FILE = "labels.json"
NUMBER = re.compile(r"[1-9][0-9]{0,17}")

Tag = frozenset[tuple[str, str, int]]
"""Name, entity tag and size of every file of a version: another tag means that something was written."""


@dataclass(frozen=True, slots=True)
class SurveyedModel:
    """What the listing tells about one model.

    Args:
        versions: Published numbers, ascending, each with its tag.
        labels_tag: Of the file of its labels; empty when there is none.
    """

    versions: Mapping[int, Tag]
    labels_tag: str


@dataclass(slots=True)
class _Found:
    files: defaultdict[int, set[tuple[str, str, int]]] = field(default_factory=lambda: defaultdict(set))
    labels_tag: str = ""


def survey(store: Store) -> dict[str, SurveyedModel]:
    """List the store once.

    Returns:
        Every model that has a published version.

    Raises:
        StoreUnavailable: When it does not answer, or its folder is gone.
    """
    if store.folder is not None and not store.folder.is_dir():
        raise StoreUnavailable("its folder is gone")
    found: defaultdict[str, _Found] = defaultdict(_Found)
    try:
        for parts, tag, size in _files(store):
            _note(found, parts, tag, size)
    except (BaseError, OSError) as error:
        raise StoreUnavailable(str(error).strip().partition("\n")[0]) from error
    surveyed = {model: SurveyedModel(_published(one), one.labels_tag) for model, one in sorted(found.items())}
    return {model: one for model, one in surveyed.items() if one.versions}


def _files(store: Store) -> Iterator[tuple[list[str], str, int]]:
    for batch in obstore.list(store.objects):
        for meta in batch:
            yield meta["path"].split("/"), _tag(meta), meta["size"]


def _tag(meta: Any) -> str:
    return str(meta["e_tag"] or meta["last_modified"])


def _note(found: defaultdict[str, _Found], parts: list[str], tag: str, size: int) -> None:
    model = parts[0]
    if not is_model_name(model):
        return
    if parts[1:] == [LABELS_FILE]:
        found[model].labels_tag = tag
    elif len(parts) == 3 and NUMBER.fullmatch(parts[1]):
        found[model].files[int(parts[1])].add((parts[2], tag, size))


def _published(found: _Found) -> dict[int, Tag]:
    return {
        number: frozenset(files)
        for number, files in sorted(found.files.items())
        if any(name == MANIFEST_FILE for name, _, _ in files)
    }
