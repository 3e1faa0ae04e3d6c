"""What a service can be asked, as steps without input and output: both clients run the same."""

from onehot_client.operations.dataset_calls import DatasetOperations
from onehot_client.operations.job_calls import JobOperations
from onehot_client.operations.model_calls import ModelOperations
from onehot_client.operations.prediction_calls import PredictionOperations
from onehot_client.operations.raw_calls import RawOperations
from onehot_client.operations.release_calls import ReleaseOperations
from onehot_client.operations.run_calls import RunOperations
from onehot_client.operations.spec_calls import SpecOperations

__all__ = ["Operations"]


class Operations(
    PredictionOperations,
    JobOperations,
    ModelOperations,
    DatasetOperations,
    SpecOperations,
    RunOperations,
    ReleaseOperations,
    RawOperations,
):
    """Every operation; an object of its own for each client, as it remembers what models take and give."""
