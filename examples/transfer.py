"""A network of one's own in plain Keras: features learned on the digits 0 to 4, then a new head for 5 to 9.

    python examples/transfer.py FOLDER

FOLDER gets `transfer.keras` and `transfer.npz`, the pictures that neither taught nor chose it. Onehot serves what Keras
computes:

    onehot import FOLDER/transfer.keras --model transfer --class-names 5,6,7,8,9 --data FOLDER/transfer.npz
"""

import sys
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

SEED = 7
TO_LEARN, TO_CHOOSE = 20, 10
"""Pictures of each of the digits 5 to 9: what the new head learns from, and what decides between the heads."""
HEADS = (0, 16, 32, 64)
"""Hidden units of the heads that are tried."""
MOST_EPOCHS, PATIENCE = 200, 10
"""How long is trained at most, and how many epochs without a smaller loss end it. All else is as Keras has it."""


def main(folder: Path) -> None:
    """Train the features, then the heads; write the best network and what it is measured on."""
    keras.utils.set_random_seed(SEED)
    digits = load_digits()
    pictures, classes = digits.images[..., None].astype(np.float32), digits.target
    features = trained_features(pictures[classes < 5], classes[classes < 5])
    learn, choose, rest = parts(classes)
    network = best_head(features, (pictures[learn], classes[learn] - 5), (pictures[choose], classes[choose] - 5))
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / "transfer.keras")
    np.savez_compressed(folder / "transfer.npz", x=pictures[rest], y=classes[rest] - 5)


def parts(classes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the digits 5 to 9, drawn at random: to learn from, to choose by, and all others, which decide nothing."""
    random = np.random.default_rng(SEED)
    by_digit = [random.permutation(np.flatnonzero(classes == digit)) for digit in range(5, 10)]
    learn = np.concatenate([rows[:TO_LEARN] for rows in by_digit])
    choose = np.concatenate([rows[TO_LEARN : TO_LEARN + TO_CHOOSE] for rows in by_digit])
    return learn, choose, np.setdiff1d(np.concatenate(by_digit), np.concatenate([learn, choose]))


def trained_features(pictures: np.ndarray, classes: np.ndarray) -> list[keras.layers.Layer]:
    """Layers that tell the digits 0 to 4, without the last one; raw pixels of 0 to 16 come in."""
    features = [
        keras.layers.Rescaling(1 / 16),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(64, 3, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
    ]
    network = keras.Sequential([keras.Input((8, 8, 1)), *features, keras.layers.Dense(5, activation="softmax")])
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    network.fit(pictures, classes, epochs=MOST_EPOCHS, validation_split=0.2, callbacks=[until_the_best()], verbose=0)
    return features


def until_the_best() -> keras.callbacks.Callback:
    """Ends a training whose loss on the rows to choose by falls no more, with the weights of the best epoch."""
    return keras.callbacks.EarlyStopping(monitor="val_loss", patience=PATIENCE, restore_best_weights=True)


def best_head(
    features: list[keras.layers.Layer], learn: tuple[np.ndarray, np.ndarray], choose: tuple[np.ndarray, np.ndarray]
) -> keras.Sequential:
    """Of the networks with a head of each size, the one with the smallest loss on the pictures to choose by."""
    for layer in features:
        layer.trainable = False
    networks = [with_new_head(features, units, learn, choose) for units in HEADS]
    losses = [network.evaluate(*choose, verbose=0, return_dict=True)["loss"] for network in networks]
    return networks[int(np.argmin(losses))]


def with_new_head(
    features: list[keras.layers.Layer],
    units: int,
    learn: tuple[np.ndarray, np.ndarray],
    choose: tuple[np.ndarray, np.ndarray],
) -> keras.Sequential:
    """The frozen features behind a head that learns from few pictures, as long as it helps with those to choose by."""
    hidden = [keras.layers.Dense(units, activation="relu")] if units else []
    head = [*hidden, keras.layers.Dense(5, activation="softmax")]
    network = keras.Sequential([keras.Input((8, 8, 1)), *features, *head])
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(*learn, epochs=MOST_EPOCHS, validation_data=choose, callbacks=[until_the_best()], verbose=0)
    return network


if __name__ == "__main__":
    main(Path(sys.argv[1]))
