"""What models/ says of Keras without Keras, held against Keras itself."""

from pathlib import Path

import keras
import pytest

import models
from models.keras_catalog.objects import ObjectSpec, check_object
from models.keras_catalog.shape_inference import WRAPPERS, infer_shapes
from models.keras_catalog.shape_rules import ALIKE, AUGMENTING, RULES
from trainer.keras_catalog.docstrings import docs_table
from trainer.keras_catalog.signatures import json_text, signature_table

IMAGE, SERIES, VOLUME = (12, 10, 4), (12, 4), (8, 6, 5, 2)
BY_RANK = ((1, SERIES), (2, IMAGE), (3, VOLUME))
WITH_ARGUMENTS = {"Activation", "Discretization", "GroupNormalization", "AlphaDropout", "Dropout", "GaussianDropout",
                  "GaussianNoise", "Rescaling"}  # fmt: skip
CASES = [
    *[({name: {}}, IMAGE) for name in sorted(set(ALIKE) - WITH_ARGUMENTS)],
    ({"Rescaling": {"scale": 0.5}}, IMAGE),
    ({"Activation": {"activation": "relu"}}, SERIES),
    *[({name: {"rate": 0.5}}, IMAGE) for name in ("AlphaDropout", "Dropout", "GaussianDropout")],
    ({"GaussianNoise": {"stddev": 0.1}}, IMAGE),
    ({"GroupNormalization": {"groups": 2}}, IMAGE),
    ({"Discretization": {"bin_boundaries": [0.0, 1.0]}}, SERIES),
    ({"Dense": {"units": 5}}, (7,)),
    ({"Dense": {"units": 5}}, IMAGE),
    ({"Embedding": {"input_dim": 9, "output_dim": 3}}, (11,)),
    ({"Flatten": {}}, IMAGE),
    ({"Permute": {"dims": [2, 1, 3]}}, IMAGE),
    ({"RepeatVector": {"n": 4}}, (6,)),
    ({"Reshape": {"target_shape": [6, -1]}}, IMAGE),
    ({"LSTM": {"units": 3}}, SERIES),
    ({"GRU": {"units": 3, "return_sequences": True}}, SERIES),
    ({"SimpleRNN": {"units": 3}}, SERIES),
    ({"Conv1D": {"filters": 6, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}}, SERIES),
    ({"Conv1D": {"filters": 6, "kernel_size": 3, "strides": 2}}, SERIES),
    ({"Conv2D": {"filters": 6, "kernel_size": [3, 2], "strides": 2, "padding": "same"}}, IMAGE),
    ({"Conv2D": {"filters": 6, "kernel_size": 3, "dilation_rate": 2, "groups": 2}}, IMAGE),
    ({"Conv3D": {"filters": 6, "kernel_size": 2}}, VOLUME),
    ({"Conv1DTranspose": {"filters": 3, "kernel_size": 4, "strides": 2}}, SERIES),
    ({"Conv2DTranspose": {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}}, IMAGE),
    ({"Conv2DTranspose": {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1}}, IMAGE),
    ({"Conv2DTranspose": {"filters": 3, "kernel_size": 2, "strides": 3}}, IMAGE),
    ({"Conv3DTranspose": {"filters": 3, "kernel_size": 2, "strides": 2}}, VOLUME),
    ({"SeparableConv1D": {"filters": 3, "kernel_size": 3}}, SERIES),
    ({"SeparableConv2D": {"filters": 3, "kernel_size": 3, "depth_multiplier": 2}}, IMAGE),
    ({"DepthwiseConv1D": {"kernel_size": 3, "depth_multiplier": 2}}, SERIES),
    ({"DepthwiseConv2D": {"kernel_size": 3, "strides": 2, "padding": "same"}}, IMAGE),
    ({"ConvLSTM1D": {"filters": 3, "kernel_size": 3}}, (5, *SERIES)),
    ({"ConvLSTM2D": {"filters": 3, "kernel_size": 3, "return_sequences": True}}, (5, *IMAGE)),
    ({"ConvLSTM3D": {"filters": 3, "kernel_size": 2}}, (5, *VOLUME)),
    *[({f"{kind}Pooling{n}D": {"pool_size": 2}}, shape) for kind in ("Max", "Average")
      for n, shape in BY_RANK],
    ({"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": "same"}}, IMAGE),
    *[({f"Global{kind}Pooling{n}D": {}}, shape) for kind in ("Max", "Average")
      for n, shape in BY_RANK],
    ({"GlobalMaxPooling2D": {"keepdims": True}}, IMAGE),
    *[({f"Adaptive{kind}Pooling{n}D": {"output_size": 2}}, shape) for kind in ("Max", "Average")
      for n, shape in BY_RANK],
    ({"Cropping1D": {"cropping": [1, 2]}}, SERIES),
    ({"Cropping2D": {"cropping": [[1, 2], [0, 3]]}}, IMAGE),
    ({"Cropping3D": {"cropping": 1}}, VOLUME),
    ({"ZeroPadding1D": {"padding": 2}}, SERIES),
    ({"ZeroPadding2D": {}}, IMAGE),
    ({"ZeroPadding2D": {"padding": [1, 2]}}, IMAGE),
    ({"ZeroPadding3D": {"padding": [[1, 0], [2, 0], [0, 1]]}}, VOLUME),
    ({"UpSampling1D": {"size": 3}}, SERIES),
    ({"UpSampling2D": {"size": [2, 3]}}, IMAGE),
    ({"UpSampling3D": {}}, VOLUME),
    *[({f"SpatialDropout{n}D": {"rate": 0.2}}, shape) for n, shape in BY_RANK],
    ({"CenterCrop": {"height": 4, "width": 5}}, IMAGE),
    ({"Resizing": {"height": 4, "width": 5}}, IMAGE),
    ({"Bidirectional": {"layer": {"LSTM": {"units": 3}}}}, SERIES),
    ({"Bidirectional": {"layer": {"GRU": {"units": 3, "return_sequences": True}}, "merge_mode": "sum"}}, SERIES),
    ({"TimeDistributed": {"layer": {"Dense": {"units": 3}}}}, SERIES),
    ({"SpectralNormalization": {"layer": {"Dense": {"units": 3}}}}, (7,)),
]  # fmt: skip


