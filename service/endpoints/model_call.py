"""What every prediction goes through, whatever its protocol: found, limited, computed, timed."""

from dataclasses import dataclass
from time import perf_counter
from typing import Self

from flask import request

from models.errors import InputError
from models.preprocessing.instances import Array
from service.errors import VersionNotLoaded
from service.http.context import RequestContext, Services, request_context, services
from service.http.multipart import only_part
from service.http.request_bodies import read_body
from service.inference.predictor import Predictor
from service.registry.pending_versions import MISSING
from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["ModelCall"]


@dataclass(slots=True)
class ModelCall:
    """A request to one version of a model."""

    services: Services
    context: RequestContext
    predictor: Predictor

    @classmethod
    def of_request(cls, model: str, *, version: int | None = None, label: str | None = None) -> Self:
        """The call that the current request is; raises as `to`. What is only described is the default version."""
        is_prediction = request.method == "POST"
        return cls.to(services(), request_context(), model, version=version, label=label, is_prediction=is_prediction)

    @classmethod
    def to(
        cls, services: Services, context: RequestContext, model: str, *,
        version: int | None = None, label: str | None = None, is_prediction: bool = True,
    ) -> Self:  # fmt: skip
        """Find the version that answers a request, which a rollout may choose where a prediction names none.

        Raises:
            ModelNotFound, VersionNotFound, LabelNotFound, VersionNotLoaded: As `Registry.find`.
        """
        try:
            predictor = services.registry.find(model, version=version, label=label)
        except (*MISSING, VersionNotLoaded) as missing:
            predictor = services.pending_versions.find(model, version=version, label=label, missing=missing)
        if is_prediction and version is None and label is None:
            context.is_default = True
            predictor = _routed(services, context, model) or predictor
        context.predictor = predictor
        return cls(services, context, predictor)

    def read_body(self) -> bytes:
        """The body of the current request, whole.

        Raises:
            BodyTooLarge, InputError: As `service.http.request_bodies.read_body`.
        """
        return read_body(request, limit_bytes=self.services.settings.max_body_bytes)

    def read_content(self) -> tuple[bytes, str]:
        """The content of the current request and its type: its body, or the only file of a form.

        Raises:
            BodyTooLarge, InputError: As `read_body` and `service.http.multipart.only_part`.
        """
        return only_part(self.read_body(), request.headers.get("Content-Type", ""))

    def check_rows(self, rows: int, *, where: str) -> None:
        """Refuse more instances than a request may have; asked before they are read, where their number is known."""
        most = self.services.settings.max_rows
        if rows > most:
            expected = f"at most {most} instances in one request, as ONEHOT_MAX_ROWS says"
            raise InputError(where=where, expected=expected, received=f"{rows} instances")

    def compute(self, batch: Array, *, where: str = "instances") -> Array:
        """Predict for a batch.

        Args:
            batch: `(batch, *instance shape)`.
            where: What the instances are called in errors.

        Returns:
            float32 `(batch, outputs)`.

        Raises:
            InputError: For more rows than a request may have, or as `Predictor.predict`.
            DeadlineExceeded: When there is no time left for it.
        """
        context = self.context
        context.rows = rows = len(batch)
        self.check_rows(rows, where=where)
        self.services.admission.check(context.started_s)
        context.infer_from_s = perf_counter()
        try:
            predictions = self.predictor.predict(batch, where=where)
        except Exception as error:
            context.infer_to_s = perf_counter()
            self._tell(batch, None, error)
            raise
        context.infer_to_s = perf_counter()
        self._tell(batch, predictions)
        return predictions

    def _tell(self, batch: Array, predictions: Array | None, error: Exception | None = None) -> None:
        """Tell the observers of predictions, if there are any."""
        traffic, context = self.services.traffic, self.context
        if traffic.observers:
            infer_s = context.infer_to_s - context.infer_from_s
            traffic.tell(
                ObservedPrediction(
                    context.request_id, context.key_id, context.is_default, self.predictor, batch, predictions, infer_s,
                    error,
                )
            )  # fmt: skip


def _routed(services: Services, context: RequestContext, model: str) -> Predictor | None:
    """What answers in the place of the default version; None when that answers itself."""
    router = services.traffic.router
    version = None if router is None else router.version_for(model, context)
    return None if version is None else services.registry.routed(model, version)
