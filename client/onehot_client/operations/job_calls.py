"""Trainings: queued, listed, looked at, canceled."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onehot_client.errors import InvalidInput
from onehot_client.http.calls import NOTHING, Call, Steps
from onehot_client.operations.paths import paged, params_of, part
from onehot_client.resources import Job

__all__ = ["JobOperations", "Spec", "job_id_of", "spec_call", "submission"]

Spec = Mapping[str, Any] | str | Path
"""A spec as a document, as YAML text, or as the path of a YAML or JSON file."""
SPEC_ENDINGS = (".yaml", ".yml", ".json")


class JobOperations:
    """Trainings."""

    def train(self, spec: Spec, *, idempotency_key: str | None = None) -> Steps[Job]:
        """Queue the training that a spec describes.

        Args:
            spec: A document, YAML text, or the path of a YAML or JSON file.
            idempotency_key: The same key gives the same job; each call has one of its own where none is given.

        Returns:
            The queued job: `follow` it, or `wait` for it.

        Raises:
            BadRequest: With every problem of the spec in `details`.
        """
        response = yield submission("/v1/jobs", spec, idempotency_key)
        return Job.of(response.document("id", "status"))

    def jobs(
        self, *, status: str | None = None, model: str | None = None, limit: int | None = None
    ) -> Steps[list[Job]]:
        """The jobs that the queue knows, the newest first.

        Args:
            status: Only those of this status.
            model: Only trainings of this model.
            limit: At most so many; all without it.
        """
        documents = yield from paged("/v1/jobs", "jobs", params_of(status=status, model=model), most=limit)
        return [Job.of(document) for document in documents]

    def job(self, job: Job | str) -> Steps[Job]:
        """One job as it is now.

        Args:
            job: It, or its id.
        """
        response = yield Call("GET", f"/v1/jobs/{part(job_id_of(job))}")
        return Job.of(response.document("id", "status"))

    def cancel(self, job: Job | str) -> Steps[Job]:
        """Cancel a job: one that waits never starts, one that runs stops within a second or so.

        Raises:
            Conflict: When it has ended already.
        """
        response = yield Call("DELETE", f"/v1/jobs/{part(job_id_of(job))}", is_repeatable=False)
        return Job.of(response.document("id", "status"))


def job_id_of(job: Job | str) -> str:
    """The id of a job."""
    return job.id if isinstance(job, Job) else job


def submission(path: str, spec: Spec, idempotency_key: str | None) -> Call:
    """The call that submits a spec, once however often it is sent; raises as `spec_call`."""
    return spec_call(path, spec, {"Idempotency-Key": idempotency_key or os.urandom(16).hex()})


def spec_call(path: str, spec: Spec, headers: Mapping[str, str] = NOTHING) -> Call:
    """The call whose body is a spec.

    Raises:
        InvalidInput: When there is no such file, or the document is none of JSON.
    """
    content, content_type = _content(spec)
    return Call("POST", path, headers={"Content-Type": content_type, **headers}, content=content)


def _content(spec: Spec) -> tuple[bytes, str]:
    if isinstance(spec, Mapping):
        return _as_json(spec), "application/json"
    if isinstance(spec, str) and ("\n" in spec or not spec.endswith(SPEC_ENDINGS)):
        return spec.encode(), "application/yaml"
    try:
        return Path(spec).read_bytes(), "application/yaml"
    except OSError as error:
        raise InvalidInput("spec", expected="a file", received=f"{spec}: {error.strerror}") from error


def _as_json(spec: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(dict(spec)).encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput("spec", expected="a document of JSON", received=str(error)) from error
