"""A network of one's own in plain Keras: features learned on the digits 0 to 4, then a new head for 5 to 9.

    python examples/transfer.py FOLDER

FOLDER gets `transfer.keras` and `transfer.npz`, the pictures that no training saw. What Keras computes, Onehot serves:

    onehot import FOLDER/transfer.keras --model transfer --class-names 5,6,7,8,9 --data FOLDER/transfer.npz
"""

import sys
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

SEED = 7
EPOCHS, HEAD_EPOCHS = 10, 40
PICTURES_OF_EACH = 20
"""Of the digits 5 to 9, for the new head."""


def main(folder: Path) -> None:
    """Train the features, then the head; write the network and what it is measured on."""
    keras.utils.set_random_seed(SEED)
    digits = load_digits()
    pictures, classes = digits.images[..., None].astype(np.float32), digits.target
    is_old = classes < 5
    features = trained_features(pictures[is_old], classes[is_old])
    few = np.concatenate([np.flatnonzero(classes == digit)[:PICTURES_OF_EACH] for digit in range(5, 10)])
    network = with_new_head(features, pictures[few], classes[few] - 5)
    rest = np.setdiff1d(np.flatnonzero(~is_old), few)
    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / "transfer.keras")
    np.savez_compressed(folder / "transfer.npz", x=pictures[rest], y=classes[rest] - 5)


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
    network.fit(pictures, classes, epochs=EPOCHS, batch_size=64, verbose=0)
    return features


def with_new_head(features: list[keras.layers.Layer], pictures: np.ndarray, classes: np.ndarray) -> keras.Sequential:
    """The frozen features behind a head that learns from few pictures."""
    for layer in features:
        layer.trainable = False
    head = [keras.layers.Dense(32, activation="relu"), keras.layers.Dense(5, activation="softmax")]
    network = keras.Sequential([keras.Input((8, 8, 1)), *features, *head])
    network.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(pictures, classes, epochs=HEAD_EPOCHS, batch_size=20, verbose=0)
    return network


if __name__ == "__main__":
    main(Path(sys.argv[1]))
