"""Compiled Sequentials as tutorials write them, each with small data of its kind and the arguments of its fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

CASES: dict[str, Callable[[], "Case"]] = {}
LAYERS, LOSSES, METRICS, OPTIMIZERS = keras.layers, keras.losses, keras.metrics, keras.optimizers
SCHEDULES, CALLBACKS = OPTIMIZERS.schedules, keras.callbacks
TEST_ROWS = 400


@dataclass(frozen=True, slots=True)
class Case:
    """A compiled model, rows to train on, rows kept aside, and what `fit` is called with."""

    model: Any
    train: tuple[Any, Any]
    test: tuple[Any, Any]
    fit: Mapping[str, Any] = field(default_factory=dict)


def case(function: Callable[[], Case]) -> Callable[[], Case]:
    """List a case under the name of its function."""
    CASES[function.__name__] = function
    return function


def _split(x: Any, y: Any, rows: int) -> dict[str, Any]:
    return {"train": (x[:rows], y[:rows]), "test": (x[rows:], y[rows:])}


def table(rows: int, features: int = 8, classes: int = 3, *, hot: bool = False, seed: int = 1) -> dict[str, Any]:
    """Rows around the centre of their class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows + TEST_ROWS)
    y[:classes] = range(classes)
    centres = rng.normal(0, 2.2, (classes, features))
    x = (centres[y] + rng.normal(0, 0.6, (len(y), features))).astype("float32")
    return _split(x, keras.utils.to_categorical(y, classes) if hot else y, rows)


def column(data: dict[str, Any]) -> dict[str, Any]:
    """The same rows with one target a row in a column, as metrics ask for that compare ranks."""
    return {part: (x, y.reshape(-1, 1)) for part, (x, y) in data.items()}


def images(rows: int, side: int, channels: int = 0, classes: int = 10, *, hot: bool = False) -> dict[str, Any]:
    """Noisy pictures of one template a class, from 0 to 255."""
    rng = np.random.default_rng(2)
    shape = (side, side, channels) if channels else (side, side)
    y = rng.integers(0, classes, rows + TEST_ROWS)
    y[:classes] = range(classes)
    templates = rng.random((classes, *shape)) > 0.6
    x = 200.0 * templates[y] + rng.integers(0, 56, (len(y), *shape))
    return _split(x.astype("uint8"), keras.utils.to_categorical(y, classes) if hot else y, rows)


def scaled(data: dict[str, Any]) -> dict[str, Any]:
    """The same pictures, divided by 255."""
    return {part: (x / 255.0, y) for part, (x, y) in data.items()}


def reviews(rows: int, length: int = 24, words: int = 200) -> dict[str, Any]:
    """Sequences of word numbers, padded in front with 0; good ones use other words than bad ones."""
    rng = np.random.default_rng(3)
    y = np.arange(rows + TEST_ROWS) % 2
    x = rng.integers(1, words // 2, (len(y), length)) + (words // 2) * (
        rng.random((len(y), length)) < 0.2 + 0.6 * y[:, None]
    )
    x[:, : length // 4] = 0
    return _split(x, y, rows)


def series(rows: int, steps: int = 32, classes: int = 2) -> dict[str, Any]:
    """Waves of another frequency for each class, with noise."""
    rng = np.random.default_rng(4)
    y = np.arange(rows + TEST_ROWS) % classes
    time = np.linspace(0, 1, steps)[None]
    x = np.sin(2 * np.pi * (2 + 3 * y[:, None]) * time + rng.uniform(0, 1, (len(y), 1))) + rng.normal(
        0, 0.2, (len(y), steps)
    )
    return _split(x[..., None].astype("float32"), y, rows)


def numbers(rows: int, features: int = 9) -> dict[str, Any]:
    """A target that is nearly linear in features of different scales."""
    rng = np.random.default_rng(5)
    x = rng.normal(10, 3, (rows + TEST_ROWS, features)) * np.arange(1, features + 1)
    y = (x / np.arange(1, features + 1)) @ np.linspace(-1, 1.5, features) / 3
    return _split(x.astype("float32"), y.astype("float32"), rows)


def adapted(layer: Any, data: Mapping[str, Any]) -> Any:
    """A layer that has seen the training rows."""
    layer.adapt(data["train"][0])
    return layer


def compiled(model: Any, optimizer: Any, loss: Any, *metrics: Any) -> Any:
    """The model, compiled."""
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics or ["accuracy"]))
    return model


