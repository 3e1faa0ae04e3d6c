"""Specs before they are submitted: written for uploaded data, and checked."""

from collections.abc import Mapping, Sequence
from typing import Any

from onehot_client.http.calls import Document, Steps, json_call
from onehot_client.operations.job_calls import Spec, spec_call
from onehot_client.operations.paths import given
from onehot_client.resources import Dataset

__all__ = ["SpecOperations"]


class SpecOperations:
    """Specs; nothing is queued by them."""

    def check_spec(self, spec: Spec) -> Steps[Document]:
        """Check a spec as `train` would, without queueing it.

        Args:
            spec: As for `train`.

        Returns:
            The whole `spec` with every default, what was `written` of it, and that as YAML `text`.

        Raises:
            BadRequest: With every problem of the spec in `details`.
        """
        response = yield spec_call("/v1/specs/check", spec)
        return response.document("spec")

    def propose_spec(
        self,
        source: Dataset | str,
        *,
        target: str | None = None,
        features: Sequence[str] | None = None,
        csv: Mapping[str, Any] | None = None,
        model: str | None = None,
    ) -> Steps[Document]:
        """Write a spec that fits an uploaded data set and trains as it stands, as `onehot init` does.

        Args:
            source: The data set, or its `dataset://…`.
            target: The column or array that is to be predicted; else one with a usual name, else the last column.
            features: The columns to predict from; else all others.
            csv: How a file of text is read, as `data.csv` of a spec.
            model: The model's name; else that of the data.

        Returns:
            The `spec`, its YAML `text`, and remarks on the data.
        """
        named = source.source if isinstance(source, Dataset) else source
        columns = None if features is None else list(features)
        chosen = given(target=target, features=columns, csv=None if csv is None else dict(csv), model=model)
        response = yield json_call("POST", "/v1/specs/propose", {"source": named, **chosen})
        return response.document("spec", "text")
