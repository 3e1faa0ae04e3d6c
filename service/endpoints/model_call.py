"""What every prediction goes through, whatever protocol it came by: found, read, within its limits, timed, noted."""

from time import perf_counter

from models.errors import InputError
from models.preprocessing.instances import Array
from service.http.context import RequestContext
from service.http.request_bodies import read_body
from service.inference.predictor import Predictor
from service.registry.pending_versions import MISSING

__all__ = ["body_of", "check_rows", "compute", "find"]


def find(noted: RequestContext, model: str, *, version: int | None = None, label: str | None = None) -> Predictor:
    """What answers a request.

    Raises:
        ModelNotFound, VersionNotFound, LabelNotFound, VersionNotLoaded: As `Registry.find`.
    """
    parts = noted.parts
    try:
        noted.served = served = parts.registry.find(model, version=version, label=label)
    except MISSING as missing:
        noted.served = served = parts.pending_versions.find(model, version=version, label=label, missing=missing)
    return served


def body_of(noted: RequestContext) -> bytes:
    """The body of a request, whole.

    Raises:
        BodyTooLarge, InputError: As `read_body`.
    """
    return read_body(noted.request, limit_bytes=noted.parts.settings.max_body_bytes)


def check_rows(noted: RequestContext, rows: int, *, where: str) -> None:
    """Refuse more instances than a request may have; asked before they are read, where their number is known.

    Raises:
        InputError: When there are more.
    """
    most = noted.parts.settings.max_rows
    if rows > most:
        expected = f"at most {most} instances in one request, as ONEHOT_MAX_ROWS says"
        raise InputError(where=where, expected=expected, received=f"{rows} instances")


def compute(noted: RequestContext, served: Predictor, batch: Array, *, where: str = "instances") -> Array:
    """Predict for a batch.

    Args:
        noted: The request that it came with.
        served: What answers.
        batch: `(batch, *instance shape)`.
        where: What the instances are called in errors.

    Returns:
        float32 `(batch, outputs)`.

    Raises:
        InputError: For more rows than a request may have, or as `Predictor.predict`.
        DeadlineExceeded: When there is no time left for it.
    """
    parts = noted.parts
    noted.rows = rows = len(batch)
    check_rows(noted, rows, where=where)
    parts.admission.check(noted.started_s)
    noted.infer_from_s = perf_counter()
    predictions = served.predict(batch, where=where)
    noted.infer_to_s = perf_counter()
    return predictions