@case
def classic() -> Case:
    """The tutorial: 100 rows of 8 numbers, three classes, 150 epochs."""
    model = keras.Sequential()
    model.add(keras.Input((8,)))
    for units in (12, 8):
        model.add(LAYERS.Dense(units, activation="relu"))
    model.add(LAYERS.Dense(3, activation="softmax"))
    fit = {"epochs": 150, "batch_size": 10}
    return Case(compiled(model, "adam", "categorical_crossentropy"), fit=fit, **table(100, hot=True))


@case
def quickstart() -> Case:
    """TensorFlow's quickstart: logits."""
    model = keras.Sequential(
        [
            keras.Input((14, 14)),
            LAYERS.Flatten(),
            LAYERS.Dense(64, activation="relu"),
            LAYERS.Dropout(0.2),
            LAYERS.Dense(10),
        ]
    )
    loss = LOSSES.SparseCategoricalCrossentropy(from_logits=True)
    return Case(compiled(model, "adam", loss), fit={"epochs": 6}, **scaled(images(600, 14)))


@case
def mnist_convnet() -> Case:
    """Keras' simple convnet."""
    model = keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            LAYERS.Conv2D(8, kernel_size=(3, 3), activation="relu"),
            LAYERS.MaxPooling2D((2, 2)),
            LAYERS.Conv2D(16, (3, 3), activation="relu"),
            LAYERS.MaxPooling2D(pool_size=(2, 2)),
            LAYERS.Flatten(),
            LAYERS.Dropout(0.5),
            LAYERS.Dense(10, activation="softmax"),
        ]
    )
    fit = {"epochs": 12, "batch_size": 32, "validation_split": 0.1}
    return Case(compiled(model, "adam", "categorical_crossentropy"), fit=fit, **scaled(images(800, 14, 1, hot=True)))


@case
def fashion() -> Case:
    """TensorFlow's basic classification, without an input."""
    model = keras.Sequential([LAYERS.Flatten(), LAYERS.Dense(128, activation="relu"), LAYERS.Dense(10)])
    loss = LOSSES.SparseCategoricalCrossentropy(from_logits=True)
    return Case(compiled(model, OPTIMIZERS.Adam(), loss), fit={"epochs": 5}, **scaled(images(500, 12)))


@case
def imdb_lstm() -> Case:
    """Embedding, LSTM, sigmoid."""
    model = keras.Sequential(
        [LAYERS.Embedding(200, 16), LAYERS.LSTM(16, dropout=0.1), LAYERS.Dense(1, activation="sigmoid")]
    )
    return Case(compiled(model, "adam", "binary_crossentropy"), fit={"epochs": 10, "batch_size": 16}, **reviews(400))


@case
def imdb_bidirectional() -> Case:
    """Two bidirectional LSTMs over masked sequences."""
    model = keras.Sequential(
        [
            keras.Input((None,)),
            LAYERS.Embedding(200, 16, mask_zero=True),
            LAYERS.Bidirectional(LAYERS.LSTM(8, return_sequences=True)),
            LAYERS.Bidirectional(LAYERS.LSTM(8)),
            LAYERS.Dense(1, activation="sigmoid"),
        ]
    )
    return Case(compiled(model, "adam", "binary_crossentropy"), fit={"epochs": 8, "batch_size": 16}, **reviews(400))


@case
def imdb_conv1d() -> Case:
    """Words, a convolution, the largest of each filter."""
    model = keras.Sequential(
        [
            LAYERS.Embedding(200, 16),
            LAYERS.Dropout(0.2),
            LAYERS.Conv1D(32, 3, padding="valid", activation="relu", strides=1),
            LAYERS.GlobalMaxPooling1D(),
            LAYERS.Dense(16),
            LAYERS.Activation("relu"),
            LAYERS.Dense(1),
            LAYERS.Activation("sigmoid"),
        ]
    )
    return Case(compiled(model, "adam", "binary_crossentropy"), fit={"epochs": 10}, **reviews(400))


