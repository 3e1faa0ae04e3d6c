"""The Python client of Onehot: predict, train, follow, release.

from onehot_client import Client

client = Client("http://127.0.0.1:8501", api_key="oh_…")
answer = client.predict("iris", [[5.1, 3.5, 1.4, 0.2]])
answer.classes, answer.probabilities, answer.version
"""

from onehot_client.async_client import AsyncClient
from onehot_client.client_core import __version__
from onehot_client.errors import (
    BadRequest,
    Conflict,
    ConnectionLost,
    DeadlineExceeded,
    InternalError,
    InvalidInput,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OnehotError,
    Overloaded,
    ServiceError,
    ServiceUnreachable,
    TooLarge,
    TrainingFailed,
    Unavailable,
    UnexpectedAnswer,
)
from onehot_client.http.calls import Response
from onehot_client.http.event_reader import Event
from onehot_client.http.retries import RetryPolicy
from onehot_client.predictions import Classifications, Predictions
from onehot_client.resources import Dataset, Job, Model, Version
from onehot_client.sync_client import Client

__all__ = [
    "AsyncClient",
    "BadRequest",
    "Classifications",
    "Client",
    "Conflict",
    "ConnectionLost",
    "Dataset",
    "DeadlineExceeded",
    "Event",
    "InternalError",
    "InvalidInput",
    "Job",
    "Model",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "OnehotError",
    "Overloaded",
    "Predictions",
    "Response",
    "RetryPolicy",
    "ServiceError",
    "ServiceUnreachable",
    "TooLarge",
    "TrainingFailed",
    "Unavailable",
    "UnexpectedAnswer",
    "Version",
    "__version__",
]
