"""Data that was replaced between a job's submission and its start: refused with another layout, else said."""

import logging
from collections.abc import Mapping
from typing import Any

from models.errors import DataError
from models.sources.data_state import DataState, look_at_data
from models.spec import Spec
from models.store.datasets import Datasets

__all__ = ["find_replaced_data"]

DIGEST = "sha-256 "
SHOWN = len(DIGEST) + 12

log = logging.getLogger("trainer")


def find_replaced_data(
    submitted: Any, spec: Spec, *, roots: tuple[str, ...], datasets: Datasets | None = None
) -> tuple[str, ...]:
    """Compare the data of a job with what the service saw of it.

    Args:
        submitted: Key of the spec → content and layout at submission, as the job has it; anything else is passed over.
        spec: The job's.
        roots: The folders that files may be read from.
        datasets: The uploaded data sets, for `dataset://`.

    Returns:
        A sentence for each source that has another content and the same layout.

    Raises:
        DataError: When one has other columns, shapes or classes.
    """
    if not isinstance(submitted, Mapping) or not submitted:
        return ()
    now = look_at_data(spec, roots=roots, datasets=datasets)
    known = {key: state for key, one in submitted.items() if (state := _state(one)) is not None}
    told = [_compared(key, known[key], state, spec) for key, state in now.items() if key in known]
    return tuple(filter(None, told))


def _state(document: Any) -> DataState | None:
    """What a job has of one source; None where it is another form, as of another release's service."""
    found = document if isinstance(document, Mapping) else {}
    content, layout = found.get("content"), found.get("layout")
    return DataState(content, layout) if isinstance(content, str) and isinstance(layout, str) else None


def _compared(key: str, submitted: DataState, now: DataState, spec: Spec) -> str:
    source = getattr(spec.data, key.removeprefix("data."))
    if submitted.layout and now.layout and submitted.layout != now.layout:
        expected = f"{source} as it was when the job was submitted, with {submitted.layout}"
        raise DataError(where=key, expected=expected, received=f"{now.layout}; submit the spec again")
    if submitted.content == now.content:
        return ""
    content = now.content[:SHOWN] if now.content.startswith(DIGEST) else now.content
    told = f"{key}: {source} was replaced after the job was submitted: trained on the new content ({content})"
    log.warning(told)
    return told
