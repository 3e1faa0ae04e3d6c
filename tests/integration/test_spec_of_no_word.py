"""What has no word in a spec: one error that names every such part, and no spec."""

import keras
import numpy as np
import pytest
from onehot_client.keras import UnsupportedModel, spec_of
from onehot_client.keras.heads import ALIKE, LOSSES, METRICS
from onehot_client.keras.without_word import REFUSED

from models.keras_catalog import shape_rules
from models.keras_catalog.objects import known_names, refused_names
from models.spec import head, keras_metrics

LAYERS, CALLBACKS = keras.layers, keras.callbacks
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
BASES = {"Layer", "Wrapper", "Loss", "Optimizer", "Metric", "Mean", "Sum", "MeanMetricWrapper", "InputLayer",
         "InputSpec", "LossScaleOptimizer"}  # fmt: skip
"""Refused as they are no parts of a model."""


class Own(LAYERS.Layer):
    """A layer that is not Keras'."""

    def call(self, inputs):
        """Nothing happens."""
        return inputs


class Subclass(keras.Model):
    """A model that is no Sequential."""


class OwnStep(keras.Sequential):
    """A Sequential that trains in its own way."""

    def train_step(self, data):
        """Not as Keras does."""
        return super().train_step(data)


def own_loss(targets, predictions):
    """A loss that is not Keras'."""
    return keras.ops.mean((targets - predictions) ** 2, axis=-1)


def sequential(
    *layers, loss="categorical_crossentropy", optimizer="adam", metrics=("accuracy",), end="softmax", **options
):
    """Between an input and a Dense of three."""
    model = keras.Sequential([keras.Input((4,)), *layers, LAYERS.Dense(3, activation=end)])
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics), **options)
    return model


def frozen():
    """A layer whose weights stay as they came."""
    layer = LAYERS.Dense(4)
    layer.trainable = False
    return sequential(layer)


def functional(inputs=1):
    """A functional model, of one input or several."""
    entries = [keras.Input((4,)) for _ in range(inputs)]
    joined = LAYERS.Concatenate()(entries) if inputs > 1 else entries[0]
    model = keras.Model(entries, LAYERS.Dense(3, activation="softmax")(joined))
    model.compile("adam", "categorical_crossentropy")
    return model


def uncompiled():
    """Only layers."""
    return keras.Sequential([keras.Input((4,)), LAYERS.Dense(3)])


def transferred():
    """A network of others as the first layer."""
    base = keras.Model(entry := keras.Input((4,)), LAYERS.Dense(4)(entry))
    return sequential(base)


