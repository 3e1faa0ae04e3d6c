"""The data sets that scikit-learn ships inside its wheel: nothing is downloaded."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn import datasets

from models.errors import DataError
from models.preprocessing.instances import Array, Feature
from models.sources.columns import feature_columns
from models.sources.known_sources import known_sets
from models.spec import DataSpec
from trainer.data.dataset import Dataset

__all__ = ["array_digest", "read"]

LOADERS: Mapping[str, Callable[[], Any]] = {
    "digits": datasets.load_digits,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
}


def read(name: str, data: DataSpec) -> Dataset:
    """Load one of the data sets; digits as rows of 64 values, the others as named columns.

    Raises:
        DataError: When the name is none of them, or a column that the spec names is missing.
    """
    if name not in LOADERS:
        raise DataError(where="data.source", expected=f"one of {known_sets('sklearn')}", received=repr(data.source))
    bunch = LOADERS[name]()
    features = np.asarray(bunch.data, np.float64)
    columns = None if name == "digits" else tuple(Feature(str(column)) for column in bunch.feature_names)
    digest = array_digest(features, bunch.target)
    names = bunch.get("target_names")
    class_names = None if names is None else tuple(str(one) for one in names)
    dataset = Dataset(data.source, features, bunch.target, digest, columns=columns, class_names=class_names)
    return _chosen(dataset, data)


def _chosen(dataset: Dataset, data: DataSpec) -> Dataset:
    if data.features is None or dataset.columns is None:
        return dataset
    known = [column.name for column in dataset.columns]
    names = feature_columns(known, data)
    features = dataset.features[:, [known.index(name) for name in names]]
    return replace(dataset, features=features, columns=tuple(map(Feature, names)))


def array_digest(*arrays: Array) -> str:
    """sha-256 of arrays: types, shapes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
