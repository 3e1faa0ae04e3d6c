"""Specs that are submitted: read, checked, and compared with the data as far as it is at hand."""

from collections.abc import Sequence
from typing import Any

from models.errors import SpecError
from models.spec import Spec, load_spec
from models.spec.keras_habits import original_paths
from models.spec.yaml_text import MOST_YAML_BYTES, load_document
from models.store.datasets import Datasets
from service.jobs.data_preview.memory import MemoryBounds
from service.jobs.data_preview.preview import preview_data

__all__ = ["read_spec", "written_spec"]


def read_spec(
    source: bytes | dict[str, Any],
    *,
    roots: Sequence[str],
    datasets: Datasets | None = None,
    bounds: MemoryBounds | None = None,
) -> Spec:
    """Make a spec of what a client sent.

    Args:
        source: YAML or JSON as text, or a document that was read already.
        roots: The folders that training data may be read from.
        datasets: The uploaded data sets; without them a `dataset://…` is left to the trainer.
        bounds: What a worker may need of memory.

    Raises:
        SpecError: With every problem.
    """
    document = written_spec(source) if isinstance(source, bytes) else source
    spec = load_spec(document)
    problems = original_paths(document, preview_data(spec, roots=roots, datasets=datasets, bounds=bounds))
    if problems:
        raise SpecError(problems)
    return spec


def written_spec(text: bytes) -> dict[str, Any]:
    """The document in YAML or JSON that a client sent, as it is written.

    Raises:
        SpecError: When it is none.
    """
    return load_document(text, name="body", most_yaml_bytes=MOST_YAML_BYTES)