def steps_out():
    """An output for each step of a series."""
    model = keras.Sequential(
        [keras.Input((5, 4)), LAYERS.LSTM(4, return_sequences=True), LAYERS.Dense(3, activation="softmax")]
    )
    model.compile("adam", "categorical_crossentropy")
    return model


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (functional, ["Functional: a functional model"]),
        (lambda: functional(2), ["Functional: a functional model"]),
        (Subclass, ["Subclass: a model class of your own"]),
        (lambda: OwnStep([keras.Input((4,)), LAYERS.Dense(3)]), ["OwnStep: a model class of your own"]),
        (uncompiled, ["not compiled"]),
        (object, ["object of builtins: expected a compiled keras.Sequential"]),
        (lambda: sequential(LAYERS.Lambda(lambda x: x * 2)), ["layers.0.Lambda: it runs Python code"]),
        (lambda: sequential(Own()), ["layers.0.Own: a layer of your own"]),
        (transferred, ["layers.0.Functional: a model inside of the model"]),
        (frozen, ["layers.0.Dense: frozen (trainable=False)"]),
        (lambda: sequential(LAYERS.Dense(4, activation=lambda x: x)),
         ["layers.0.Dense.activation: a function of your own"]),
        (lambda: sequential(LAYERS.Dense(4, kernel_initializer=keras.initializers.Constant(np.eye(4)))),
         ["kernel_initializer.Constant.value: an array"]),
        (lambda: sequential(loss=own_loss), ["loss.own_loss: a function of your own"]),
        (lambda: sequential(metrics=[own_loss]), ["metrics.own_loss: a function of your own"]),
        (lambda: sequential(loss_weights=[0.5]), ["loss_weights: a network has one output"]),
        (lambda: sequential(weighted_metrics=["accuracy"]), ["weighted_metrics: a spec has `metrics`"]),
        (lambda: sequential(end="relu"), ["layers.0: the activation relu on 3 at the end"]),
        (lambda: sequential(loss=keras.losses.CategoricalCrossentropy(from_logits=True)),
         ["loss.from_logits: true behind softmax"]),
        (lambda: sequential(end=None, loss="poisson", metrics=["mse"]),
         ["loss: poisson behind an end of the task regression"]),
        (lambda: sequential(loss="sparse_categorical_crossentropy", metrics=["Precision"]),
         ["metrics.Precision: a metric that means nothing"]),
        (lambda: sequential(metrics=[keras.metrics.MeanIoU(3)]), ["metrics.MeanIoU: it takes classes"]),
        (steps_out, ["output: the shape [5, 3] for one instance"]),
        (lambda: sequential(LAYERS.Lambda(lambda x: x), Own(), loss=own_loss),
         ["3 parts", "layers.0.Lambda", "layers.1.Own", "loss.own_loss"]),
    ],
)  # fmt: skip
def test_a_part_without_a_word_is_named(model, parts) -> None:
    """All of them in one sentence."""
    with pytest.raises(UnsupportedModel) as raised:
        spec_of(model())
    for part in parts:
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("callback", "part"),
    [
        (CALLBACKS.LearningRateScheduler(lambda _: 0.1), "callbacks.LearningRateScheduler: it runs Python code"),
        (CALLBACKS.LambdaCallback(), "callbacks.LambdaCallback: it runs Python code"),
        (type("Mine", (CALLBACKS.Callback,), {"__module__": "mine"})(), "callbacks.Mine: a callback of your own"),
    ],
)
def test_a_callback_with_code_has_no_word(callback, part) -> None:
    """It would have to run on the worker."""
    with pytest.raises(UnsupportedModel) as raised:
        spec_of(sequential(), callbacks=[callback])
    assert part in str(raised.value)


def test_callbacks_that_only_watch_are_left_out_with_a_warning(tmp_path) -> None:
    """They change no weight."""
    watching = [
        CALLBACKS.ModelCheckpoint(str(tmp_path / "a.keras")),
        CALLBACKS.EarlyStopping(monitor="loss", patience=2),
    ]
    with pytest.warns(UserWarning, match="ModelCheckpoint is left out"):
        document = spec_of(sequential(), callbacks=watching)
    assert document["fit"]["callbacks"] == [{"EarlyStopping": {"monitor": "loss", "patience": 2}}]


def test_the_client_refuses_what_the_spec_refuses() -> None:
    """Its tables are those of the spec, which it cannot import."""
    refused = {name for family in ("layers", "activations", "losses", "optimizers", "metrics", "initializers")
               for name in refused_names(family)} - BASES  # fmt: skip
    assert refused - set(REFUSED) <= {"Initializer", "AbstractRNNCell"}
    assert not set(REFUSED) & {name for family in ("layers", "losses", "optimizers") for name in known_names(family)}
    assert {task: frozenset(names) for task, names in head.LOSSES.items()} == LOSSES
    assert frozenset(shape_rules.ALIKE) == ALIKE
    assert {task: frozenset(names) for task, names in keras_metrics.METRICS.items()} == METRICS


def test_the_owner_s_session_is_left_as_it_was() -> None:
    """Neither the generators nor the model change: fit goes on as it would have."""
    import random

    model = sequential(LAYERS.Dropout(0.2), LAYERS.Dense(2))
    state, weights = random.getstate(), [weight.copy() for weight in model.get_weights()]
    spec_of(model)
    assert random.getstate() == state
    assert all(np.array_equal(one, other) for one, other in zip(weights, model.get_weights(), strict=True))
