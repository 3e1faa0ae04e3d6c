"""Whether predictions of a model are captured, and how: `<model>/capture.json`, off where there is none."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self
from zlib import crc32

from models.errors import CorruptVersion, StoreUnavailable, shown
from models.keras_catalog.argument_kinds import Check, Mismatch, integer, kind, listing, number
from models.store.change_hint import leave_hint
from models.store.compare_and_swap import AtomicDocument, Document
from models.store.store import Store

__all__ = [
    "CAPTURE", "DEFAULT_KEEP_DAYS", "FIELDS", "MOST_COLUMNS", "MOST_DAYS", "OFF", "CaptureSettings", "change_capture",
    "read_capture", "shown_capture",
]  # fmt: skip

CAPTURE = "capture.json"
DEFAULT_KEEP_DAYS, MOST_DAYS = 30, 3650
MOST_COLUMNS, LONGEST_COLUMN = 1000, 500
HASHES, SALT, MIX = 2**32, 0x6F6E65, 2_654_435_761
"""How many hashes of request ids there are; a checksum, spread by Knuth's multiplier: every prediction pays for it."""

column = kind(
    f"the name of a column, of at most {LONGEST_COLUMN} characters",
    lambda value: isinstance(value, str) and 0 < len(value) <= LONGEST_COLUMN and _is_whole(value),
)


def _is_whole(text: str) -> bool:
    """Whether a text has no half characters, which no file can hold."""
    return text.isascii() or text.encode("utf-8", "ignore").decode() == text


def _columns(value: Any) -> list[str]:
    if value == []:
        return []
    names: list[str] = listing(column)(value)
    if len(names) > MOST_COLUMNS:
        raise Mismatch(f"a list of at most {MOST_COLUMNS}")
    return list(dict.fromkeys(names))


FIELDS: Mapping[str, Check] = {
    "sample": number(0, 1),
    "keep_days": integer(1, MOST_DAYS),
    "drop": _columns,
}
"""Name of a setting → what it may be."""


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """How a model's predictions are captured.

    Args:
        sample: The share of the requests.
        keep_days: How long the rows are kept, and their labels.
        drop: Columns that are never kept.
    """

    sample: float = 0.0
    keep_days: int = DEFAULT_KEEP_DAYS
    drop: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Of the document in the store; what it lacks is as by default.

        Raises:
            ValueError: When a hand put something else there.
        """
        try:
            found = {name: FIELDS[name](value) for name, value in document.items() if name in FIELDS}
        except Mismatch as mismatch:
            raise ValueError(f"{shown(dict(document))}, where it should be {mismatch.expected}") from mismatch
        return cls(**found | {"drop": tuple(found.get("drop", ()))})

    @property
    def is_on(self) -> bool:
        """Whether anything is captured."""
        return self.sample > 0

    @property
    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "drop": list(self.drop)}

    def takes(self, request_id: str) -> bool:
        """Whether a request is among the sample: the same for the same id, in every process and for every model."""
        return crc32(request_id.encode(), SALT) * MIX % HASHES < self.limit

    @property
    def limit(self) -> float:
        """Below it, out of `HASHES`, the hashes of sampled ids are."""
        return self.sample * HASHES


OFF = CaptureSettings()


def read_capture(store: Store, model: str) -> CaptureSettings:
    """The settings of a model; as by default, which is off, where there are none.

    Raises:
        StoreUnavailable: When the store does not answer, or a hand has broken them.
    """
    return CaptureSettings.of(_document(store, model).read())


def shown_capture(store: Store, model: str, settings: CaptureSettings) -> dict[str, Any]:
    """The settings of a model as they are shown: with the columns that its default version keeps.

    Raises:
        ModelNotFound: When there is no such model.
        StoreUnavailable: When the store does not answer.
    """
    columns = None
    with suppress(CorruptVersion):  # its own matter: what is captured is known all the same
        features = store.manifest(model, store.resolve(model)).instance.features
        columns = None if features is None else [one.name for one in features if one.name not in settings.drop]
    return {"model": model, "enabled": settings.is_on, **settings.document, "columns": columns}


def change_capture(store: Store, model: str, settings: CaptureSettings) -> None:
    """Set them, whatever they were; services follow within a second or two.

    Raises:
        StoreUnavailable: When the store does not answer.
    """
    document = _document(store, model)
    try:
        document.change(lambda _: settings.document)
    except StoreUnavailable:
        if not document.is_there:
            raise
        document.write(settings.document)  # a hand had broken it
    leave_hint(store.objects, store.folder, model)


def _document(store: Store, model: str) -> AtomicDocument:
    return AtomicDocument(
        store.objects, store.folder, f"{model}/{CAPTURE}", holds="what is captured of a model", checked=_checked
    )


def _checked(document: Document) -> Document:
    CaptureSettings.of(document)
    return document
