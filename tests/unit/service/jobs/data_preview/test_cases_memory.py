"""What a worker could not hold is refused before it is queued."""

import zipfile

import numpy as np
import pytest

from models.errors import DataError
from models.keras_catalog.objects import ObjectSpec
from models.keras_catalog.parameter_counts import count_parameters
from models.sources.expansion import check_expanded
from models.spec import load_spec
from service.jobs.data_preview.memory import MemoryBounds
from service.jobs.data_preview.preview import preview_data
from tests.timing import assert_quick

LARGEST = 2**24


def spec_of(*layers, source="sklearn://iris", **changes):
    return load_spec({
        "model": "a", "data": {"source": source}, "layers": [*layers, {"Dense": {"units": 3, "activation": "softmax"}}],
        "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"}, **changes,
    })  # fmt: skip


@pytest.fixture(scope="module")
def zeros(tmp_path_factory):
    """A file of half a megabyte that holds 10⁹ bytes."""
    folder = tmp_path_factory.mktemp("zeros")
    head = np.lib.format.header_data_from_array_1_0(np.zeros((1, 1000), np.uint8)) | {"shape": (1_000_000, 1000)}
    with zipfile.ZipFile(folder / "zeros.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array_header_1_0(file, head)
            for _ in range(1000):
                file.write(bytes(1_000_000))
        with archive.open("y.npy", "w") as file:
            np.lib.format.write_array(file, np.arange(1_000_000, dtype=np.uint8) % 3)
    return folder


def test_an_archive_that_expands_beyond_its_bound_is_refused(zeros):
    """At the upload and at the submission, from its headers alone."""
    with pytest.raises(DataError, match=r"body: expected arrays of at most 2147483648 bytes .*ONEHOT_MAX_DATA_BYTES"):
        check_expanded(zeros / "zeros.npz", "body", most_bytes=MemoryBounds().data_bytes)
    (problem,) = preview_data(spec_of(source="zeros.npz"), roots=(str(zeros),))
    assert "ONEHOT_MAX_DATA_BYTES" in problem.expected
    spec = spec_of(source="zeros.npz")
    assert_quick(lambda: preview_data(spec, roots=(str(zeros),)), most_s=0.5)  # to read 10⁹ bytes takes longer
    bounds = MemoryBounds(data_bytes=2**33)
    check_expanded(zeros / "zeros.npz", "body", most_bytes=bounds.data_bytes)
    assert preview_data(spec_of(source="zeros.npz"), roots=(str(zeros),), bounds=bounds) == []


def test_other_files_are_not_archives(tmp_path):
    """What cannot be read is told by its reader."""
    (tmp_path / "a.npz").write_bytes(b"no archive")
    (tmp_path / "a.csv").write_text("a,b\n")
    for name in ("a.npz", "a.csv"):
        check_expanded(tmp_path / name, "body", most_bytes=1)


@pytest.mark.parametrize(
    ("layers", "path"),
    [
        ([{"Dense": {"units": LARGEST}}, {"Dense": {"units": LARGEST}}], "layers.1.Dense"),
        ([{"Dense": {"units": 100_000}}, {"Dense": {"units": 100_000}}, {"Dense": {"units": 9}}], "layers.1.Dense"),
        ([{"Reshape": {"target_shape": [4, 1]}}, {"LSTM": {"units": 100_000}}], "layers.1.LSTM"),
        ([{"Reshape": {"target_shape": [4, 1]}}, {"GRU": {"units": 50_000}}], "layers.1.GRU"),
        ([{"Embedding": {"input_dim": LARGEST, "output_dim": 1000}}, "Flatten"], "layers.0.Embedding"),
        ([{"Reshape": {"target_shape": [2, 2, 1]}},
          {"Conv2D": {"filters": 2**16, "kernel_size": 1}}, {"Conv2D": {"filters": 2**16, "kernel_size": 1}},
          "Flatten"], "layers.2.Conv2D"),
    ],
)  # fmt: skip
def test_a_network_that_no_worker_could_hold_is_refused(layers, path):
    """Naming the layer with the most weights, with both sizes."""
    (problem,) = preview_data(spec_of(*layers), roots=())
    assert problem.path == path
    assert "ONEHOT_MAX_NETWORK_BYTES" in problem.expected
    assert "bytes with gradients and optimizer" in problem.received


def test_a_large_network_that_fits_is_taken():
    """The bound is a setting; SGD keeps nothing beside the weights, Adam two numbers for each."""
    layers = [{"Dense": {"units": 20_000}}, {"Dense": {"units": 20_000}}]
    assert preview_data(spec_of(*layers), roots=()) == []
    bounds = MemoryBounds(network_bytes=5 * 10**9)
    assert len(preview_data(spec_of(*layers), roots=(), bounds=bounds)) == 1
    plain = {"optimizer": "sgd", "loss": "categorical_crossentropy"}
    assert preview_data(spec_of(*layers, compile=plain), roots=(), bounds=bounds) == []


def test_the_weights_are_counted_without_the_shape_of_the_data():
    """As far as one layer says what the next one gets."""
    layers = [ObjectSpec("Dense", {"units": LARGEST}), ObjectSpec("Dense", {"units": LARGEST})]
    assert count_parameters(layers, None) == [0, (LARGEST + 1) * LARGEST]
