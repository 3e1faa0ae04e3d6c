"""The spec: the whole description of one training, read by the command line, the trainer and the service alike."""

from models.preprocessing.pipeline import StepSpec
from models.spec.parts import CompileSpec, CsvSpec, DataSpec, FitSpec, Gate, Resources, Spec, TargetSpec
from models.spec.schema import load_spec

__all__ = [
    "CompileSpec", "CsvSpec", "DataSpec", "FitSpec", "Gate", "Resources", "Spec", "StepSpec", "TargetSpec", "load_spec",
]  # fmt: skip
