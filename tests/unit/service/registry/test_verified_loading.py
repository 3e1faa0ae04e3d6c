import json
from dataclasses import replace

import numpy as np
import pytest

from models.errors import CorruptVersion, VersionNotFound
from models.store.manifest import GoldenRows, TensorInfo
from models.store.store import Store
from service.registry.verified_loading import load_version


def test_a_good_version_answers(publish, store_folder, compute) -> None:
    """What it computes is what was published."""
    manifest = publish()
    predictor = load_version(Store.open(store_folder), "classic", 1)
    assert predictor.manifest == manifest
    assert np.allclose(predictor.predict(predictor.read([[0.5] * 8])), compute("classic-a", [[0.5] * 8]), atol=1e-6)


@pytest.mark.parametrize("file", ["model.onnx", "model.keras", "report.json"])
def test_one_flipped_byte_is_found_in_any_file(publish, store_folder, flip_byte, file) -> None:
    """The error names file and version."""
    publish()
    flip_byte("classic", 1, file)
    with pytest.raises(CorruptVersion, match=rf"{file} of version 1 of model 'classic'.*sha-256"):
        load_version(Store.open(store_folder), "classic", 1)


def test_a_truncated_and_a_missing_file_are_found(publish, store_folder) -> None:
    """Half-copied versions do not load."""
    publish()
    path = store_folder / "classic" / "1" / "model.keras"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptVersion, match=r"model.keras.*bytes"):
        load_version(Store.open(store_folder), "classic", 1)
    path.unlink()
    with pytest.raises(CorruptVersion, match=r"model.keras.*no such file"):
        load_version(Store.open(store_folder), "classic", 1)


def test_a_version_that_is_not_there_is_not_found(store_folder) -> None:
    """Nothing is made up."""
    with pytest.raises(VersionNotFound):
        load_version(Store.open(store_folder), "classic", 1)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"inputs": (TensorInfo("y", "float32", (None, 8)),)}, "inputs y: float32"),
        ({"inputs": (TensorInfo("x", "float32", (None, 9)),)}, r"inputs x: float32 \[None, 9\]"),
        ({"outputs": (TensorInfo("probabilities", "float32", (None, 4)),)}, "outputs probabilities"),
        ({"outputs": (TensorInfo("probabilities", "float32", (None, 3, 1)),)}, "outputs probabilities"),
    ],
)
def test_a_graph_with_other_tensors_than_the_manifest_is_refused(publish, store_folder, changes, place) -> None:
    """Names, dtypes and shapes of inputs and outputs."""
    publish(**changes)
    with pytest.raises(CorruptVersion, match=rf"model.onnx.*{place}"):
        load_version(Store.open(store_folder), "classic", 1)


def test_golden_rows_must_come_out_again(publish, store_folder, draft_of) -> None:
    """A graph that computes something else is not served, whatever its digest says."""
    golden = draft_of("classic", "classic-b")[0].golden_rows
    publish(golden_rows=golden)
    with pytest.raises(CorruptVersion, match=r"model.onnx.*golden rows within 1e-05.*a difference of"):
        load_version(Store.open(store_folder), "classic", 1)


@pytest.mark.parametrize(
    "golden",
    [
        GoldenRows([[1.0] * 7], [[0.1, 0.2, 0.7]], 1e-5),
        GoldenRows([[1.0] * 8], [[0.1, "x", 0.7]], 1e-5),
        GoldenRows(["text"], [[0.1, 0.2, 0.7]], 1e-5),
    ],
)
def test_golden_rows_that_do_not_fit_are_the_manifests_fault(publish, store_folder, golden) -> None:
    """They are named as what they are."""
    publish(golden_rows=golden)
    with pytest.raises(CorruptVersion, match=r"manifest\.json"):
        load_version(Store.open(store_folder), "classic", 1)


def test_golden_rows_of_another_shape_are_a_difference(publish, store_folder, draft_of) -> None:
    """Not broadcast away."""
    golden = draft_of()[0].golden_rows
    publish(golden_rows=replace(golden, predictions=golden.predictions[:1]))
    with pytest.raises(CorruptVersion, match="difference of inf"):
        load_version(Store.open(store_folder), "classic", 1)


def test_an_unknown_preprocessing_step_is_refused(publish, store_folder) -> None:
    """A newer trainer's step is not skipped silently."""
    publish(preprocessing=[{"astype": "float32"}, {"whiten": {}}])
    with pytest.raises(CorruptVersion, match=r"manifest.json.*preprocessing.*whiten"):
        load_version(Store.open(store_folder), "classic", 1)


def test_a_version_without_a_graph_is_refused(store_folder, draft_of) -> None:
    """The manifest has to promise one."""
    manifest, files = draft_of()
    Store.open(store_folder).publish(manifest, {"report.json": files["report.json"]})
    with pytest.raises(CorruptVersion, match=r"model.onnx among its files.*report.json"):
        load_version(Store.open(store_folder), "classic", 1)


def test_a_manifest_of_another_format_is_refused(publish, store_folder) -> None:
    """By name, before anything else is read."""
    publish()
    path = store_folder / "classic" / "1" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 2}))
    with pytest.raises(CorruptVersion, match=r"manifest.json.*format_version 1"):
        load_version(Store.open(store_folder), "classic", 1)
