"""What happens to a version after its training: rollouts, captured requests, true labels, drift."""

from collections.abc import Iterable, Mapping
from typing import Any

from onehot_client.http.calls import Call, Document, Steps, json_call
from onehot_client.operations.paths import model_path, paged, params_of, part

__all__ = ["ReleaseOperations"]


class ReleaseOperations:
    """Rollouts and monitoring; documents are given as the service wrote them."""

    def rollout(self, model: str) -> Steps[Document]:
        """The rollout of a model, under way or the last one that ended."""
        response = yield Call("GET", f"{model_path(model)}/rollout")
        return response.document()

    def start_rollout(self, model: str, plan: Mapping[str, Any]) -> Steps[Document]:
        """Start a rollout: shadow and canary of a candidate, with guards.

        Args:
            model: The model's name.
            plan: The candidate, its steps and its guards.
        """
        response = yield json_call("PUT", f"{model_path(model)}/rollout", dict(plan))
        return response.document()

    def steer_rollout(self, model: str, verb: str) -> Steps[Document]:
        """Let a rollout go another way.

        Args:
            model: The model's name.
            verb: `promote`, `rollback`, `pause` or `resume`.
        """
        response = yield Call("POST", f"{model_path(model)}/rollout/{part(verb)}", is_repeatable=False)
        return response.document() if response.content else {}

    def end_rollout(self, model: str) -> Steps[None]:
        """Take a rollout away."""
        yield Call("DELETE", f"{model_path(model)}/rollout", is_repeatable=False)

    def rollouts(self, model: str, *, limit: int | None = None) -> Steps[list[Document]]:
        """The ended rollouts of a model, the newest first.

        Args:
            model: The model's name.
            limit: At most so many; all without it.
        """
        return (yield from paged(f"{model_path(model)}/rollouts", "rollouts", {}, most=limit))

    def rollout_record(self, model: str, rollout: str) -> Steps[Document]:
        """All that is kept of an ended rollout.

        Args:
            model: The model's name.
            rollout: Its id.
        """
        response = yield Call("GET", f"{model_path(model)}/rollouts/{part(rollout)}")
        return response.document()

    def capture(self, model: str) -> Steps[Document]:
        """Whether requests are sampled into the store, and how."""
        response = yield Call("GET", f"{model_path(model)}/capture")
        return response.document()

    def set_capture(self, model: str, options: Mapping[str, Any]) -> Steps[Document]:
        """Sample requests into the store.

        Args:
            model: The model's name.
            options: How many, and which.
        """
        response = yield json_call("PUT", f"{model_path(model)}/capture", dict(options))
        return response.document()

    def end_capture(self, model: str) -> Steps[None]:
        """Sample no more requests."""
        yield Call("DELETE", f"{model_path(model)}/capture")

    def captured(  # noqa: PLR0913 -- as many ways to choose rows as the service has
        self,
        model: str,
        *,
        since: str | None = None,
        until: str | None = None,
        version: int | None = None,
        labelled: bool | None = None,
        order: str | None = None,
        limit: int | None = None,
    ) -> Steps[list[Document]]:
        """Captured rows: the instances, what was predicted, and the label where one is known.

        Args:
            model: The model's name.
            since: Only rows computed then or later: `2026-05-31`, or an age as `7d`.
            until: Only rows computed before.
            version: Only of this version.
            labelled: Only rows with a label, or only rows without.
            order: `newest`, or `least_sure` for what is most worth a label.
            limit: At most so many; 100 without it.
        """
        params = params_of(since=since, until=until, version=version, labelled=labelled, order=order, limit=limit)
        response = yield Call("GET", f"{model_path(model)}/captured", params=params)
        rows: list[Document] = response.document("rows")["rows"]
        return rows

    def erase_captured(self, model: str, request_id: str) -> Steps[Document]:
        """Erase what was captured of one request: its rows, and its labels.

        Args:
            model: The model's name.
            request_id: Of the request.
        """
        response = yield Call("DELETE", f"{model_path(model)}/captured/{part(request_id)}")
        return response.document()

    def feedback(self, items: Iterable[Mapping[str, Any]]) -> Steps[Document]:
        """Tell the true labels of rows, late or twice.

        Args:
            items: Each with `request_id`, `index` and `label`; `Predictions.feedback` makes them.
        """
        response = yield json_call("POST", "/v1/feedback", {"items": [dict(item) for item in items]})
        return response.document() if response.content else {}

    def quality(
        self,
        model: str,
        *,
        version: int | None = None,
        window_s: float | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> Steps[Document]:
        """How good the predictions were, as far as true labels are known.

        Args:
            model: The model's name.
            version: Only of this version.
            window_s: Of the last so many seconds.
            since: Of then and later: `2026-05-31`, or an age as `7d`.
            until: Of before then.
        """
        params = params_of(version=version, window_s=window_s, since=since, until=until)
        response = yield Call("GET", f"{model_path(model)}/quality", params=params)
        return response.document()

    def monitoring(
        self, model: str, *, version: int | None = None, label: str | None = None, window_s: float | None = None
    ) -> Steps[Document]:
        """Live inputs and outputs against the training's distributions.

        Args:
            model: The model's name.
            version: This version.
            label: The version that this label names; without both, the default one.
            window_s: Of the last so many seconds.
        """
        path = f"{model_path(model, version=version, label=label)}/monitoring"
        response = yield Call("GET", path, params=params_of(window_s=window_s))
        return response.document()
