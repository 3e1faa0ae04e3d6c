"""The spec: the whole description of one training, read by the command line, the trainer and the service alike."""

from collections.abc import Mapping
from typing import Any

from models.errors import Problem, SpecError
from models.preprocessing.pipeline import StepSpec
from models.spec.parts import CompileSpec, DataSpec, FitSpec, Gate, Resources, Spec
from models.spec.schema import check_document

__all__ = ["CompileSpec", "DataSpec", "FitSpec", "Gate", "Resources", "Spec", "StepSpec", "load_spec"]


def load_spec(document: Mapping[str, Any]) -> Spec:
    """Check a spec and make it a value.

    Args:
        document: As it stands in YAML or JSON.

    Raises:
        SpecError: With every problem of the document, each with its path, what was expected and what came.
    """
    problems: list[Problem] = []
    spec = check_document(document, problems)
    if problems or spec is None:
        raise SpecError(problems)
    return spec
