"""Watches every version that answers: counts its rows and predictions, shares the counts, compares them."""

import math
import time
from collections.abc import Callable
from typing import Any

import structlog

from models.errors import OnehotError
from models.statistics.stored_statistics import find_statistics
from models.statistics.version_statistics import STATISTICS, VersionStatistics
from models.store.manifest import Manifest
from models.store.store import Store
from service.blocking_calls import run_in_thread
from service.errors import NoStatistics
from service.monitoring.live_window import LONGEST_S, blob_of
from service.monitoring.watched_version import BinnedVersion, ComparedWindow, WatchedVersion
from service.traffic.observed_prediction import ObservedPrediction
from service.traffic.shared_figures import SharedFigures

__all__ = ["Monitor", "report_document"]

READ_AGAIN_S = 30.0
"""Between two looks for statistics that are not listed in a manifest: they may be added, or written anew."""
BYTES_A_SECOND = 64 * 1024
"""Of what is shared: counts of very many columns are shared less often."""

log = structlog.get_logger("service")


class Monitor:
    """Observes predictions, in one process.

    Args:
        store: Gives the store, in which the statistics are.
        figures: Where the processes share what they counted.
        is_loaded: Whether a version, by model and number, still answers here.
    """

    def __init__(
        self, store: Callable[[], Store], figures: SharedFigures, *,
        is_loaded: Callable[[tuple[str, int]], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        self._store = store
        self._figures = figures
        self._is_loaded = is_loaded
        self._versions: dict[tuple[str, int], WatchedVersion] = {}

    def observe(self, prediction: ObservedPrediction) -> None:
        """Keep the rows of a prediction, to be counted within a second."""
        manifest, predictions = prediction.predictor.manifest, prediction.predictions
        watched = self._versions.get((manifest.model, manifest.version)) or self._watch(manifest)
        if watched.binned is None and watched.is_blind:
            return
        if predictions is None:
            watched.failed += 1
        elif watched.buffer.add(prediction.batch, predictions) and (taken := watched.take()) is not None:
            watched.note(taken, taken.counts())

    def _watch(self, manifest: Manifest) -> WatchedVersion:
        watched = self._versions[manifest.model, manifest.version] = WatchedVersion(manifest)
        return watched

    def turn(self) -> None:
        """Count what has come, and post it; called about once a second in the event loop."""
        now_s = time.monotonic()
        for key, watched in [*self._versions.items()]:
            if not self._is_loaded(key):
                del self._versions[key]  # what was counted stays with the others as long as it is in their windows
                continue
            try:
                self._turn_of(key, watched, now_s)
            except Exception:  # one version stops no other
                log.exception("rows were not counted", model=key[0], version=key[1])

    def _turn_of(self, key: tuple[str, int], watched: WatchedVersion, now_s: float) -> None:
        if now_s >= watched.read_due_s:
            self._read(watched, now_s)
        watched.buffer.begin_turn()
        if (taken := watched.take()) is not None:
            watched.note(taken, run_in_thread(taken.counts))
        self._post(key, watched, now_s)

    def is_watched(self, model: str, version: int) -> bool:
        """Whether rows of a version were counted here, or by another process of this service or another."""
        watched = self._versions.get((model, version))
        return (watched is not None and watched.binned is not None) or bool(self._figures.of(topic_of(model, version)))

    def _read(self, watched: WatchedVersion, now_s: float) -> None:
        is_listed = STATISTICS in watched.manifest.files
        try:
            watched.follow(run_in_thread(find_statistics, self._store(), watched.manifest))
            watched.read_due_s = math.inf if is_listed else now_s + READ_AGAIN_S
        except OnehotError as error:
            watched.read_due_s = now_s + READ_AGAIN_S
            name = {"model": watched.manifest.model, "version": watched.manifest.version}
            log.warning("statistics not read", **name, reason=str(error))

    def _post(self, key: tuple[str, int], watched: WatchedVersion, now_s: float) -> None:
        if watched.has_news and now_s >= watched.post_due_s:
            content = watched.content()
            watched.post_due_s = now_s + len(content) / BYTES_A_SECOND
            self._figures.post(topic_of(*key), run_in_thread(blob_of, content), kept_s=LONGEST_S)

    def compared(self, manifest: Manifest, *, window_s: float) -> tuple[VersionStatistics, ComparedWindow, bool]:
        """What is known of a version's window.

        Returns:
            Its statistics, the comparison, and whether all services were asked.

        Raises:
            NoStatistics: When it has no statistics.
            CorruptVersion, StoreUnavailable: When they cannot be read.
        """
        self.turn()
        key = manifest.model, manifest.version
        binned = self._binned(manifest)
        blobs = self._figures.of(topic_of(*key))
        window = run_in_thread(binned.compare, blobs, now_s=time.time(), window_s=window_s)
        return binned.statistics, window, blobs.is_complete

    def _binned(self, manifest: Manifest) -> BinnedVersion:
        watched = self._versions.get((manifest.model, manifest.version))
        if watched is not None and watched.binned is not None:
            return watched.binned
        statistics = run_in_thread(find_statistics, self._store(), manifest)
        if statistics is None:
            raise NoStatistics(manifest.model, manifest.version)
        if watched is not None:
            watched.follow(statistics)
        return BinnedVersion(manifest, statistics)

    def drift_of(self, manifest: Manifest, window_s: float) -> float:
        """The largest PSI beyond chance of a version's window; not a number where it has no statistics or rows."""
        try:
            _, window, _ = self.compared(manifest, window_s=window_s)
        except OnehotError:
            return math.nan
        return window.drift.drift if window.drift.rows else math.nan


def topic_of(model: str, version: int) -> str:
    """The topic of a version's counts."""
    return f"monitoring/{model}/{version}"


def report_document(
    manifest: Manifest, statistics: VersionStatistics, window: ComparedWindow, *, window_s: float, is_complete: bool
) -> dict[str, Any]:
    """The answer to `GET …/monitoring`."""
    return {
        "model": manifest.model,
        "version": manifest.version,
        "window_s": window_s,
        "since": window.from_s,
        "is_complete": is_complete,
        "rows": window.drift.rows,
        "rows_answered": window.answered,
        "failures": window.failed,
        "training": {"rows": statistics.rows, **statistics.data},
        "columns_left_out": statistics.columns.left_out,
        **{name: value for name, value in window.drift.document.items() if name != "rows"},
    }