@case
def imdb_text_classification() -> Case:
    """TensorFlow's: embedding, mean, one logit."""
    model = keras.Sequential(
        [LAYERS.Embedding(200, 16), LAYERS.GlobalAveragePooling1D(), LAYERS.Dropout(0.2), LAYERS.Dense(1)]
    )
    loss = LOSSES.BinaryCrossentropy(from_logits=True)
    return Case(
        compiled(model, OPTIMIZERS.Adam(0.01), loss, METRICS.BinaryAccuracy(threshold=0.0, name="accuracy")),
        fit={"epochs": 12},
        **reviews(400),
    )


@case
def timeseries_conv1d() -> Case:
    """Keras' series from scratch, with its callbacks."""
    model = keras.Sequential([keras.Input((32, 1))])
    for _ in range(2):
        model.add(LAYERS.Conv1D(16, 3, padding="same"))
        model.add(LAYERS.BatchNormalization(momentum=0.8))
        model.add(LAYERS.ReLU())
    model.add(LAYERS.GlobalAveragePooling1D())
    model.add(LAYERS.Dense(2, activation="softmax"))
    callbacks = [
        CALLBACKS.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=20, min_lr=0.0001),
        CALLBACKS.EarlyStopping(monitor="val_loss", patience=50, verbose=1),
    ]
    fit = {"epochs": 20, "validation_split": 0.2, "callbacks": callbacks}
    loss = "sparse_categorical_crossentropy"
    return Case(compiled(model, "adam", loss, "sparse_categorical_accuracy"), fit=fit, **series(400))


@case
def multi_label() -> Case:
    """Each of five labels by itself."""
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 1, (600 + TEST_ROWS, 12)).astype("float32")
    x[:, :5] += 0.4 * np.sign(x[:, :5])
    y = (x[:, :5] > 0).astype("float32")
    model = keras.Sequential(
        [keras.Input((12,)), LAYERS.Dense(32, activation="relu"), LAYERS.Dense(5, activation="sigmoid")]
    )
    return Case(
        compiled(model, OPTIMIZERS.Adam(0.01), "binary_crossentropy", "binary_accuracy"),
        fit={"epochs": 20},
        **_split(x, y, 600),
    )


@case
def fuel() -> Case:
    """TensorFlow's regression on several features, normalized."""
    data = numbers(400)
    model = keras.Sequential(
        [
            adapted(LAYERS.Normalization(axis=-1), data),
            LAYERS.Dense(64, activation="relu"),
            LAYERS.Dense(64, activation="relu"),
            LAYERS.Dense(1),
        ]
    )
    fit = {"epochs": 100, "validation_split": 0.2}
    return Case(compiled(model, OPTIMIZERS.Adam(0.001), "mean_absolute_error", "mse"), fit=fit, **data)


@case
def horsepower() -> Case:
    """TensorFlow's regression on one feature."""
    data = numbers(300, features=1)
    model = keras.Sequential([keras.Input((1,)), adapted(LAYERS.Normalization(axis=None), data), LAYERS.Dense(units=1)])
    return Case(
        compiled(model, OPTIMIZERS.Adam(learning_rate=0.1), "mean_squared_error", "mae"), fit={"epochs": 30}, **data
    )


@case
def housing() -> Case:
    """Two layers of 64, rmsprop, squared errors, early stopping."""
    data = numbers(400, features=6)
    mean, deviation = data["train"][0].mean(axis=0), data["train"][0].std(axis=0)
    data = {part: ((x - mean) / deviation, y) for part, (x, y) in data.items()}
    model = keras.Sequential(
        [keras.Input((6,)), LAYERS.Dense(64, activation="relu"), LAYERS.Dense(64, activation="relu"), LAYERS.Dense(1)]
    )
    stop = CALLBACKS.EarlyStopping(monitor="val_loss", patience=30, restore_best_weights=True)
    fit = {"epochs": 60, "batch_size": 16, "validation_split": 0.2, "callbacks": [stop]}
    return Case(compiled(model, "rmsprop", "mse", "mae"), fit=fit, **data)


