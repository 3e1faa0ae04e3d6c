"""Training data: from a spec's `data.source` to arrays, every problem with its file, column and row."""

from trainer.data.dataset import Dataset
from trainer.data.sources import load_dataset

__all__ = ["Dataset", "load_dataset"]
