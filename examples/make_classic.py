"""Make examples/classic.npz anew: `python examples/make_classic.py`. The same seed gives the same bytes."""

from pathlib import Path

import numpy as np

SEED = 2024
ROWS, FEATURES, CLASSES = 100, 8, 3


def classic_data(seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """Points around one centre for each class, shuffled.

    Returns:
        x of shape (100, 8) float32 and y of shape (100, 3) float32, one-hot.
    """
    random = np.random.default_rng(seed)
    centres = random.normal(scale=1.5, size=(CLASSES, FEATURES))
    classes = random.permutation(np.arange(ROWS) % CLASSES)
    x = centres[classes] + random.normal(size=(ROWS, FEATURES))
    return x.astype(np.float32), np.eye(CLASSES, dtype=np.float32)[classes]


if __name__ == "__main__":
    x, y = classic_data()
    np.savez(Path(__file__).with_name("classic.npz"), x=x, y=y)