@case
def exponential_decay() -> Case:
    """A schedule of Keras' instead of a rate."""
    model = keras.Sequential(
        [keras.Input((8,)), LAYERS.Dense(24, activation="relu"), LAYERS.Dense(3, activation="softmax")]
    )
    rate = SCHEDULES.ExponentialDecay(0.02, decay_steps=100, decay_rate=0.9, staircase=True)
    return Case(
        compiled(model, OPTIMIZERS.SGD(rate, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy"),
        fit={"epochs": 25},
        **table(400),
    )


@case
def overfit() -> Case:
    """TensorFlow's small network against overfitting: elu, L2, dropout, inverse time decay, one logit."""
    model = keras.Sequential([keras.Input((12,))])
    for _ in range(3):
        model.add(LAYERS.Dense(64, kernel_regularizer=keras.regularizers.l2(0.0001), activation="elu"))
        model.add(LAYERS.Dropout(0.3))
    model.add(LAYERS.Dense(1))
    rate = SCHEDULES.InverseTimeDecay(0.003, decay_steps=1000, decay_rate=1, staircase=False)
    metrics = [METRICS.BinaryCrossentropy(from_logits=True, name="binary_crossentropy"), "accuracy"]
    return Case(
        compiled(model, OPTIMIZERS.Adam(rate), LOSSES.BinaryCrossentropy(from_logits=True), *metrics),
        fit={"epochs": 15},
        **column(table(500, 12, 2)),
    )


@case
def diabetes() -> Case:
    """Two classes from one sigmoid unit, 150 epochs."""
    model = keras.Sequential(name="pima")
    model.add(keras.Input(shape=(8,)))
    model.add(LAYERS.Dense(12, activation="relu", kernel_initializer="he_normal"))
    model.add(LAYERS.Dense(8, activation="relu"))
    model.add(LAYERS.Dense(1, activation="sigmoid"))
    return Case(
        compiled(model, "adam", "binary_crossentropy"), fit={"epochs": 60, "batch_size": 10}, **table(200, 8, 2)
    )


@case
def iris() -> Case:
    """Four numbers, three classes, one-hot."""
    model = keras.Sequential([LAYERS.Dense(8, activation="relu"), LAYERS.Dense(3, activation="softmax")])
    return Case(
        compiled(model, "adam", "categorical_crossentropy"),
        fit={"epochs": 80, "batch_size": 5},
        **table(120, 4, hot=True),
    )


@case
def sonar() -> Case:
    """Dropout and weights of bounded norm, by gradient descent with momentum."""
    bound = keras.constraints.MaxNorm(3)
    model = keras.Sequential(
        [
            keras.Input((20,)),
            LAYERS.Dropout(0.2),
            LAYERS.Dense(30, activation="relu", kernel_constraint=bound),
            LAYERS.Dense(15, activation="relu", kernel_constraint=bound),
            LAYERS.Dense(1, activation="sigmoid"),
        ]
    )
    return Case(
        compiled(model, OPTIMIZERS.SGD(learning_rate=0.05, momentum=0.8), "binary_crossentropy"),
        fit={"epochs": 25, "batch_size": 16},
        **table(300, 20, 2),
    )


@case
def batch_normalization() -> Case:
    """Normalized between Dense and activation."""
    model = keras.Sequential([keras.Input((10,))])
    for units in (32, 16):
        model.add(LAYERS.Dense(units, use_bias=False))
        model.add(LAYERS.BatchNormalization(momentum=0.9))
        model.add(LAYERS.Activation("relu"))
    model.add(LAYERS.Dense(4))
    model.add(LAYERS.BatchNormalization(momentum=0.9))
    model.add(LAYERS.Activation("softmax"))
    return Case(
        compiled(model, "adam", "sparse_categorical_crossentropy", "accuracy"), fit={"epochs": 20}, **table(400, 10, 4)
    )


@case
def augmentation() -> Case:
    """TensorFlow's image classification: augmentation as a Sequential of its own, rescaling, logits."""
    augment = keras.Sequential([LAYERS.RandomTranslation(0.02, 0.02), LAYERS.RandomContrast(0.1)])
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            augment,
            LAYERS.Rescaling(1.0 / 255),
            LAYERS.Conv2D(8, 3, padding="same", activation="relu"),
            LAYERS.MaxPooling2D(),
            LAYERS.Conv2D(16, 3, padding="same", activation="relu"),
            LAYERS.MaxPooling2D(),
            LAYERS.Dropout(0.2),
            LAYERS.Flatten(),
            LAYERS.Dense(32, activation="relu"),
            LAYERS.Dense(5, name="outputs"),
        ]
    )
    loss = LOSSES.SparseCategoricalCrossentropy(from_logits=True)
    return Case(compiled(model, "adam", loss), fit={"epochs": 10}, **images(500, 16, 3, 5))


