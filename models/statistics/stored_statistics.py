"""Statistics in the store: a file of the version, listed in its manifest or added to it later."""

import obstore

from models.errors import CorruptVersion
from models.statistics.version_statistics import STATISTICS, StatisticsError, VersionStatistics
from models.store.manifest import Manifest
from models.store.object_store import OtherSize, answering, get
from models.store.store import Store

__all__ = ["add_statistics", "find_statistics"]

MOST_BYTES = 16 * 2**20


def find_statistics(store: Store, manifest: Manifest) -> VersionStatistics | None:
    """The statistics of a version; None where it has none.

    Raises:
        CorruptVersion: When the file is not what was written.
        StoreUnavailable: When the store does not answer.
    """
    try:
        content = _content(store, manifest)
        return None if content is None else VersionStatistics.from_json(content)
    except (StatisticsError, OtherSize) as error:
        expected = "statistics of its training rows"
        raise CorruptVersion(
            manifest.model, manifest.version, file=STATISTICS, expected=expected, received=str(error)
        ) from error


def _content(store: Store, manifest: Manifest) -> bytes | None:
    if STATISTICS in manifest.files:
        return store.read_near(manifest, STATISTICS)
    return get(store.objects, _path(manifest), most_bytes=MOST_BYTES)


def add_statistics(store: Store, manifest: Manifest, statistics: VersionStatistics) -> None:
    """Give a version statistics that its manifest does not list; of such ones the last stay.

    Raises:
        ValueError: When its manifest lists its statistics: they are part of it, and stay.
        StoreUnavailable: When the store does not answer.
    """
    if STATISTICS in manifest.files:
        raise ValueError(f"expected a version without statistics; received one that has {STATISTICS} in its manifest")
    with answering():
        obstore.put(store.objects, _path(manifest), statistics.to_json())


def _path(manifest: Manifest) -> str:
    return f"{manifest.model}/{manifest.version}/{STATISTICS}"
