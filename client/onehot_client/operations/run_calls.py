"""Runs, the durable record of every training, and searches for hyperparameters."""

from collections.abc import Sequence
from typing import Any

from onehot_client.http.calls import Call, Document, Steps, json_call
from onehot_client.operations.job_calls import Spec, submission
from onehot_client.operations.paths import paged, params_of, part

__all__ = ["RunOperations"]


class RunOperations:
    """Runs and searches; documents are given as the service wrote them."""

    def runs(
        self,
        *,
        model: str | None = None,
        status: str | None = None,
        tag: str | Sequence[str] | None = None,
        sort: str | None = None,
        parameter: str | Sequence[str] | None = None,
        limit: int | None = None,
    ) -> Steps[list[Document]]:
        """The records of trainings, also of those that failed.

        Args:
            model: Only trainings of this model.
            status: Only those of this status.
            tag: Only those with this tag, or with all of these.
            sort: By what, as the service's interface says.
            parameter: A path of the spec, as `fit.batch_size`, or several; each run has their values in `parameters`.
            limit: At most so many; all without it.
        """
        params = params_of(model=model, status=status, tag=tag, sort=sort, parameter=parameter)
        return (yield from paged("/v1/runs", "runs", params, most=limit))

    def run(self, run: str) -> Steps[Document]:
        """The record of one training.

        Args:
            run: Its id.
        """
        response = yield Call("GET", f"/v1/runs/{part(run)}")
        return response.document()

    def compare_runs(self, runs: Sequence[str]) -> Steps[Document]:
        """What differs between runs: specs, metrics with their intervals, curves, mistakes.

        Args:
            runs: Their ids.
        """
        response = yield Call("GET", "/v1/runs/compare", params=params_of(id=list(runs)))
        return response.document()

    def tag(self, run: str, tags: Sequence[str] | None = None, *, note: str | None = None) -> Steps[Document]:
        """Change the tags or the note of a run.

        Args:
            run: Its id.
            tags: The tags that it has from now on.
            note: What is to be known about it.
        """
        changes: dict[str, Any] = {} if tags is None else {"tags": list(tags)}
        response = yield json_call(
            "PATCH", f"/v1/runs/{part(run)}", changes if note is None else {**changes, "note": note}
        )
        return response.document()

    def search(self, spec: Spec, *, idempotency_key: str | None = None) -> Steps[Document]:
        """Start a search for hyperparameters.

        Args:
            spec: With a part `search`; as for `train`.
            idempotency_key: As for `train`.
        """
        response = yield submission("/v1/searches", spec, idempotency_key)
        return response.document("id")

    def searches(
        self, *, status: str | None = None, model: str | None = None, limit: int | None = None
    ) -> Steps[list[Document]]:
        """The searches, the newest first.

        Args:
            status: Only those of this status.
            model: Only searches for this model.
            limit: At most so many; all without it.
        """
        params = params_of(status=status, model=model)
        return (yield from paged("/v1/searches", "searches", params, most=limit))

    def search_state(self, search: str) -> Steps[Document]:
        """One search as it is now, with its trials.

        Args:
            search: Its id.
        """
        response = yield Call("GET", f"/v1/searches/{part(search)}")
        return response.document("id")

    def cancel_search(self, search: str) -> Steps[Document]:
        """Cancel a search and its trials.

        Args:
            search: Its id.
        """
        response = yield Call("DELETE", f"/v1/searches/{part(search)}", is_repeatable=False)
        return response.document("id")