@case
def cifar_cnn() -> Case:
    """TensorFlow's convolutional network."""
    model = keras.models.Sequential()
    model.add(keras.Input((16, 16, 3)))
    for filters in (8, 16):
        model.add(LAYERS.Conv2D(filters, (3, 3), activation="relu"))
        model.add(LAYERS.MaxPooling2D((2, 2)))
    model.add(LAYERS.Flatten())
    model.add(LAYERS.Dense(32, activation="relu"))
    model.add(LAYERS.Dense(10))
    loss = LOSSES.SparseCategoricalCrossentropy(from_logits=True)
    return Case(compiled(model, "adam", loss), fit={"epochs": 10}, **scaled(images(700, 16, 3)))


@case
def vgg() -> Case:
    """Blocks of convolutions with he_uniform, batch normalization and dropout, by SGD."""
    model = keras.Sequential([keras.Input((12, 12, 3))])
    for filters in (8, 16):
        model.add(LAYERS.Conv2D(filters, (3, 3), activation="relu", kernel_initializer="he_uniform", padding="same"))
        model.add(LAYERS.BatchNormalization(momentum=0.8))
        model.add(LAYERS.MaxPooling2D((2, 2)))
        model.add(LAYERS.Dropout(0.2))
    model.add(LAYERS.Flatten())
    model.add(LAYERS.Dense(10, activation="softmax"))
    return Case(
        compiled(model, OPTIMIZERS.SGD(learning_rate=0.02, momentum=0.9), "categorical_crossentropy"),
        fit={"epochs": 12},
        **scaled(images(600, 12, 3, hot=True)),
    )


@case
def reuters() -> Case:
    """Bags of words, many topics."""
    data = table(900, 60, 16, hot=True)
    model = keras.Sequential(
        [
            keras.Input((60,)),
            LAYERS.Dense(64, activation="relu"),
            LAYERS.Dense(64, activation="relu"),
            LAYERS.Dense(16, activation="softmax"),
        ]
    )
    fit = {"epochs": 12, "batch_size": 64, "validation_split": 0.2}
    return Case(compiled(model, "rmsprop", "categorical_crossentropy"), fit=fit, **data)


@case
def imbalanced() -> Case:
    """TensorFlow's rare class: a first bias, class weights, precision and recall."""
    rng = np.random.default_rng(8)
    y = (np.arange(600 + TEST_ROWS) % 10 == 0).astype("int64")
    x = (rng.normal(0, 0.6, (len(y), 10)) + 2.0 * y[:, None]).astype("float32")
    bias = keras.initializers.Constant(float(np.log([60 / 540])[0]))
    model = keras.Sequential(
        [
            keras.Input((10,)),
            LAYERS.Dense(16, activation="relu"),
            LAYERS.Dropout(0.5),
            LAYERS.Dense(1, activation="sigmoid", bias_initializer=bias),
        ]
    )
    metrics = [
        METRICS.BinaryAccuracy(name="accuracy"),
        METRICS.Precision(name="precision"),
        METRICS.Recall(name="recall"),
        METRICS.AUC(name="auc"),
        METRICS.AUC(name="prc", curve="PR"),
    ]
    stop = CALLBACKS.EarlyStopping(monitor="val_prc", patience=20, mode="max")
    fit = {
        "epochs": 20,
        "batch_size": 64,
        "class_weight": {0: 0.55, 1: 5.0},
        "validation_split": 0.2,
        "callbacks": [stop],
    }
    return Case(
        compiled(model, OPTIMIZERS.Adam(learning_rate=1e-2), LOSSES.BinaryCrossentropy(), *metrics),
        fit=fit,
        **_split(x, y, 600),
    )