def built(document):
    """The Keras layer that a document of a spec describes."""
    found = ObjectSpec.from_document(document)
    arguments = dict(found.arguments)
    if "layer" in arguments:
        arguments["layer"] = built(arguments["layer"])
    return getattr(keras.layers, found.class_name)(**arguments)


def checked(document):
    """The document as the spec's check leaves it."""
    problems = []
    found = check_object("layers", document, "", problems)
    assert problems == []
    return found


def test_the_committed_table_of_signatures_is_what_the_installed_keras_ships():
    """When it is not: python -m trainer.keras_catalog.signatures > models/keras_catalog/keras_signatures.json."""
    committed = (Path(models.__file__).parent / "keras_catalog" / "keras_signatures.json").read_text("utf-8")
    assert json_text(signature_table()) + "\n" == committed


def test_the_committed_descriptions_are_those_of_the_installed_keras():
    """When they are not: python -m trainer.keras_catalog.docstrings > models/keras_catalog/keras_docs.json."""
    committed = (Path(models.__file__).parent / "keras_catalog" / "keras_docs.json").read_text("utf-8")
    assert json_text(docs_table()) + "\n" == committed


@pytest.mark.parametrize(("document", "shape"), CASES, ids=lambda value: str(value)[:60])
def test_a_layer_s_shape_is_what_keras_computes(document, shape):
    """Rule by rule."""
    expected = built(document).compute_output_shape((None, *shape))
    assert infer_shapes([checked(document)], shape, []) == tuple(expected[1:])


def test_every_rule_is_compared_with_keras():
    """Augmenting layers keep the shape of an image by definition; all others stand in the cases."""
    compared = {name for document, _ in CASES for name in document}
    assert set(RULES) | set(WRAPPERS) <= compared | set(AUGMENTING)


@pytest.mark.parametrize(
    ("document", "shape", "message"),
    [
        ({"Conv2D": {"filters": 3, "kernel_size": 5}}, (4, 4, 1), "at least 5 × 5"),
        ({"MaxPooling2D": {"pool_size": 3}}, (2, 2, 1), "at least 3 × 3"),
        ({"Conv2D": {"filters": 3, "kernel_size": 3}}, (28, 28), "3 axes (height, width, channels)"),
        ({"LSTM": {"units": 3}}, (8,), "2 axes (steps, channels)"),
        ({"Reshape": {"target_shape": [5, 5]}}, (24,), "25 values"),
        ({"Cropping1D": {"cropping": 9}}, SERIES, "more than what `cropping` takes away"),
        ({"Conv2D": {"filters": 6, "kernel_size": 1, "groups": 4}}, IMAGE, "that 4 groups divide"),
        ({"RepeatVector": {"n": 3}}, IMAGE, "1 axis"),
        ({"Permute": {"dims": [1, 2]}}, IMAGE, "a shape of 2 axes"),
    ],
)
def test_a_layer_that_cannot_take_what_comes_in_is_named(document, shape, message):
    """And Keras refuses the same."""
    problems = []
    assert infer_shapes([checked(document)], shape, problems) is None
    assert message in problems[0].expected
    with pytest.raises((ValueError, TypeError)):
        keras.Sequential([keras.Input(shape), built(document)])
