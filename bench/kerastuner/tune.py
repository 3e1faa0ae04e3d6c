"""One search of KerasTuner on the arrays that `bench/search.py` wrote; it prints what it found as a line of JSON.

.venv-kerastuner/bin/python bench/kerastuner/tune.py ARRAYS.npz random|hyperband SEED TRIALS EPOCHS FOLDER
"""

# ruff: noqa: PLC0415 -- what is measured begins with the import of the framework, as a user's script does

import json
import sys
import time
from typing import Any


def build(space: Any) -> Any:
    """The digits network, with the values that are searched."""
    import keras

    layers = keras.layers
    network = keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(space.Choice("filters", [8, 16, 32]), 3, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dropout(space.Float("rate", 0.0, 0.5)),
        layers.Dense(space.Int("units", 16, 128, sampling="log"), activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip
    rate = space.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    network.compile(keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"])
    return network


def main(arrays: str, kind: str, seed: int, trials: int, epochs: int, folder: str) -> None:
    """Search on the validation rows, and measure the best network on the held-out rows."""
    started_s = time.monotonic()
    import keras
    import keras_tuner
    import numpy as np

    keras.utils.set_random_seed(seed)
    with np.load(arrays) as stored:
        data = dict(stored)
    common: dict[str, Any] = {"objective": "val_accuracy", "seed": seed, "directory": folder,
                              "project_name": f"{kind}-{seed}", "overwrite": True}  # fmt: skip
    if kind == "random":
        tuner = keras_tuner.RandomSearch(build, max_trials=trials, **common)
    else:
        tuner = keras_tuner.Hyperband(build, max_epochs=epochs, factor=3, hyperband_iterations=1, **common)
    counted = CountedEpochs.make(trials * epochs)
    fit = {"epochs": epochs} if kind == "random" else {}
    tuner.search(data["x_train"], data["y_train"], batch_size=32, verbose=0, callbacks=[counted],
                 validation_data=(data["x_validation"], data["y_validation"]), **fit)  # fmt: skip
    best = tuner.get_best_models(1)[0]
    _, accuracy = best.evaluate(data["x_test"], data["y_test"], verbose=0)
    print(json.dumps({"accuracy": float(accuracy), "seconds": time.monotonic() - started_s, "epochs": counted.epochs}))


class CountedEpochs:
    """Makes a callback that counts epochs; KerasTuner copies callbacks, so the count is the class's."""

    @staticmethod
    def make(budget: int) -> Any:
        """A callback with `epochs`, which ends a training when the budget is spent."""
        import keras

        class Counted(keras.callbacks.Callback):  # type: ignore[misc]
            total = 0

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                """Count it."""
                del epoch, logs
                type(self).total += 1
                self.model.stop_training = self.model.stop_training or type(self).total >= budget

            @property
            def epochs(self) -> int:
                """How many there were."""
                return type(self).total

        return Counted()


if __name__ == "__main__":
    source, tuner_kind, *numbers, place = sys.argv[1:]
    main(source, tuner_kind, *map(int, numbers), folder=place)