@case
def label_smoothing() -> Case:
    """Soft targets, decoupled weight decay, cosine decay."""
    model = keras.Sequential(
        [
            keras.Input((8,)),
            LAYERS.Dense(32, activation="gelu"),
            LAYERS.LayerNormalization(),
            LAYERS.Dense(3, activation="softmax"),
        ]
    )
    rate = SCHEDULES.CosineDecay(0.005, decay_steps=400)
    loss = LOSSES.CategoricalCrossentropy(label_smoothing=0.1)
    return Case(
        compiled(model, OPTIMIZERS.AdamW(rate, weight_decay=0.001), loss, METRICS.CategoricalAccuracy(name="acc")),
        fit={"epochs": 30},
        **table(400, hot=True),
    )


@case
def gru() -> Case:
    """Two GRUs over a series, clipped gradients."""
    model = keras.Sequential(
        [
            keras.Input((32, 1)),
            LAYERS.GRU(12, return_sequences=True, activation="tanh"),
            LAYERS.GRU(8),
            LAYERS.Dense(3, activation="softmax"),
        ]
    )
    return Case(
        compiled(model, OPTIMIZERS.Adam(0.01, clipnorm=1.0), "sparse_categorical_crossentropy"),
        fit={"epochs": 15},
        **series(400, classes=3),
    )


@case
def separable() -> Case:
    """Separable convolutions and the mean of each."""
    model = keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            LAYERS.Rescaling(1 / 127.5, offset=-1),
            LAYERS.SeparableConv2D(16, 3, strides=2, activation="relu"),
            LAYERS.SeparableConv2D(32, (3, 3), padding="same", activation="relu"),
            LAYERS.Flatten(),
            LAYERS.Dense(10, "softmax"),
        ]
    )
    return Case(
        compiled(model, OPTIMIZERS.Adam(0.003), "sparse_categorical_crossentropy", "acc"),
        fit={"epochs": 15},
        **images(700, 14, 1),
    )


@case
def leaky() -> Case:
    """Activations that are layers, noise, L1 and L2."""
    model = keras.Sequential(
        [
            keras.Input((8,)),
            LAYERS.GaussianNoise(0.1),
            LAYERS.Dense(24, activation=LAYERS.LeakyReLU(negative_slope=0.1)),
            LAYERS.Dense(24, kernel_regularizer=keras.regularizers.L1L2(l1=1e-5, l2=1e-4)),
            LAYERS.PReLU(),
            LAYERS.Dense(3),
            LAYERS.Softmax(),
        ]
    )
    return Case(
        compiled(model, OPTIMIZERS.Nadam(0.003), LOSSES.SparseCategoricalCrossentropy()),
        fit={"epochs": 25},
        **table(400),
    )


@case
def time_distributed() -> Case:
    """The same layer on each step, then an LSTM."""
    model = keras.Sequential(
        [
            keras.Input((16, 2)),
            LAYERS.TimeDistributed(LAYERS.Dense(8, activation="relu")),
            LAYERS.LSTM(12),
            LAYERS.Dense(2, activation="softmax"),
        ]
    )
    data = {part: (x.reshape(-1, 16, 2), y) for part, (x, y) in series(400).items()}
    return Case(compiled(model, OPTIMIZERS.Adam(0.01), "sparse_categorical_crossentropy"), fit={"epochs": 15}, **data)


@case
def self_normalizing() -> Case:
    """selu, lecun_normal, alpha dropout."""
    model = keras.Sequential([keras.Input((8,))])
    for _ in range(3):
        model.add(LAYERS.Dense(24, activation="selu", kernel_initializer="lecun_normal"))
    model.add(LAYERS.AlphaDropout(0.05))
    model.add(LAYERS.Dense(3, activation="softmax"))
    return Case(
        compiled(
            model,
            OPTIMIZERS.Adamax(0.005),
            "sparse_categorical_crossentropy",
            "accuracy",
            METRICS.SparseTopKCategoricalAccuracy(k=2),
        ),
        fit={"epochs": 25, "batch_size": 16},
        **table(400),
    )


@case
def mixed_precision() -> Case:
    """float16 inside, float32 at the end."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = keras.Sequential(
            [
                keras.Input((8,)),
                LAYERS.Dense(32, activation="relu"),
                LAYERS.Dense(3),
                LAYERS.Activation("softmax", dtype="float32"),
            ]
        )
        made = compiled(model, OPTIMIZERS.Adam(0.005), "sparse_categorical_crossentropy")
    finally:
        keras.config.set_dtype_policy(policy)
    return Case(made, fit={"epochs": 20}, **table(400))
