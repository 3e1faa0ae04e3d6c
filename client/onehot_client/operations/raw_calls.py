"""Who this client is to the service; and any call of the interface, for what no other method is there."""

import json as json_text
from collections.abc import Mapping
from typing import Any

from onehot_client.http.calls import NOTHING, Call, Document, Response, Steps
from onehot_client.operations.paths import params_of

__all__ = ["RawOperations"]

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})


class RawOperations:
    """The caller itself, and any call."""

    def whoami(self) -> Steps[Document]:
        """The id of the key that this client sends, what it permits, and whether keys are asked for at all."""
        response = yield Call("GET", "/v1/me")
        return response.document("scopes")

    def request(  # noqa: PLR0913 -- as much as a request of HTTP has
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] = NOTHING,
        json: Any = None,
        content: bytes = b"",
        headers: Mapping[str, str] = NOTHING,
        is_repeatable: bool | None = None,
    ) -> Steps[Response]:
        """Send a request as it is.

        Args:
            method: Of HTTP.
            path: Below the service's address, as `/v1/models`.
            params: The query; what is None is left out.
            json: A document as its body.
            content: Its body, where it is no document.
            headers: Its own, beside those of every call.
            is_repeatable: Whether it is sent again when its connection is lost; else only where it reads.

        Returns:
            The answer; `json()` is its document.
        """
        sent = dict(headers)
        if json is not None:
            content = json_text.dumps(json).encode()
            sent = {"Content-Type": "application/json", **sent}
        is_repeatable = method.upper() in REPEATABLE if is_repeatable is None else is_repeatable
        response = yield Call(method, path, params_of(**params), sent, content, is_repeatable=is_repeatable)
        return response
