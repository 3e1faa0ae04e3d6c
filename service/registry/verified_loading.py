"""From the store to a version that answers: verify, build, check, replay, and only then hand it over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import structlog

from models.errors import CorruptVersion, InputError, OnehotError
from models.preprocessing.instances import Array
from models.preprocessing.tolerance import allowed_difference, largest_difference
from models.store.manifest import MANIFEST, Manifest, TensorInfo
from models.store.store import Store
from service.blocking_calls import has_event_loop
from service.errors import ServiceError
from service.inference.dynamic_batching import DynamicBatcher, may_batch
from service.inference.onnx_session import Graph, GraphError
from service.inference.predictor import Predictor
from service.registry.memory_budget import give_back
from service.registry.snapshot import VersionFacts

__all__ = ["VersionLoader", "load_version"]

GRAPH_FILE = "model.onnx"
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
LARGE_BYTES = 2**20
"""Of a graph, from which on it is worth the while to give memory back."""

log = structlog.get_logger("service")


def load_version(store: Store, model: str, version: int) -> Predictor:
    """Load one version and prove that it computes what it computed when it was published.

    The replay of its golden rows also warms it up: no client waits for the first run. In a process with an event loop
    requests may share runs of its graph.

    Raises:
        VersionNotFound: When there is no such version.
        CorruptVersion: Names the file that is not what was published, what was expected and what came.
        StoreUnavailable: When the store does not answer.
    """
    manifest = store.manifest(model, version)
    graph = _build_graph(manifest, _read_graph(store, manifest))
    _check_signature(manifest, graph)
    try:
        predictor = Predictor.build(manifest, graph)
    except UNREADABLE as error:
        raise _corrupt(manifest, MANIFEST, expected="known preprocessing steps", received=str(error)) from error
    batch, predictions = _replay_golden_rows(predictor)
    return _batching(predictor, batch, predictions) if has_event_loop() else predictor


def _read_graph(store: Store, manifest: Manifest) -> bytes:
    """Check every file of the version; keep the graph."""
    if GRAPH_FILE not in manifest.files:
        received = ", ".join(sorted(manifest.files)) or "no files"
        raise _corrupt(manifest, MANIFEST, expected=f"{GRAPH_FILE} among its files", received=received)
    for file in manifest.files:
        if file != GRAPH_FILE:
            store.check_near(manifest, file)
    return store.read_near(manifest, GRAPH_FILE)


def _build_graph(manifest: Manifest, content: bytes) -> Graph:
    try:
        return Graph(content)
    except GraphError as error:
        raise _corrupt(manifest, GRAPH_FILE, expected="a graph that loads", received=str(error)) from error


def _check_signature(manifest: Manifest, graph: Graph) -> None:
    tensors = ("inputs", manifest.inputs, graph.inputs), ("outputs", manifest.outputs, graph.outputs)
    for kind, promised, found in tensors:
        if len(promised) != len(found) or not all(map(_match, promised, found)):
            raise _corrupt(manifest, GRAPH_FILE, expected=f"{kind} {_in_words(promised)}", received=_in_words(found))


def _match(promised: TensorInfo, found: TensorInfo) -> bool:
    """Whether a graph's tensor is the manifest's; where the graph leaves a size open, the replay decides."""
    if (promised.name, promised.dtype, len(promised.shape)) != (found.name, found.dtype, len(found.shape)):
        return False
    sizes = zip(promised.shape[1:], found.shape[1:], strict=True)
    return found.shape[0] is None and all(actual in (None, size) for size, actual in sizes)


def _in_words(tensors: tuple[TensorInfo, ...]) -> str:
    return ", ".join(f"{one.name}: {one.dtype} {list(one.shape)}" for one in tensors) or "none"


def _replay_golden_rows(predictor: Predictor) -> tuple[Array, Array]:
    """The instances as `predict` takes them, and what was computed for them."""
    manifest = predictor.manifest
    golden = manifest.golden_rows
    try:
        batch = predictor.read(golden.instances, where="golden_rows.instances")
        expected = np.asarray(golden.predictions, np.float32)
        received = predictor.predict(batch)
        predictor.predict(batch[:1])
    except (InputError, *UNREADABLE) as error:
        raise _corrupt(manifest, MANIFEST, expected="golden rows that fit", received=str(error)) from error
    except GraphError as error:
        raise _corrupt(manifest, GRAPH_FILE, expected="a graph that computes", received=str(error)) from error
    difference = largest_difference(expected, received)
    if not difference <= allowed_difference(expected, tolerance=golden.tolerance):
        raise _corrupt(
            manifest, GRAPH_FILE,
            expected=f"its golden rows within {golden.tolerance:g}", received=f"a difference of {difference:g}",
        )  # fmt: skip
    return batch, received


def _batching(predictor: Predictor, batch: Array, predictions: Array) -> Predictor:
    """The same with dynamic batching, where that changes the predictions of no request."""
    prepared = predictor.preprocessing.apply(batch)
    tolerance = predictor.manifest.golden_rows.tolerance
    if not may_batch(predictor.graph, prepared, predictions, tolerance=tolerance):
        return predictor
    return replace(predictor, graph=DynamicBatcher(predictor.graph))


def _corrupt(manifest: Manifest, file: str, *, expected: str, received: str) -> CorruptVersion:
    return CorruptVersion(manifest.model, manifest.version, file=file, expected=expected, received=received)


@dataclass(frozen=True, slots=True)
class VersionLoader:
    """Loads the versions of one model."""

    open_store: Callable[[], Store]
    model: str

    def load(self, version: int) -> Predictor:
        """A version that answers.

        Raises:
            OnehotError: Says why there is none.
        """
        started_s = time.monotonic()
        try:
            predictor = load_version(self.open_store(), self.model, version)
        except OnehotError as error:
            log.warning("version failed", model=self.model, version=version, reason=str(error))
            raise
        except Exception as error:
            log.exception("version failed", model=self.model, version=version)
            failed = f"version {version} of model {self.model!r} did not load ({type(error).__name__})"
            raise ServiceError(f"{failed}: the log of the service says more") from error
        if predictor.manifest.files[GRAPH_FILE].size >= LARGE_BYTES:
            give_back()  # what building the session took for a moment
        duration_ms = round((time.monotonic() - started_s) * 1000, 1)
        log.info("version loaded", model=self.model, version=version, duration_ms=duration_ms)
        return predictor

    def facts(self, version: int) -> VersionFacts:
        """What a version's manifest says.

        Raises:
            OnehotError: When it cannot be read.
        """
        return VersionFacts.of(self.open_store().manifest(self.model, version))
